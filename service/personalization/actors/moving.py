"""What a merge stores anew behind the history of the target, where nobody sees it, in steps of one change each."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from hashlib import blake2b
from typing import Any, Final

import orjson

from service.items import Changes, Item, Items, StoreUnavailableError
from service.personalization import retries
from service.personalization.actors.batches import EVENTS, ITEMS, batched
from service.personalization.actors.exporting import Read
from service.personalization.actors.interleaving import PAGE, Move, Plan, Received, interleaved, received_after
from service.personalization.history.layout import (
    Head,
    deleted_ids,
    event_key,
    known,
    move_event,
    place_of,
    put_deleted_id,
    put_event,
    scan_events,
)

_ID_BYTES: Final = 12


def planned(source: str, read_source: Read, read_target: Read) -> Plan:
    """Return how the events of the two come to stand in one history.

    Args:
        source: the id of the source.
        read_source: reads its items.
        read_target: reads those of the target.

    """
    events = list(_kept(source, read_source, read_target))
    head = read_target(Head.of)
    later: list[Received] = []
    last, more = head.last + 1, bool(events)
    while more:
        page, more = read_target(partial(_received_after, head, last, events[0].at))
        later += page
        last = later[-1].place if later else last
    return interleaved(events, later[::-1], head.last + 1)


def storing_steps(
    plan: Plan, last: int, read_source: Read, clock: Callable[[], float]
) -> Iterator[Callable[[Changes], object]]:
    """Return the steps that store events, and what else is remembered of the source; each is done before the next.

    Args:
        plan: how the events come to stand.
        last: the last place of the target's history.
        read_source: reads the items of the source.
        clock: the time, in seconds since the epoch.

    """
    for number, moves in enumerate(batched(plan.moves, EVENTS)):
        events = read_source(partial(_documents, moves))
        yield partial(_put_moved, moves, events, last + number * EVENTS + 1)
    for records in batched(read_source(retries.answers), retries.ADOPTED):
        yield partial(retries.adopt, records=records, now=clock())
    for marks in retries.used_keys(read_source):
        yield partial(retries.remember_used, marks=marks, now=clock())
    for ids in _deleted(read_source):
        yield partial(_put_deleted, ids, clock())


def _kept(source: str, read_source: Read, read_target: Read) -> Iterator[Received]:
    """Return the events of the source that the target does not have, under the ids that they get."""
    head, first = read_source(Head.of), 0
    while page := read_source(partial(_page, head, first)):
        events = [orjson.loads(item.document) for item in page]
        fates = read_target(partial(_fates, source, events))
        for item, event, event_id in zip(page, events, fates, strict=True):
            if event_id is not None:
                yield Received(event["received_ms"], place_of(item.key), event_id)
        first = place_of(page[-1].key) + 1


def _deleted(read_source: Read) -> Iterator[list[str]]:
    head, after = read_source(Head.of), ""
    while after is not None:
        ids, after = read_source(partial(_deleted_ids, head, after))
        if ids:
            yield ids


def _put_deleted(ids: Sequence[str], now: float, changes: Changes) -> None:
    for event_id in ids:
        put_deleted_id(changes, event_id, now)


def _page(head: Head, first: int, items: Items) -> list[Item]:
    return scan_events(items, head, first, head.last + 1, PAGE)


def _deleted_ids(head: Head, after: str, items: Items) -> tuple[list[str], str | None]:
    return deleted_ids(items, head, after, ITEMS)


def _received_after(head: Head, last: int, moment: int, items: Items) -> tuple[list[Received], bool]:
    return received_after(items, head, last, moment)


def _fates(source: str, events: Sequence[Mapping[str, Any]], items: Items) -> list[str | None]:
    """Return under which id each event of the source is stored in the target, None for one that is not."""
    head = Head.of(items)
    return [_fate(source, event, items, head) for event in events]


def _fate(source: str, event: Mapping[str, Any], items: Items, head: Head) -> str | None:
    event_id: str = event["event_id"]
    found = known(items, head, event_id)
    if found is None:
        return event_id
    there = None if found.is_deleted else items.get(event_key(found.place))
    if there is None or _said(orjson.loads(there.document)) == _said(event):
        return None
    digest = blake2b(f"{source}/{event_id}".encode(), digest_size=_ID_BYTES)
    return f"merged-{digest.hexdigest()}"


def _said(event: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in event.items() if name != "received_ms"}


def _documents(moves: Sequence[Move], items: Items) -> list[dict[str, Any] | None]:
    """Return the events of the source among these, as they are to be stored; None for those of the target."""
    found: list[dict[str, Any] | None] = []
    for move in moves:
        item = items.get(event_key(move.place)) if move.is_of_source else None
        found.append({**orjson.loads(item.document), "event_id": move.event_id} if item else None)
    return found


def _put_moved(moves: Sequence[Move], events: Sequence[dict[str, Any] | None], first: int, changes: Changes) -> None:
    for place, (move, event) in enumerate(zip(moves, events, strict=True), start=first):
        if event is not None:
            put_event(changes, place, event)
        elif not move.is_of_source:
            move_event(changes, move.place, place)
        else:
            raise StoreUnavailableError("the source of a merge is not what it was")
