"""How a history lies among the items of an actor.

Each event lies under its place in the order, and its id leads to that place. The head counts the places that were
given, so that the order needs no clock, and has the floor: what lies below it is deleted, though it may be there still.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from service.items import BEHIND, Changes, Item, Items

HEAD: Final = "head"
_EVENTS, _IDS = "event/", "event-id/"
_AFTER_EVENTS: Final = "event0"
_AFTER_IDS: Final = "event-id0"
_LOWEST_FLOOR = 0
DELETED_S: Final = 86_400
"""How long, in seconds, the id of a deleted event is known as such, at least."""


def event_key(place: int) -> str:
    """Return the key of the event at a place, counted from 1; keys sort as places do."""
    return f"{_EVENTS}{place:016d}"


def place_of(key: str) -> int:
    """Return the place of the event with this key."""
    return int(key.removeprefix(_EVENTS))


@dataclass(slots=True)
class Head:
    """What is said of a history as a whole.

    Attributes:
        last: the last place that was given, 0 before the first.
        floor: the first place whose event is not deleted.
        life: the life of the item that keeps this; empty before there is one.
        gap: the first place whose event was stored anew elsewhere, and that behind the last; None for no such places.
        others: what else that item keeps.

    """

    last: int = 0
    floor: int = _LOWEST_FLOOR
    life: str = ""
    gap: tuple[int, int] | None = None
    others: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, items: Items) -> "Head":
        """Read the head of an actor's history."""
        stored = items.get(HEAD)
        if stored is None:
            return cls()
        others = orjson.loads(stored.document)
        gap = others.pop("gap", None)
        return cls(
            others.pop("sequence", 0),
            others.pop("floor", _LOWEST_FLOOR),
            stored.life,
            None if gap is None else (gap[0], gap[1]),
            others,
        )

    def store(self, changes: Changes) -> None:
        """Store it; one that is stored already changes nothing."""
        kept = {**self.others, "sequence": self.last, "floor": self.floor}
        if self.gap is not None:
            kept["gap"] = self.gap
        changes.put(HEAD, orjson.dumps(kept, option=orjson.OPT_SORT_KEYS))


def keys_between(first: int, last: int | None = None) -> tuple[str, str]:
    """Return the range of the keys of the events with `first <= place < last`, to the newest without a last."""
    return event_key(first), _AFTER_EVENTS if last is None else event_key(last)


def scan_events(
    items: Items, head: Head, first: int, last: int, limit: int, *, newest_first: bool = False
) -> list[Item]:
    """Return at most `limit` events of a history with `first <= place < last`; fewer only when there are no more."""
    first, last = max(first, head.floor), min(last, head.last + 1)
    if head.gap is None:
        return items.scan(*keys_between(first, last), limit, newest_first=newest_first)
    found: list[Item] = []
    parts = [(first, min(last, head.gap[0])), (max(first, head.gap[1]), last)]
    for part in reversed(parts) if newest_first else parts:
        if len(found) < limit:
            found += items.scan(*keys_between(*part), limit - len(found), newest_first=newest_first)
    return found


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of an event id.

    Attributes:
        place: the place of the event.
        is_deleted: whether it was deleted.

    """

    place: int
    is_deleted: bool


def known(items: Items, head: Head, event_id: str) -> Known | None:
    """Return what is known of an event id, None when no event had it or its deletion was long ago."""
    stored = items.get(_IDS + event_id)
    if stored is None:
        return None
    kept = orjson.loads(stored.document)
    moved = kept.get("moved")
    place = kept["place"] if moved is None or moved > head.last else moved
    # What lies behind the last place is being stored by an import or a merge, and is not there yet.
    return None if place > head.last else Known(place, "deleted" in kept or place < head.floor)


def read_ahead(changes: Changes, event_ids: Sequence[str], head: Head) -> None:
    """Read at once what is known of the ids of events that are to be appended, and what lies where they would."""
    places = range(head.last + 1, head.last + 1 + len(event_ids))
    changes.get_all(*(_IDS + event_id for event_id in event_ids), *map(event_key, places))


def put_event(changes: Changes, place: int, event: dict[str, Any]) -> None:
    """Store an event, and where its id leads; two items."""
    changes.put(event_key(place), orjson.dumps(event, option=orjson.OPT_SORT_KEYS))
    changes.put(_IDS + event["event_id"], orjson.dumps({"place": place}))


def move_event(changes: Changes, place: int, new_place: int) -> None:
    """Store an event anew at a place behind the last, and have its id lead there once the head reaches it; two items.

    Where it was it stays.
    """
    item = changes.get(event_key(place))
    if item is None:
        raise LookupError("an event that is to move is not there")
    changes.put(event_key(new_place), item.document)
    moved = orjson.dumps({"moved": new_place, "place": place}, option=orjson.OPT_SORT_KEYS)
    changes.put(_IDS + orjson.loads(item.document)["event_id"], moved)


def deleted_ids(items: Items, head: Head, after: str, limit: int) -> tuple[list[str], str | None]:
    """Return ids of events of which it is known that they were deleted, in a part of what is known.

    Args:
        items: the items of the actor.
        head: the head of the history.
        after: the id after which to look, empty for the first.
        limit: how many ids to look at.

    Returns:
        The ids, and after which to go on; None when there are no more.

    """
    stored = items.scan(f"{_IDS}{after}{BEHIND}" if after else _IDS, _AFTER_IDS, limit)
    ids = [item.key.removeprefix(_IDS) for item in stored]
    deleted = [event_id for event_id in ids if (found := known(items, head, event_id)) and found.is_deleted]
    return deleted, ids[-1] if len(ids) == limit else None


def put_deleted_id(changes: Changes, event_id: str, now: float) -> None:
    """Remember that an id was used by an event that was deleted, unless something is known of it; one item."""
    if changes.get(_IDS + event_id) is None:
        _put_deleted(changes, event_id, 0, now)


def drop_event(changes: Changes, item: Item) -> None:
    """Take an event away as if it had never been; two items."""
    changes.delete(item.key)
    changes.delete(_IDS + orjson.loads(item.document)["event_id"])


def delete_event(changes: Changes, place: int, event_id: str, now: float) -> None:
    """Delete an event, and remember that its id was used; two items."""
    changes.delete(event_key(place))
    _put_deleted(changes, event_id, place, now)


def _put_deleted(changes: Changes, event_id: str, place: int, now: float) -> None:
    document = orjson.dumps({"deleted": True, "place": place}, option=orjson.OPT_SORT_KEYS)
    # Up to a second more, so that it is never less.
    changes.put(_IDS + event_id, document, expires=int(now) + DELETED_S + 1)
