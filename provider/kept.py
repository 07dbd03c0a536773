"""An answer that is the same at every launch, kept in a file for as long as the code is that it was made by.

The file is `<length of the fingerprint> <CRC-32 of the rest>`, a line feed, the fingerprint and the answer. It is only
ever replaced as a whole. The fingerprint names each module of the code with its size and the time of its last change.
"""

from __future__ import annotations

import posix
from binascii import crc32

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

_CHUNK = 1 << 20


def keep(file: str, code: tuple[str, ...], make: Callable[[], bytes]) -> bytes:
    """Return what the file keeps, or what is made anew where that was made by other code, is damaged or not there.

    What is made is put into the file; where that is impossible it serves this launch alone.

    Args:
        file: the file, in a folder of ours alone.
        code: the folders of the modules that it is made by.
        make: makes it.
    """
    fingerprint = _fingerprint(code)
    kept = _read(file, fingerprint)
    if kept is not None:
        return kept
    made = make()
    _write(file, fingerprint, made)
    return made


def _fingerprint(code: tuple[str, ...]) -> bytes:
    lines = []
    for folder in code:
        with posix.scandir(folder) as entries:
            for entry in entries:
                if entry.name.endswith(".py"):
                    status = entry.stat()
                    lines.append(f"{folder}/{entry.name} {status.st_size} {status.st_mtime_ns}")
    return "\n".join(sorted(lines)).encode("utf-8", "surrogateescape")


def _read(file: str, fingerprint: bytes) -> bytes | None:
    try:
        descriptor = posix.open(file, posix.O_RDONLY | posix.O_CLOEXEC | posix.O_NOFOLLOW)
        try:
            parts = []
            while part := posix.read(descriptor, _CHUNK):
                parts.append(part)
        finally:
            posix.close(descriptor)
    except OSError:
        return None
    head, _, rest = b"".join(parts).partition(b"\n")
    if head != _head(fingerprint, rest) or not rest.startswith(fingerprint):
        return None
    return rest[len(fingerprint) :]


def _write(file: str, fingerprint: bytes, made: bytes) -> None:
    rest = fingerprint + made
    unfinished = f"{file}.{posix.urandom(8).hex()}"
    try:
        descriptor = posix.open(unfinished, posix.O_WRONLY | posix.O_CREAT | posix.O_EXCL | posix.O_CLOEXEC, 0o600)
        try:
            content = memoryview(_head(fingerprint, rest) + b"\n" + rest)
            while content:
                content = content[posix.write(descriptor, content) :]
        finally:
            posix.close(descriptor)
        posix.rename(unfinished, file)
    except OSError:
        try:
            posix.unlink(unfinished)
        except OSError:
            return


def _head(fingerprint: bytes, rest: bytes) -> bytes:
    return b"%d %d" % (len(fingerprint), crc32(rest))
