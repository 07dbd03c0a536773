"""The items of one actor on an SQLite connection that is in a transaction."""

import hashlib
import secrets
from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple

import apsw

from service.items import MARKS, MAX_CHANGES, Item

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
PUT = "INSERT OR REPLACE INTO item (tenant, actor, key, life, version, document, expires) VALUES (?, ?, ?, ?, ?, ?, ?)"
_DELETE = "DELETE FROM item WHERE tenant = ? AND actor = ? AND key = ?"
_SCHEDULE = """
INSERT INTO work (tenant, actor, name, at) VALUES (?, ?, ?, ?)
ON CONFLICT (tenant, actor, name) DO UPDATE SET at = min(at, excluded.at)
"""
_UNSCHEDULE = "DELETE FROM work WHERE tenant = ? AND actor = ? AND name = coalesce(?, name)"
_PUT_OFF = "UPDATE work SET at = ? WHERE tenant = ? AND actor = ? AND name = ?"


Row = tuple[str, str, str, str, int, bytes, int | None]
"""The values that PUT asks for."""


class Owner(NamedTuple):
    """Whose items they are.

    Attributes:
        tenant: the tenant.
        actor: the actor.
        marks_key: the key of the hashes that lead to marks.

    """

    tenant: str
    actor: str
    marks_key: bytes

    @property
    def pseudonym(self) -> str:
        """Return the keyed hash of the actor, in hexadecimal."""
        tenant = self.tenant.encode()
        text = len(tenant).to_bytes(4, "big") + tenant + self.actor.encode()
        return hashlib.blake2b(text, key=self.marks_key, digest_size=20).hexdigest()

    def partition(self, key: str) -> str:
        """Return under what name the item with this key lies: the actor's own, or, for a mark, a keyed hash of it."""
        # No actor id contains a slash, so no actor has the name of marks.
        return MARKS + self.pseudonym if key.startswith(MARKS) else self.actor


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


class SQLiteChanges(SQLiteItems):
    """See `Changes`.

    Attributes:
        deleted: whether something was deleted, whose traces are to be removed.
        is_due: whether work was scheduled that need not wait.

    """

    def __init__(self, connection: apsw.Connection, owner: Owner, now: int) -> None:
        super().__init__(connection, owner, now)
        self._changed: set[str] = set()
        self._known: dict[str, tuple[Item, int | None] | None] = {}
        self.deleted = self.is_due = False

    def get(self, key: str) -> Item | None:
        """See `Items.get`."""
        stored = self._read(key)
        return stored[0] if stored else None

    def get_all(self, *keys: str) -> list[Item | None]:
        """See `Items.get_all`."""
        # Nobody else changes anything meanwhile, so what was read to decide on a write is not read again to write it.
        if unknown := [key for key in keys if key not in self._known]:
            self._known.update(dict.fromkeys(unknown))
            for *item, expires in _rows_at_once(self._connection, _GET_WITH_EXPIRY, self._owner, unknown, self._now):
                self._known[item[0]] = Item(*item), expires
        stored = [self._known[key] for key in keys]
        return [found and found[0] for found in stored]

    def _read(self, key: str) -> tuple[Item, int | None] | None:
        if key not in self._known:
            self.get_all(key)
        return self._known[key]

    def put(self, key: str, document: bytes, *, expires: int | None = None) -> Item:
        """See `Changes.put`."""
        stored = self._read(key)
        if stored is None:
            item = Item(key, secrets.token_urlsafe(9), 1, document)
        else:
            item, stored_expires = stored
            if (item.document, stored_expires) == (document, expires):
                return item
            if item.document != document:
                item = Item(key, item.life, item.version + 1, document)
        self._count(key)
        is_there = expires is None or expires > self._now
        self._known[key] = (item, expires) if is_there else None
        self._store((*self._place(key), item.life, item.version, document, expires))
        return item

    def _store(self, row: Row) -> None:
        self._connection.execute(PUT, row)

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

    def put_off(self, work: str, until: int) -> None:
        """Have scheduled work wait until a time, in seconds since the epoch."""
        self._connection.execute(_PUT_OFF, (until, self._owner.tenant, self._owner.actor, work))

    def _count(self, key: str) -> None:
        self._changed.add(key)
        if len(self._changed) > MAX_CHANGES:
            raise ValueError(f"a write changes at most {MAX_CHANGES} items")
