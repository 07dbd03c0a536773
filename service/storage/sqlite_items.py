"""The items of one actor on an SQLite connection that is in a transaction."""

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

import apsw

from service.items import Item
from service.storage.owner import Owner
from service.storage.versions import Stored, VersionedChanges

_GET = """
SELECT key, life, version, document FROM item
WHERE tenant = ? AND actor = ? AND key = ? AND (expires IS NULL OR expires > ?)
"""
_GET_WITH_EXPIRY = """
SELECT key, life, version, document, expires FROM item
WHERE tenant = ? AND actor = ? AND key = ? AND (expires IS NULL OR expires > ?)
"""
_SCAN = """
SELECT key, life, version, document FROM item
WHERE tenant = ? AND actor = ? AND key >= ? AND key < ? AND (expires IS NULL OR expires > ?)
ORDER BY key
"""
_PUT = "INSERT OR REPLACE INTO item (tenant, actor, key, life, version, document, expires) VALUES (?, ?, ?, ?, ?, ?, ?)"
_DELETE = "DELETE FROM item WHERE tenant = ? AND actor = ? AND key = ?"
_SCHEDULE = """
INSERT INTO work (tenant, actor, name, at) VALUES (?, ?, ?, ?)
ON CONFLICT (tenant, actor, name) DO UPDATE SET at = min(at, excluded.at)
"""
_UNSCHEDULE = "DELETE FROM work WHERE tenant = ? AND actor = ? AND name = coalesce(?, name)"
_TAKE = "DELETE FROM work WHERE tenant = ? AND actor = ? AND name = ? AND at <= ?"
_PUT_OFF = "UPDATE work SET at = ? WHERE tenant = ? AND actor = ? AND name = ?"


def get_at_once(connection: apsw.Connection, owner: Owner, keys: Sequence[str], now: int) -> list[Item | None]:
    """Return the items with these keys in one statement, which sees one state without a transaction of its own."""
    found = {row[0]: Item(*row) for row in _rows_at_once(connection, _GET, owner, keys, now)}
    return [found.get(key) for key in keys]


def _rows_at_once(
    connection: apsw.Connection, one: str, owner: Owner, keys: Sequence[str], now: int
) -> list[tuple[Any, ...]]:
    tenant = owner.tenant
    places: list[str | int] = []
    for key in keys:
        places += (tenant, owner.partition(key), key, now)
    return connection.execute(_for_each(one, len(keys)), places).fetchall()


@cache
def _for_each(one: str, keys: int) -> str:
    return " UNION ALL ".join([one] * keys)


class SQLiteItems:
    """See `Items`."""

    def __init__(self, connection: apsw.Connection, owner: Owner, now: int) -> None:
        self._connection = connection
        self._owner = owner
        self._now = now

    def get(self, key: str) -> Item | None:
        """See `Items.get`."""
        rows: list[Any] = self._connection.execute(_GET, (*self._place(key), self._now)).fetchall()
        return Item(*rows[0]) if rows else None

    def get_all(self, *keys: str) -> list[Item | None]:
        """See `Items.get_all`."""
        return get_at_once(self._connection, self._owner, keys, self._now)

    def scan(self, first: str, last: str, limit: int, *, newest_first: bool = False) -> list[Item]:
        """See `Items.scan`."""
        statement = f"{_SCAN} DESC LIMIT ?" if newest_first else f"{_SCAN} LIMIT ?"
        rows: Any = self._connection.execute(statement, (*self._place(first), last, self._now, limit))
        return [Item(*row) for row in rows]

    def _place(self, key: str) -> tuple[str, str, str]:
        return self._owner.tenant, self._owner.partition(key), key


class SQLiteChanges(VersionedChanges, SQLiteItems):
    """See `Changes`."""

    def __init__(self, connection: apsw.Connection, owner: Owner, now: int) -> None:
        VersionedChanges.__init__(self, now)
        SQLiteItems.__init__(self, connection, owner, now)

    def _load(self, keys: Sequence[str]) -> Iterator[Stored]:
        for *item, expires in _rows_at_once(self._connection, _GET_WITH_EXPIRY, self._owner, keys, self._now):
            yield Item(*item), expires

    def _store(self, item: Item, expires: int | None) -> None:
        row = (*self._place(item.key), item.life, item.version, item.document, expires)
        self._connection.execute(_PUT, row)

    def delete(self, key: str) -> None:
        """See `Changes.delete`."""
        self._known[key] = None
        self._connection.execute(_DELETE, self._place(key))
        if self._connection.changes():
            self._count(key)
            self.deleted = True

    def schedule(self, work: str, at: int = 0) -> None:
        """See `Changes.schedule`."""
        self._connection.execute(_SCHEDULE, (self._owner.tenant, self._owner.actor, work, at))
        self.is_due |= at <= self._now

    def unschedule(self, work: str | None = None) -> None:
        """See `Changes.unschedule`."""
        self._connection.execute(_UNSCHEDULE, (self._owner.tenant, self._owner.actor, work))
        self.deleted |= self._connection.changes() > 0

    def take(self, work: str) -> bool:
        """See `SweptChanges.take`."""
        self._connection.execute(_TAKE, (self._owner.tenant, self._owner.actor, work, self._now))
        return self._connection.changes() > 0

    def put_off(self, work: str, until: int) -> None:
        """See `SweptChanges.put_off`."""
        self._connection.execute(_PUT_OFF, (until, self._owner.tenant, self._owner.actor, work))
