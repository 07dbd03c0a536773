"""How all that a store holds comes into another one: row by row, with versions, marks, credentials and scheduled work.

A source gives its rows in an order of its own, and the target keeps up to where it has them, so a copy that was cut off
goes on there. With the first thing that a target is given, the key of the hashes that lead to marks, it is known as
the copy of this source; without that key nobody's withdrawn consent would be found again.
"""

import hashlib
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Final, NamedTuple

from service.storage import Place, StoreUnavailableError, dynamodb_address

BATCH: Final = 1_000
"""How many rows are copied at a time, about."""

START: Final = ""
"""The position before all rows."""

COMPLETE: Final = "complete"
"""The position of a copy to which nothing is to be added."""

Row = tuple[Any, ...]


class MigrationError(Exception):
    """Not everything was copied, or not known to be; the text is a sentence that says why."""


class Batch(NamedTuple):
    """Rows of a store that follow each other.

    Attributes:
        items: each with tenant, the name under which it lies, key, life, version, document, and when it expires.
        work: each with tenant, actor, name, and when it is due.
        position: where the next ones begin, in words of the store.

    """

    items: Sequence[Row]
    work: Sequence[Row]
    position: str


class Side(ABC):
    """A store that is copied, or that a copy is made in. Nobody serves it meanwhile.

    Attributes:
        marks_key: the key of the hashes that lead to marks.

    """

    marks_key: bytes

    @abstractmethod
    def position(self) -> str | None:
        """Return up to which position of its source a copy is made in here; None when none was begun."""

    @abstractmethod
    def is_empty(self) -> bool:
        """Return whether nobody has stored anything here."""

    @abstractmethod
    def begin(self, marks_key: bytes) -> None:
        """Take over the key of the hashes that lead to marks, and be at the position START."""

    @abstractmethod
    def batches(self, position: str) -> Iterator[Batch]:
        """Return the rows behind a position, in an order that is the same as long as nothing is changed."""

    @abstractmethod
    def put(self, batch: Batch) -> None:
        """Store rows and the position behind them, durably, before this returns; it can be done again after a crash."""

    @abstractmethod
    def complete(self) -> None:
        """Store what follows from the rows, and be at the position COMPLETE."""


class Report(NamedTuple):
    """What was copied.

    Attributes:
        counts: how many rows of each kind.
        digest: the sum of the SHA-256 of all rows, modulo 2 to the 256, in hexadecimal: the same in any order.

    """

    counts: dict[str, int]
    digest: str


def open_side(place: Place, *, is_source: bool) -> AbstractContextManager[Side]:
    """Open a store that is to be copied, or in which a copy is to be made.

    Raises:
        HeldError: it is served.
        MigrationError, NotOurFileError, OSError, StoreUnavailableError: it cannot be used.

    """
    if isinstance(place, Path):
        from service.storage.sqlite_side import sqlite_side  # noqa: PLC0415 - one or two of the three are enough

        return sqlite_side(place, is_source=is_source)
    if place.startswith(dynamodb_address.SCHEME):
        from service.storage.dynamodb_side import dynamodb_side  # noqa: PLC0415 - as above

        return dynamodb_side(place)
    from service.storage.postgresql_side import postgresql_side  # noqa: PLC0415 - as above

    return postgresql_side(place, is_source=is_source)


def refuse_unfinished(position: str | None) -> None:
    """Keep a copy that was cut off from being served: it may not hold yet whose consent is withdrawn.

    Args:
        position: see `Side.position`.

    Raises:
        StoreUnavailableError: it is such a copy.

    """
    if position not in {None, COMPLETE}:
        raise StoreUnavailableError("it is a copy that was cut off; run the migration that made it again first")


def migrate(source: Side, target: Side, told: Callable[[int], object]) -> None:
    """Copy what the target does not hold yet. What has expired is left behind.

    Args:
        source: it stays as it is.
        target: an empty store, or one in which a copy of this source was begun.
        told: told how many rows were copied, now and then.

    Raises:
        MigrationError: the source is no whole store, or the target is another one.
        StoreUnavailableError: the copy was cut off, and can be gone on with.

    """
    if source.is_empty():
        raise MigrationError("The source holds nothing: look at its address. Nothing was copied.")
    if source.position() not in {None, COMPLETE}:
        raise MigrationError("The source is itself a copy that was cut off. Run the command that made it again first.")
    position = target.position()
    if position is None and target.marks_key == source.marks_key:
        raise MigrationError("The target is the source itself, or the store that the source is a copy of.")
    if position is None and target.is_empty():
        target.begin(source.marks_key)
        position = START
    elif position is None or target.marks_key != source.marks_key:
        raise MigrationError("The target holds something else already.")
    if position != COMPLETE:
        copied = 0
        for batch in _current(source, position, int(time.time())):
            target.put(batch)
            copied += len(batch.items) + len(batch.work)
            told(copied)
        target.complete()


def compare(source: Side, target: Side) -> Report:
    """Read a store and the copy of it whole, and return what both hold.

    Raises:
        MigrationError: they do not hold the same.
        StoreUnavailableError: one of them could not be read.

    """
    # Of one moment: what expires while both are read is of both or of none.
    now = int(time.time())
    report = _report(source, now)
    if _report(target, now) != report:
        raise MigrationError("The copy is not what the source is now: the source was changed, or the target was.")
    return report


def _current(side: Side, position: str, now: int) -> Iterator[Batch]:
    """Return the rows behind a position, but for what has expired, which a store may delete at any time."""
    for batch in side.batches(position):
        items = [row for row in batch.items if row[-1] is None or row[-1] > now]
        yield batch._replace(items=items)


def _report(side: Side, now: int) -> Report:
    counts = dict.fromkeys(("item", "work"), 0)
    total = 0
    for batch in _current(side, START, now):
        for kind, rows in (("item", batch.items), ("work", batch.work)):
            counts[kind] += len(rows)
            total += sum(int.from_bytes(hashlib.sha256(repr(row).encode()).digest()) for row in rows)
    return Report(counts, f"{total % 2**256:064x}")
