"""What the databases that speak SQL have in common as sides of a migration."""

import json
from abc import abstractmethod
from collections.abc import Iterator, Sequence
from typing import ClassVar, Final

from service.storage.migrating import BATCH, COMPLETE, START, Batch, Row, Side

_TABLES: Final = {
    "item": ("tenant", "actor", "key", "life", "version", "document", "expires"),
    "work": ("tenant", "actor", "name", "at"),
}
"""The columns of each table; the first three are its key."""

_FIRST: Final = ("", "", "")


class SQLSide(Side):
    """A side of which the position is a table and the key of a row in it.

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
    def change(self, *changes: tuple[str, Sequence[Row]]) -> None:
        """Carry out statements in one transaction, each with every one of its rows."""

    def is_empty(self) -> bool:
        """See `Side.is_empty`."""
        return not any(self._rows(table, _FIRST, 1) for table in _TABLES)

    def begin(self, marks_key: bytes) -> None:
        """See `Side.begin`."""
        self.change(self._secret("marks", marks_key), self._at(START))
        self.marks_key = marks_key

    def batches(self, position: str) -> Iterator[Batch]:
        """See `Side.batches`."""
        begun, *after = json.loads(position) if position else ("item", *_FIRST)
        for table in list(_TABLES)[list(_TABLES).index(begun) :]:
            while rows := self._rows(table, after, BATCH):
                after = rows[-1][:3]
                items, work = (rows if table == name else () for name in _TABLES)
                yield Batch(items, work, json.dumps([table, *after]))
            after = _FIRST

    def put(self, batch: Batch) -> None:
        """See `Side.put`."""
        self.change(*self.insertions(batch), self._at(batch.position))

    def insertions(self, batch: Batch) -> list[tuple[str, Sequence[Row]]]:
        """Return what stores the rows."""
        return [(self._insertion("item"), batch.items), (self._insertion("work"), batch.work)]

    def complete(self) -> None:
        """See `Side.complete`."""
        self.change(self._at(COMPLETE))

    def _rows(self, table: str, after: Sequence[str], limit: int) -> list[Row]:
        """Return rows behind a key, in the order of the bytes of their keys."""
        columns = _TABLES[table]
        key = ", ".join(columns[:3])
        return self.fetch(
            f"SELECT {', '.join(columns)} FROM {self.prefix}{table} "  # noqa: S608 - of our tables
            f"WHERE ({key}) > ({self._parameters(3)}) ORDER BY {key} LIMIT {limit}",
            after,
        )

    def _insertion(self, table: str) -> str:
        columns = _TABLES[table]
        values = self._parameters(len(columns))
        return f"INSERT INTO {self.prefix}{table} ({', '.join(columns)}) VALUES ({values})"  # noqa: S608 - as above

    def _at(self, position: str) -> tuple[str, Sequence[Row]]:
        return self._secret("copied", position.encode())

    def _secret(self, name: str, value: bytes) -> tuple[str, Sequence[Row]]:
        statement = (
            f"INSERT INTO {self.prefix}secret (name, value) VALUES ({self._parameters(2)}) "  # noqa: S608 - as above
            "ON CONFLICT (name) DO UPDATE SET value = excluded.value"
        )
        return statement, [(name, value)]

    def _parameters(self, count: int) -> str:
        return ", ".join([self.parameter] * count)
