"""The processes that work on a folder of this checkout, found as Linux shows them in /proc."""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from pathlib import Path

_PROC = Path("/proc")
_GRACE_SECONDS = 15.0


def working_on(folder: Path) -> list[int]:
    """Return the ids of the user's Python processes whose command line or environment names `folder` or a file of it.

    Where there is no /proc the list is empty. Pagers and editors on a file there do not count, nor do this process and
    its callers.
    """
    needle = os.fsencode(folder)
    mine = _lineage()
    return [
        int(entry.name)
        for entry in _PROC.glob("[0-9]*")
        if int(entry.name) not in mine
        and _is_python(entry)
        and any(_names(_read(entry / file), needle) for file in ("cmdline", "environ"))
    ]


def stop(pids: list[int]) -> None:
    """Ask processes to end, and after a while end those that have not."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, number)
        deadline = time.monotonic() + _GRACE_SECONDS
        while any(is_alive(pid) for pid in pids) and time.monotonic() < deadline:
            time.sleep(0.05)


def _is_python(entry: Path) -> bool:
    try:
        return (entry / "exe").readlink().name.startswith("python")
    except OSError:
        return False


def _names(content: bytes, folder: bytes) -> bool:
    """Tell whether one of the NUL-separated strings names the folder, not just one that begins like it."""
    return any(part.partition(folder)[2][:1] in (b"", b"/") for part in content.split(b"\0") if folder in part)


def is_alive(pid: int) -> bool:
    """Tell whether a process runs; a zombie does not."""
    return _read(_PROC / str(pid) / "stat").rpartition(b")")[2].split()[:1] not in ([], [b"Z"], [b"X"])


def _lineage() -> set[int]:
    pids = {os.getpid()}
    pid = os.getppid()
    while pid > 0:
        pids.add(pid)
        fields = _read(_PROC / str(pid) / "stat").rpartition(b")")[2].split()
        pid = int(fields[1]) if fields else 0
    return pids


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""
