"""The log of erasures as a file beside a data file.

Each line says who was erased, as a keyed hash, when, and by which erasure. The mark of the latest erasure of an actor
says which of them a data file has seen.
"""

import os
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import orjson

from service.storage.files import open_private_file, synchronise

_SUFFIX = ".erasures"
_REMEMBERED: Final = 10_000
_TAIL = 4_096


class ErasureFileError(Exception):
    """The log cannot be read; the text says where."""


class ErasureFile:
    """The log in `<data file>.erasures`, one line of JSON for each entry, in their order.

    Args:
        data_file: the data file; its log is made with the first entry.
        clock: the time, in seconds since the epoch.

    """

    def __init__(self, data_file: Path, clock: Callable[[], float] = time.time) -> None:
        self._path = erasure_file(data_file)
        self._clock = clock
        self._lock = threading.Lock()
        self._latest: OrderedDict[tuple[str, str], None] = OrderedDict()

    def append(self, erased: Sequence[str], erasure: str) -> None:
        """Record durably who is erased by an erasure; what was recorded lately is not recorded again.

        Raises:
            OSError: it may not have been recorded.

        """
        with self._lock:
            new = [each for each in erased if (each, erasure) not in self._latest]
            if new:
                self._write(b"".join(self._line(each, erasure) for each in new))
            self._latest.update({(each, erasure): None for each in new})
            while len(self._latest) > _REMEMBERED:
                self._latest.popitem(last=False)

    def _line(self, erased: str, erasure: str) -> bytes:
        at = datetime.fromtimestamp(self._clock(), UTC).isoformat(timespec="seconds")
        return orjson.dumps({"at": at, "erased": erased, "erasure": erasure}) + b"\n"

    def _write(self, lines: bytes) -> None:
        is_new = not self._path.exists()
        descriptor = open_private_file(self._path)
        try:
            end = _end_of_last_line(descriptor)
            # What a crash left of a line was acknowledged to nobody.
            os.ftruncate(descriptor, end)
            while lines:
                written = os.pwrite(descriptor, lines, end)
                lines, end = lines[written:], end + written
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        if is_new:
            synchronise(self._path.parent)


def erasure_file(data_file: Path) -> Path:
    """Return where the log of a data file lies."""
    return data_file.with_name(data_file.name + _SUFFIX)


def read_erasures(data_file: Path) -> dict[str, str]:
    """Return the latest erasure of each pseudonym in the log of a data file; none without a log.

    Raises:
        ErasureFileError: a line is not one that the service wrote.
        OSError: the log cannot be read.

    """
    path = erasure_file(data_file)
    latest: dict[str, str] = {}
    if not path.exists():
        return latest
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            # What a crash left of the last line was acknowledged to nobody.
            if line.endswith(b"\n"):
                try:
                    entry = orjson.loads(line)
                    latest[entry["erased"]] = entry["erasure"]
                except (ValueError, TypeError, KeyError):
                    raise ErasureFileError(f"line {number} is not one that the service wrote") from None
    return latest


def _end_of_last_line(descriptor: int) -> int:
    """Return where the last whole line of a file ends."""
    end = os.fstat(descriptor).st_size
    while end:
        begin = max(0, end - _TAIL)
        newline = os.pread(descriptor, end - begin, begin).rfind(b"\n")
        if newline >= 0:
            return begin + newline + 1
        end = begin
    return 0
