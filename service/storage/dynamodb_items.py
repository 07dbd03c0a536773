"""The items of one actor in a table of DynamoDB.

Every write replaces the head of its actor. So whoever finds the same head before and after has seen one state, and a
write that finds another one than it was decided on does nothing.
"""

import secrets
from collections.abc import Iterator, Sequence
from typing import Final

from service.items import ALL_KEYS, BEHIND, KEPT, MARKS, Item
from service.storage import TenantFullError
from service.storage.dynamodb_queue import queue_key, queue_row
from service.storage.dynamodb_rows import (
    COUNTERS,
    Head,
    counters,
    head_key,
    head_row,
    is_listed,
    item_row,
    listing,
    listing_row,
    partition,
    read_head,
    read_item,
)
from service.storage.dynamodb_table import ConflictError, Key, Row, Table, key_row
from service.storage.owner import Owner
from service.storage.versions import Stored, VersionedChanges

_HEAD_IS_SAME: Final = "attempt = :attempt"
_HEAD_IS_NOT_THERE: Final = "attribute_not_exists(pk)"


class DynamoDBItems:
    """See `Items`; what several calls return is of one state if the head is the same before and after.

    Args:
        table: where they are.
        owner: whose they are.
        now: the time, in seconds since the epoch.
        deadline: when reading ends, by `time.monotonic()`.

    """

    def __init__(self, table: Table, owner: Owner, now: int, deadline: float) -> None:
        self._table = table
        self._owner = owner
        self._now = now
        self._deadline = deadline

    def get(self, key: str) -> Item | None:
        """See `Items.get`."""
        return self.get_all(key)[0]

    def get_all(self, *keys: str) -> list[Item | None]:
        """See `Items.get_all`."""
        found = {item.key: item for item, _ in self._found(keys)}
        return [found.get(key) for key in keys]

    def get_at_once(self, *keys: str) -> list[Item | None]:
        """Return the items with these keys, as they were at one moment.

        Raises:
            ConflictError: one of them is being written.

        """
        if len(keys) == 1:
            return self.get_all(*keys)
        rows = self._table.get_at_once([self._key(key) for key in keys], self._deadline)
        found = {item.key: item for item, _ in self._stored(rows)}
        return [found.get(key) for key in keys]

    def scan(self, first: str, last: str, limit: int, *, newest_first: bool = False) -> list[Item]:
        """See `Items.scan`."""
        return [item for item, _ in self._scan(first, last, limit, newest_first=newest_first)]

    def head(self) -> Head:
        """Return the head as it is now."""
        for row in self._table.get([head_key(self._owner)], self._deadline):
            return read_head(row)
        return Head(None, 0, 0, 0, {})

    def _found(self, keys: Sequence[str]) -> Iterator[Stored]:
        return self._stored(self._table.get([self._key(key) for key in keys], self._deadline))

    def _scan(self, first: str, last: str, limit: int, *, newest_first: bool) -> Iterator[Stored]:
        if first >= last:
            return
        pk, low = self._key(first or BEHIND)
        rows = self._table.query(pk, low, last, self._deadline, limit=limit, newest_first=newest_first)
        for stored in self._stored(row for row in rows if row["sk"]["S"] != last):
            yield stored
            limit -= 1
            if not limit:
                return

    def _stored(self, rows: Iterator[Row] | Sequence[Row]) -> Iterator[Stored]:
        for item, expires in map(read_item, rows):
            if expires is None or expires > self._now:
                yield item, expires

    def _key(self, key: str) -> Key:
        return partition(self._owner.tenant, self._owner.partition(key)), key


