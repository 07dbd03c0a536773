"""How a history grows, is read, and shrinks."""

import secrets
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import orjson

from service.items import Changes, Items
from service.personalization.cursors import make_cursor, read_cursor
from service.personalization.history.events import Event, moment, shown
from service.personalization.history.layout import (
    Head,
    Known,
    delete_event,
    event_key,
    known,
    place_of,
    put_event,
    read_ahead,
    scan_events,
)
from service.personalization.history.retention import Retention, delete_through
from service.refusal import Refused

MAX_LOOKED_AT: Final = 1_000
"""How many events one page looks at, so that a filter that few events pass does not make a call long."""

MAX_LOOK_S: Final = 0.5
"""For how many seconds one page looks on, where the store is slow."""

_SCAN = 100
_DELETIONS = "deletions"
_ID_BYTES = 12
_PLACE_BYTES = 8


@dataclass(frozen=True, slots=True)
class Appended:
    """What became of the events of an append.

    Attributes:
        events: each as it is stored.
        is_new: whether one of them was not there before.

    """

    events: Sequence[dict[str, Any]]
    is_new: bool


def append(changes: Changes, events: Sequence[Event], retention: Retention, now: float) -> Appended:
    """Append events in their order, all or none; one that is there already stays as it is.

    Args:
        changes: the actor's items.
        events: what was told.
        retention: what keeps the history within its limits.
        now: the time, in seconds since the epoch.

    Raises:
        Refused: `event_conflict` or `event_deleted`.

    """
    head = Head.of(changes)
    last = head.last
    ids = [event.id or secrets.token_urlsafe(_ID_BYTES) for event in events]
    read_ahead(changes, ids, head)
    stored = [_appended(changes, head, event, event_id, now) for event, event_id in zip(events, ids, strict=True)]
    if head.last > last:
        retention.after_append(changes, head, now)
        head.store(changes)
    return Appended(stored, head.last > last)


def _appended(changes: Changes, head: Head, event: Event, event_id: str, now: float) -> dict[str, Any]:
    if found := known(changes, head, event_id):
        return _same(changes, found, event)
    head.last += 1
    new = {
        **event.said,
        "event_id": event_id,
        "received_ms": int(now * 1_000),
    }
    put_event(changes, head.last, new)
    return new


def _same(changes: Changes, found: Known, event: Event) -> dict[str, Any]:
    if found.is_deleted:
        raise Refused(
            "event_deleted", f"The event {event.id} was deleted, and nothing was stored. Do not append it again."
        )
    there: dict[str, Any] = orjson.loads(_stored(changes, found.place))
    if {name: value for name, value in there.items() if name not in {"event_id", "received_ms"}} != event.said:
        raise Refused(
            "event_conflict",
            f"There is an event {event.id} with another role, content, thread or time; nothing was stored. "
            "Events never change: give another event another id.",
        )
    return there


def _stored(items: Items, place: int) -> bytes:
    item = items.get(event_key(place))
    if item is None:
        raise LookupError("an event id leads to an event that is not there")
    return item.document


def delete(changes: Changes, event_id: str, now: float) -> None:
    """Delete an event.

    Raises:
        Refused: `event_not_found`.

    """
    head = Head.of(changes)
    found = known(changes, head, event_id)
    if found is None or found.is_deleted:
        raise Refused("event_not_found")
    delete_event(changes, found.place, event_id, now)
    # A version of the head stands for what the history then shows: see `made_of`.
    head.others[_DELETIONS] = head.others.get(_DELETIONS, 0) + 1
    head.store(changes)


def delete_up_to(changes: Changes, event_id: str) -> None:
    """Delete an event and all that were received before it; one that was deleted lately still marks its place.

    Raises:
        Refused: `event_not_found`.

    """
    head = Head.of(changes)
    found = known(changes, head, event_id)
    if found is None:
        raise Refused("event_not_found")
    delete_through(changes, head, found.place)


@dataclass(frozen=True, slots=True)
class Listing:
    """What events are asked for.

    Attributes:
        tenant: whose actor it is.
        actor: whose history it is.
        newest_first: the order.
        thread: only events of this thread, None for all.
        since: only events that happened then or later.
        until: only events that happened before then.

    """

    tenant: str
    actor: str
    newest_first: bool
    thread: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    @property
    def scope(self) -> tuple[str, ...]:
        """Return what tells this list from others, as text."""
        order = "newest" if self.newest_first else "oldest"
        # A kind before each value, so that none can be taken for another that was not asked for.
        thread = "" if self.thread is None else f"thread {self.thread}"
        times = ("" if time is None else time.isoformat() for time in (self.since, self.until))
        return self.tenant, self.actor, order, thread, *times

    def has(self, event: dict[str, Any]) -> bool:
        """Return whether an event is asked for."""
        if self.thread is not None and event.get("thread") != self.thread:
            return False
        if self.since is None and self.until is None:
            return True
        happened = moment(event)
        return (self.since is None or happened >= self.since) and (self.until is None or happened < self.until)


def page(items: Items, listing: Listing, limit: int, cursor: str | None) -> dict[str, Any]:
    """Return a page of events, and where the list goes on if it may.

    A page is short when few of the events that it looks at are asked for.

    Raises:
        Refused: `invalid_cursor`.

    """
    head = Head.of(items)
    last = None if cursor is None else int.from_bytes(read_cursor(head.life, listing.scope, cursor), "big")
    found: list[dict[str, Any]] = []
    until = time.monotonic() + MAX_LOOK_S
    for looked_at, (place, event) in enumerate(_events(items, head, listing.newest_first, last), start=1):
        is_long = looked_at > MAX_LOOKED_AT or (looked_at > 1 and time.monotonic() > until)
        if is_long or len(found) == limit:
            # There is more: the page goes on after the last one that was looked at.
            position = (last or 0).to_bytes(_PLACE_BYTES, "big")
            return {"events": found, "next": make_cursor(head.life, listing.scope, position)}
        if listing.has(event):
            found.append(shown(event))
        last = place
    return {"events": found}


def _events(items: Items, head: Head, newest_first: bool, after: int | None) -> Iterator[tuple[int, dict[str, Any]]]:
    """Return the events of an actor after a place, or all, with their places."""
    first, last = head.floor, head.last + 1
    if after is not None:
        first, last = (first, after) if newest_first else (after + 1, last)
    while items_found := scan_events(items, head, first, last, _SCAN, newest_first=newest_first):
        for item in items_found:
            yield place_of(item.key), orjson.loads(item.document)
        if len(items_found) < _SCAN:
            return
        place = place_of(items_found[-1].key)
        first, last = (first, place) if newest_first else (place + 1, last)
