"""Log lines as Terraform reads them from a plugin's stderr: one JSON object a line (go-hclog's format)."""

from __future__ import annotations

import posix

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType

_STDERR = 2


def log(level: str, message: str, **details: object) -> None:
    """Write one line; `level` is `trace`, `debug`, `info`, `warn` or `error`."""
    import json  # noqa: PLC0415 - slow to import, and most launches log nothing
    import time  # noqa: PLC0415 - as above

    now = time.time()
    stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now)) + f".{int(now % 1 * 1_000_000):06d}Z"
    line = {"@level": level, "@message": message, "@module": "provider", "@timestamp": stamp, **details}
    try:
        posix.write(_STDERR, json.dumps(line).encode() + b"\n")
    except OSError:
        return  # Terraform is gone, and with it the only reader


def log_exception(message: str, error: BaseException) -> None:
    """Write the types and places of an error and of what caused it, without their texts, which may hold secrets."""
    log("error", message, traceback=_describe(error))


def _describe(error: BaseException) -> str:
    parts: list[str] = []
    current: BaseException | None = error
    seen: set[int] = set()
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        parts.insert(0, f"{type(current).__name__}\n{_frames(current.__traceback__)}")
        current = current.__cause__ or (None if current.__suppress_context__ else current.__context__)
    return "\nwhich led to\n".join(parts)


def _frames(traceback: TracebackType | None) -> str:
    lines: list[str] = []
    while traceback is not None:
        code = traceback.tb_frame.f_code
        lines.append(f"  {code.co_filename}:{traceback.tb_lineno} in {code.co_qualname}")
        traceback = traceback.tb_next
    return "\n".join(lines)