class DynamoDBChanges(VersionedChanges, DynamoDBItems):
    """See `Changes`; what is stored and deleted is kept here until it is sent as one transaction.

    Args:
        table: see `DynamoDBItems`.
        owner: see `DynamoDBItems`.
        now: see `DynamoDBItems`.
        deadline: see `DynamoDBItems`.

    """

    def __init__(self, table: Table, owner: Owner, now: int, deadline: float) -> None:
        VersionedChanges.__init__(self, now)
        DynamoDBItems.__init__(self, table, owner, now, deadline)
        self._unsent: dict[str, Stored | None] = {}
        self._before: dict[str, Stored] = {}
        self._head = self.head()
        self._schedule = dict(self._head.schedule)

    def require_same_head(self) -> None:
        """Raise ConflictError when there was another write since this one began."""
        if self.head().attempt != self._head.attempt:
            raise ConflictError

    def scan(self, first: str, last: str, limit: int, *, newest_first: bool = False) -> list[Item]:
        """See `Items.scan`."""
        changed = [
            key for key in self._unsent if first <= key < last and key.startswith(MARKS) == first.startswith(MARKS)
        ]
        found = {
            stored[0].key: stored for stored in self._scan(first, last, limit + len(changed), newest_first=newest_first)
        }
        self._before.update(found)
        for key in changed:
            found.pop(key, None)
        self._known.update(found)
        items = [stored[0] for stored in (*found.values(), *map(self._known.get, changed)) if stored is not None]
        return sorted(items, key=lambda item: item.key, reverse=newest_first)[:limit]

    def delete(self, key: str) -> None:
        """See `Changes.delete`."""
        if self._read(key) is not None:
            self._known[key] = self._unsent[key] = None
            self._count(key)
            self.deleted = True

    def schedule(self, work: str, at: int = 0) -> None:
        """See `Changes.schedule`."""
        self._schedule[work] = min(at, self._schedule.get(work, at))
        self.is_due |= at <= self._now

    def unschedule(self, work: str | None = None) -> None:
        """See `Changes.unschedule`."""
        if work is None:
            self._schedule.clear()
        else:
            self._schedule.pop(work, None)

    def take(self, work: str) -> bool:
        """See `SweptChanges.take`."""
        is_due = work in self._schedule and self._schedule[work] <= self._now
        if is_due:
            del self._schedule[work]
        return is_due

    def put_off(self, work: str, until: int) -> None:
        """See `SweptChanges.put_off`."""
        if work in self._schedule:
            self._schedule[work] = until

    def actions(self, attempt: str, max_actors: int | None) -> list[Row]:
        """Return what is to be done in one transaction, nothing if nothing is.

        Args:
            attempt: an id of this write.
            max_actors: how many actors a tenant can have, None for any number.

        Raises:
            TenantFullError: an actor came who is one more than the tenant can have.

        """
        if not self._unsent and self._schedule == self._head.schedule:
            return []
        head = self._next_head(attempt)
        return [
            self._put_head(head),
            *(self._send(key, stored) for key, stored in self._unsent.items()),
            *self._list_actor(head),
            *self._count_actor(head, max_actors),
            *self._queue(),
        ]

    def _load(self, keys: Sequence[str]) -> Iterator[Stored]:
        for stored in self._found(keys):
            self._before[stored[0].key] = stored
            yield stored

    def _store(self, item: Item, expires: int | None) -> None:
        self._unsent[item.key] = item, expires

    def _next_head(self, attempt: str) -> Head:
        _, kept, lasting, until, _ = self._head
        for key, stored in self._unsent.items():
            if not key.startswith(MARKS):
                more = _lasts(stored) - _lasts(self._before.get(key))
                lasting += more
                kept += more if key.startswith(KEPT) else 0
                until = max(until, (stored and stored[1]) or 0)
        if self.deleted and not lasting and not self.scan(*ALL_KEYS, 1):
            until = 0
        return Head(attempt, kept, lasting, until, self._schedule)

    def _put_head(self, head: Head) -> Row:
        row = head_row(self._owner, head, self._now)
        if self._head.attempt is None:
            return {"Put": {"Item": row, "ConditionExpression": _HEAD_IS_NOT_THERE}}
        seen = {":attempt": {"S": self._head.attempt}}
        return {"Put": {"Item": row, "ConditionExpression": _HEAD_IS_SAME, "ExpressionAttributeValues": seen}}

    def _send(self, key: str, stored: Stored | None) -> Row:
        if stored is None:
            return {"Delete": {"Key": key_row(self._key(key))}}
        return {"Put": {"Item": item_row(self._owner.tenant, self._owner.partition(key), *stored)}}

    def _list_actor(self, head: Head) -> Iterator[Row]:
        presence = head.presence(self._now)
        if is_listed(self._owner) and presence != self._head.presence(self._now):
            if presence:
                yield {"Put": {"Item": listing_row(self._owner, presence)}}
            else:
                yield {"Delete": {"Key": key_row((listing(self._owner.tenant), self._owner.actor))}}

    def _count_actor(self, head: Head, max_actors: int | None) -> Iterator[Row]:
        more = bool(head.kept) - bool(self._head.kept)
        if not more:
            return
        pk = counters(self._owner.tenant)
        if more > 0 and max_actors is not None:
            counted = self._table.query(pk, "0", str(COUNTERS), self._deadline)
            if sum(int(counter["kept"]["N"]) for counter in counted) >= max_actors:
                raise TenantFullError
        yield {
            "Update": {
                "Key": key_row((pk, str(secrets.randbelow(COUNTERS)))),
                "UpdateExpression": "ADD kept :more",
                "ExpressionAttributeValues": {":more": {"N": str(more)}},
            }
        }

    def _queue(self) -> Iterator[Row]:
        before = self._head.schedule
        for name in before.keys() | self._schedule.keys():
            if before.get(name) != self._schedule.get(name):
                if name in before:
                    yield {"Delete": {"Key": key_row(queue_key(self._owner, name, before[name]))}}
                if name in self._schedule:
                    yield {"Put": {"Item": queue_row(self._owner, name, self._schedule[name])}}


def _lasts(stored: Stored | None) -> int:
    return int(stored is not None and stored[1] is None)
