"""The log of erasures, and of withdrawals of consent, as a file beside a data file.

A line says who was erased, as keyed hashes, when, and by which erasure; the mark of the latest erasure of an actor
says which of them a data file has seen. Or it says what stands of somebody's consent from then on.

A line is written at once, and the next one when it is on the disk. So a power failure can leave anything in the last
one, which was acknowledged to nobody, and in no other.
"""

import os
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any, Final

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
                self._write(self._line({"erased": new, "erasure": erasure}))
            self._latest.update({(each, erasure): None for each in new})
            while len(self._latest) > _REMEMBERED:
                self._latest.popitem(last=False)

    def append_consent(self, tenant: str, actor: str, withdrawal: bytes | None) -> None:
        """Record durably what stands of somebody's consent.

        Args:
            tenant: whose actor.
            actor: the keyed hash.
            withdrawal: the document of the mark, None where consent stands given.

        Raises:
            OSError: it may not have been recorded.

        """
        mark = None if withdrawal is None else withdrawal.decode()
        with self._lock:
            self._write(self._line({"tenant": tenant, "actor": actor, "consent": mark}))

    def _line(self, said: Mapping[str, object]) -> bytes:
        at = datetime.fromtimestamp(self._clock(), UTC).isoformat(timespec="seconds")
        return orjson.dumps({"at": at, **said}) + b"\n"

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
    return {each: entry["erasure"] for entry in _entries(data_file) if "erasure" in entry for each in entry["erased"]}


def read_withdrawals(data_file: Path) -> dict[tuple[str, str], bytes]:
    """Return the mark of each tenant's pseudonym whose consent stands withdrawn by the log; see `read_erasures`."""
    latest = {
        (entry["tenant"], entry["actor"]): entry["consent"] for entry in _entries(data_file) if "consent" in entry
    }
    return {owner: mark.encode() for owner, mark in latest.items() if mark is not None}


def _entries(data_file: Path) -> Iterator[dict[str, Any]]:
    path = erasure_file(data_file)
    if not path.exists():
        return
    broken = 0
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            entry = _entry(line)
            if entry is None:
                broken = broken or number
            elif broken:
                raise ErasureFileError(f"line {broken} is not one that the service wrote")
            else:
                yield entry


def _entry(line: bytes) -> dict[str, Any] | None:
    """Return what a line says, None for a line that is not whole."""
    if not line.endswith(b"\n"):
        return None
    try:
        entry: dict[str, Any] = orjson.loads(line)
    except ValueError:
        return None
    match entry:
        case {"erased": [*erased], "erasure": str()} if all(isinstance(each, str) for each in erased):
            return entry
        case {"tenant": str(), "actor": str(), "consent": str() | None}:
            return entry
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
