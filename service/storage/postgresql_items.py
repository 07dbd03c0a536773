"""The items of one actor on a connection to PostgreSQL."""

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import Any

from hosting.postgresql import Connection
from service.items import ALL_KEYS, KEPT, MARKS, Item, keeps_actor
from service.storage import TenantFullError
from service.storage.owner import Owner
from service.storage.versions import Stored, VersionedChanges

_ITEM = "SELECT key, life, version, document, expires FROM personalization.item"
_IS_THERE = "(expires IS NULL OR expires > %s)"
_GET = f"{_ITEM} WHERE tenant = %s AND actor = %s AND key = ANY(%s) AND {_IS_THERE}"
# Row by row, whatever the planner takes the table and the arrays for.
_FIND = f"""
SELECT place, found.* FROM unnest(%s::text[], %s::text[], %s::text[]) WITH ORDINALITY
AS wanted (tenant, actor, key, place) CROSS JOIN LATERAL (
    {_ITEM} WHERE tenant = wanted.tenant AND actor = wanted.actor AND key = wanted.key AND {_IS_THERE} LIMIT 1
) AS found
"""  # noqa: S608 - of what stands above
# Rows are compared whole, so that the planner follows the index in its order and stops at the limit. Else it reads all
# items of an actor whom it takes for one with few, and sorts them.
_SCAN = f"""
{_ITEM} WHERE (tenant, actor, key) >= (%s, %s, %s) AND (tenant, actor, key) < (%s, %s, %s) AND {_IS_THERE}
ORDER BY tenant {{0}}, actor {{0}}, key {{0}} LIMIT %s
"""
_SCANS = {is_newest_first: _SCAN.format("DESC" if is_newest_first else "ASC") for is_newest_first in (False, True)}
_PUT = """
INSERT INTO personalization.item (tenant, actor, key, life, version, document, expires)
VALUES (%s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (tenant, actor, key) DO UPDATE
SET life = excluded.life, version = excluded.version, document = excluded.document, expires = excluded.expires
"""
_DELETE = "DELETE FROM personalization.item WHERE tenant = %s AND actor = %s AND key = ANY(%s)"
_LOCK = """
INSERT INTO personalization.actor (tenant, actor, attempt) VALUES (%s, %s, %s)
ON CONFLICT (tenant, actor) DO UPDATE SET attempt = excluded.attempt RETURNING kept
"""
_KEEP = "UPDATE personalization.actor SET kept = %s WHERE tenant = %s AND actor = %s"
_LEAVE = "DELETE FROM personalization.actor WHERE tenant = %s AND actor = %s"
_COUNT = "SELECT count(*) FROM (SELECT FROM personalization.actor WHERE tenant = %s AND kept LIMIT %s) AS actors"
_SCHEDULE = """
INSERT INTO personalization.work (tenant, actor, name, at) VALUES (%s, %s, %s, %s)
ON CONFLICT (tenant, actor, name) DO UPDATE SET at = least(work.at, excluded.at)
"""
_UNSCHEDULE = "DELETE FROM personalization.work WHERE tenant = %s AND actor = %s AND name = coalesce(%s, name)"
_TAKE = "DELETE FROM personalization.work WHERE tenant = %s AND actor = %s AND name = %s AND at <= %s"
_PUT_OFF = "UPDATE personalization.work SET at = %s WHERE tenant = %s AND actor = %s AND name = %s"


def find(connection: Connection, wanted: Sequence[tuple[Owner, str]], now: int) -> list[Stored | None]:
    """Return items of several actors as they are at one moment, each by whose it is and its key; None for none."""
    places = [(owner.tenant, owner.partition(key), key) for owner, key in wanted]
    found: list[Stored | None] = [None] * len(wanted)
    for place, *item, expires in connection.execute(_FIND.encode(), (*columns(places), now), binary=True).fetchall():
        found[place - 1] = Item(*item), expires
    return found


def columns(rows: Iterable[Sequence[object]]) -> list[list[object]]:
    """Return rows, of which there is one at least, as what `unnest` makes them of."""
    return [list(column) for column in zip(*rows, strict=True)]


