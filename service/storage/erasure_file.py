"""The log of erasures as a file beside a data file.

Each line says who was erased, as keyed hashes, when, and by which erasure. The mark of the latest erasure of an actor
says which of them a data file has seen.

A line is written at once, and the next one when it is on the disk. So a power failure can leave anything in the last
one, which was acknowledged to nobody, and in no other.
"""

import os
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Final

import orjson

from hosting.sqlite_copies import synchronise
from service.storage.files import open_private_file

_SUFFIX = ".erasures"
_REMEMBERED: Final = 10_000
_TAIL = 4_096


class ErasureFileError(Exception):
    """The log cannot be read; the text says where."""


class ErasureFile:
    """The log in `<data file>.erasures`, a line of JSON for each `append`, in their order.

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
                self._write(self._line(new, erasure))
            self._latest.update({(each, erasure): None for each in new})
            while len(self._latest) > _REMEMBERED:
                self._latest.popitem(last=False)

    def _line(self, erased: Sequence[str], erasure: str) -> bytes:
        at = datetime.fromtimestamp(self._clock(), UTC).isoformat(timespec="seconds")
        return orjson.dumps({"at": at, "erased": erased, "erasure": erasure}) + b"\n"

    def _write(self, line: bytes) -> None:
        is_new = not self._path.exists()
        descriptor = open_private_file(self._path)
        try:
            end = _end_of_last_whole_line(descriptor)
            os.ftruncate(descriptor, end)
            while line:
                written = os.pwrite(descriptor, line, end)
                line, end = line[written:], end + written
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
    broken = 0
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            entry = _entry(line)
            if entry is None:
                broken = broken or number
            elif broken:
                raise ErasureFileError(f"line {broken} is not one that the service wrote")
            else:
                latest |= entry
    return latest


def _entry(line: bytes) -> dict[str, str] | None:
    """Return the erasure of each pseudonym in a line, None for a line that is not whole."""
    try:
        match orjson.loads(line):
            case {"erased": [*erased], "erasure": str(erasure)} if line.endswith(b"\n"):
                return dict.fromkeys(erased, erasure)
    except (ValueError, TypeError):
        pass
    return None


def _end_of_last_whole_line(descriptor: int) -> int:
    size = os.fstat(descriptor).st_size
    length = _TAIL
    while True:
        begin = max(0, size - length)
        lines = BytesIO(os.pread(descriptor, size - begin, begin)).readlines()
        end = size
        for line in reversed(lines):
            if _entry(line) is not None:
                return end
            end -= len(line)
        if not begin:
            return 0
        length *= 2
