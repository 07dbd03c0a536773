"""The changes of one job in a transaction that it shares with others: all of them, or none.

A savepoint takes two statements. Most writes are one row, put after all was decided: the last row is held back, and
where no other statement changes anything there is nothing to be undone.
"""

from collections.abc import Callable
from typing import TypeVar

import apsw

from service.items import Item
from service.storage.owner import Owner
from service.storage.sqlite_items import SQLiteChanges
from service.storage.versions import Stored

_T = TypeVar("_T")


class JobChanges(SQLiteChanges):
    """See `Changes`."""

    def __init__(self, connection: apsw.Connection, owner: Owner, now: int) -> None:
        super().__init__(connection, owner, now)
        self._held: Stored | None = None
        self._can_undo = False

    def make(self, change: Callable[["JobChanges"], _T]) -> _T:
        """Make a change, once.

        Raises:
            apsw.Error: whether what the transaction has done is still there is not known.

        When the change raises anything else, which is raised, it has done nothing.

        """
        try:
            result = change(self)
        except apsw.Error:
            # Some of SQLite's errors end the whole transaction, and with it the savepoint.
            raise
        except Exception:
            if self._can_undo:
                self._connection.execute("ROLLBACK TO job")
                self._connection.execute("RELEASE job")
            raise
        self._store_held()
        if self._can_undo:
            self._connection.execute("RELEASE job")
        return result

    def flushed(self, change: Callable[["JobChanges"], _T]) -> _T:
        """Make a part of the change whose outcome other statements of the transaction see."""
        result = change(self)
        self._flush()
        return result

    def scan(self, first: str, last: str, limit: int, *, newest_first: bool = False) -> list[Item]:
        """See `Items.scan`."""
        if self._held is not None:
            self._flush()
        return super().scan(first, last, limit, newest_first=newest_first)

    def delete(self, key: str) -> None:
        """See `Changes.delete`."""
        self._flush()
        super().delete(key)

    def schedule(self, work: str, at: int = 0) -> None:
        """See `Changes.schedule`."""
        self._flush()
        super().schedule(work, at)

    def unschedule(self, work: str | None = None) -> None:
        """See `Changes.unschedule`."""
        self._flush()
        super().unschedule(work)

    def take(self, work: str) -> bool:
        """See `SweptChanges.take`."""
        self._flush()
        return super().take(work)

    def put_off(self, work: str, until: int) -> None:
        """See `SweptChanges.put_off`."""
        self._flush()
        super().put_off(work, until)

    def _flush(self) -> None:
        """Execute what is held back, so that it can still be undone."""
        if not self._can_undo:
            self._connection.execute("SAVEPOINT job")
            self._can_undo = True
        self._store_held()

    def _store(self, item: Item, expires: int | None) -> None:
        if self._held is not None:
            self._flush()
        self._held = item, expires

    def _store_held(self) -> None:
        if self._held is not None:
            super()._store(*self._held)
            self._held = None