class PostgreSQLItems:
    """See `Items`."""

    def __init__(self, connection: Connection, owner: Owner, now: int) -> None:
        self._connection = connection
        self._owner = owner
        self._now = now

    def get(self, key: str) -> Item | None:
        """See `Items.get`."""
        return self.get_all(key)[0]

    def get_all(self, *keys: str) -> list[Item | None]:
        """See `Items.get_all`."""
        found = {item.key: item for item, _ in self._stored_as(keys)}
        return [found.get(key) for key in keys]

    def scan(self, first: str, last: str, limit: int, *, newest_first: bool = False) -> list[Item]:
        """See `Items.scan`."""
        return [item for item, _ in self._scan(first, last, limit, newest_first=newest_first)]

    def _stored_as(self, keys: Sequence[str]) -> Iterator[Stored]:
        places = self._places(keys)
        statement = _union(len(places))
        values = [value for partition, keys in places for value in (self._owner.tenant, partition, keys, self._now)]
        return self._stored(statement, values)

    def _scan(self, first: str, last: str, limit: int, *, newest_first: bool) -> Iterator[Stored]:
        place = self._owner.tenant, self._owner.partition(first)
        return self._stored(_SCANS[newest_first], (*place, first, *place, last, self._now, limit))

    def _stored(self, statement: str, values: Sequence[object]) -> Iterator[Stored]:
        rows = self._connection.execute(statement.encode(), values, binary=True).fetchall()
        return ((Item(*item), expires) for *item, expires in rows)

    def _places(self, keys: Iterable[str]) -> list[tuple[str, list[str]]]:
        """Return the keys by the names under which their items lie: the actor's own, and that of the marks."""
        places: dict[str, list[str]] = {}
        for key in keys:
            places.setdefault(self._owner.partition(key), []).append(key)
        return list(places.items())


@cache
def _union(places: int) -> str:
    return " UNION ALL ".join([_GET] * places)


class PostgreSQLChanges(VersionedChanges, PostgreSQLItems):
    """See `Changes`; what is stored and deleted is sent before the next scan, or at the end.

    Args:
        connection: one that is in a transaction.
        owner: whose items they are.
        now: the time, in seconds since the epoch.
        attempt: an id of this write.

    """

    def __init__(self, connection: Connection, owner: Owner, now: int, attempt: str) -> None:
        VersionedChanges.__init__(self, now)
        PostgreSQLItems.__init__(self, connection, owner, now)
        self._whose = owner.tenant, owner.actor
        self._unsent: dict[str, Stored | None] = {}
        # Whoever else writes items of this actor waits here until this transaction has ended.
        ((self._kept,),) = connection.execute(_LOCK, (*self._whose, attempt)).fetchall()

    def scan(self, first: str, last: str, limit: int, *, newest_first: bool = False) -> list[Item]:
        """See `Items.scan`."""
        self._send()
        found = list(self._scan(first, last, limit, newest_first=newest_first))
        self._known.update({stored[0].key: stored for stored in found})
        return [item for item, _ in found]

    def delete(self, key: str) -> None:
        """See `Changes.delete`."""
        if self._read(key) is not None:
            self._known[key] = self._unsent[key] = None
            self._count(key)
            self.deleted = True

    def schedule(self, work: str, at: int = 0) -> None:
        """See `Changes.schedule`."""
        self._connection.execute(_SCHEDULE, (*self._whose, work, at))
        self.is_due |= at <= self._now

    def unschedule(self, work: str | None = None) -> None:
        """See `Changes.unschedule`."""
        self._connection.execute(_UNSCHEDULE, (*self._whose, work))

    def take(self, work: str) -> bool:
        """See `SweptChanges.take`."""
        return self._connection.execute(_TAKE, (*self._whose, work, self._now)).rowcount > 0

    def put_off(self, work: str, until: int) -> None:
        """See `SweptChanges.put_off`."""
        self._connection.execute(_PUT_OFF, (until, *self._whose, work))

    def finish(self, max_actors: int | None) -> None:
        """Send what is not sent yet, and keep up the row of the actor.

        Raises:
            TenantFullError: an actor came who is one more than the tenant can have.

        """
        self._send()
        kept, has_items = self._left()
        if not has_items:
            self._connection.execute(_LEAVE, self._whose)
        elif kept != self._kept:
            self._connection.execute(_KEEP, (kept, *self._whose))
            if kept and max_actors is not None and self._actors(max_actors + 1) > max_actors:
                raise TenantFullError

    def _load(self, keys: Sequence[str]) -> Iterator[Stored]:
        return self._stored_as(keys)

    def _store(self, item: Item, expires: int | None) -> None:
        self._unsent[item.key] = item, expires

    def _send(self) -> None:
        puts = [(*stored[0], stored[1]) for stored in self._unsent.values() if stored is not None]
        rows = [(self._owner.tenant, self._owner.partition(row[0]), *row) for row in puts]
        if len(rows) == 1:
            self._connection.execute(_PUT, rows[0])
        elif rows:
            self._connection.cursor().executemany(_PUT, rows)
        for partition, keys in self._places(key for key, stored in self._unsent.items() if stored is None):
            self._connection.execute(_DELETE, (self._owner.tenant, partition, keys))
        self._unsent.clear()

    def _left(self) -> tuple[bool, bool]:
        """Return whether what is there now makes an actor, and whether there is anything but marks."""
        own = [key for key, stored in self._known.items() if stored is not None and not key.startswith(MARKS)]
        if any(key.startswith(KEPT) for key in own):
            return True, True
        if self._kept is not None and not self.deleted:
            return self._kept, True
        return keeps_actor(self), bool(own or self.scan(*ALL_KEYS, 1))

    def _actors(self, limit: int) -> Any:
        ((actors,),) = self._connection.execute(_COUNT, (self._owner.tenant, limit)).fetchall()
        return actors
