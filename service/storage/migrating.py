"""How all that a store holds comes into another one: row by row, with versions, marks, credentials and scheduled work.

Rows are copied in the order of their keys, so what is there says from where a copy that was cut off goes on. The key of
the hashes that lead to marks comes first: without it nobody's withdrawn consent would be found again, and with it a
target is known as the copy of this source.
"""

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, ClassVar, Final, NamedTuple

from service.storage import Place, dynamodb_address

BATCH: Final = 1_000
"""How many rows are copied in one transaction."""

Row = tuple[Any, ...]
Key = tuple[str, str, str]
FIRST: Final[Key] = ("", "", "")


class MigrationError(Exception):
    """Not everything was copied, or not known to be; the text is a sentence that says why."""


class Table(NamedTuple):
    """A table that both kinds of store have; the first three columns are its key."""

    name: str
    columns: tuple[str, ...]

    @property
    def key(self) -> tuple[str, ...]:
        """Return the columns of the key."""
        return self.columns[:3]


TABLES: Final = (
    Table("item", ("tenant", "actor", "key", "life", "version", "document", "expires")),
    Table("work", ("tenant", "actor", "name", "at")),
)


class Side(ABC):
    """A store that is copied, or that a copy is made in. Nobody serves it meanwhile.

    Args:
        marks_key: the key of the hashes that lead to marks.

    """

    prefix: ClassVar[str]
    """What stands before the name of a table."""

    parameter: ClassVar[str]
    """How a parameter of a statement is written."""

    def __init__(self, marks_key: bytes) -> None:
        self.marks_key = marks_key

    @abstractmethod
    def fetch(self, statement: str, values: Sequence[object] = ()) -> list[Row]:
        """Return what a statement reads."""

    @abstractmethod
    def adopt(self, marks_key: bytes) -> None:
        """Take over the key of the hashes that lead to marks."""

    @abstractmethod
    def put(self, table: Table, rows: Sequence[Row]) -> None:
        """Store rows, durably and all of them, before this returns."""

    def count(self, table: Table) -> int:
        """Return how many rows a table has."""
        ((count,),) = self.fetch(f"SELECT count(*) FROM {self.prefix}{table.name}")  # noqa: S608 - of our tables
        return int(count)

    def last(self, table: Table) -> Key:
        """Return the key of the last row, FIRST without one."""
        order = ", ".join(f"{column} DESC" for column in table.key)
        rows = self.fetch(f"SELECT {', '.join(table.key)} FROM {self.prefix}{table.name} ORDER BY {order} LIMIT 1")  # noqa: S608 - as above
        return rows[0] if rows else FIRST

    def rows(self, table: Table, after: Key) -> list[Row]:
        """Return up to BATCH rows behind a key, in the order of the bytes of their keys."""
        key = ", ".join(table.key)
        return self.fetch(
            f"SELECT {', '.join(table.columns)} FROM {self.prefix}{table.name} "  # noqa: S608 - as above
            f"WHERE ({key}) > ({self._parameters(3)}) ORDER BY {key} LIMIT {BATCH}",
            after,
        )

    def insertion(self, table: Table) -> str:
        """Return the statement that stores a row."""
        columns, parameters = ", ".join(table.columns), self._parameters(len(table.columns))
        return f"INSERT INTO {self.prefix}{table.name} ({columns}) VALUES ({parameters})"  # noqa: S608 - as above

    def _parameters(self, count: int) -> str:
        return ", ".join([self.parameter] * count)


class Report(NamedTuple):
    """What was copied.

    Attributes:
        counts: how many rows of each table.
        digest: the SHA-256 of all rows, in hexadecimal.

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
        from service.storage.sqlite_side import sqlite_side  # noqa: PLC0415 - one of the two is enough

        return sqlite_side(place, is_source=is_source)
    if place.startswith(dynamodb_address.SCHEME):
        raise MigrationError("A table of DynamoDB is neither copied nor copied to yet.")
    from service.storage.postgresql_side import postgresql_side  # noqa: PLC0415 - as above

    return postgresql_side(place)


def migrate(source: Side, target: Side, told: Callable[[int], object]) -> Report:
    """Copy what the target does not hold yet, and compare both.

    Args:
        source: it stays as it is.
        target: an empty store, or one in which a copy of this source was begun.
        told: told how many rows are there, now and then.

    Raises:
        MigrationError: the target is another store, or in the end not what the source is.
        StoreUnavailableError: the copy was cut off, and can be gone on with.

    """
    if not any(target.count(table) for table in TABLES):
        target.adopt(source.marks_key)
    elif target.marks_key != source.marks_key:
        raise MigrationError("The target holds something else already.")
    for table in TABLES:
        there = target.count(table)
        for rows in _batches(source, table, target.last(table)):
            target.put(table, rows)
            there += len(rows)
            told(there)
    report = _report(source)
    if _report(target) != report:
        raise MigrationError("The copy is not what the source is now: the source was changed, or the target was.")
    return report


def _batches(side: Side, table: Table, after: Key) -> Iterator[list[Row]]:
    while rows := side.rows(table, after):
        yield rows
        after = rows[-1][:3]


def _report(side: Side) -> Report:
    digest = hashlib.sha256()
    counts = {}
    for table in TABLES:
        counts[table.name] = 0
        for rows in _batches(side, table, FIRST):
            counts[table.name] += len(rows)
            for row in rows:
                digest.update(repr(row).encode())
    return Report(counts, digest.hexdigest())
