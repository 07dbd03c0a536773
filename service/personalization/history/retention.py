"""How long events are kept, and how those that are not leave the store.

A floor hides them at once, whatever their number; background work then deletes what lies below it, step by step.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Any, Final

import orjson

from service.items import Changes, Item
from service.personalization.history import MAX_HISTORY
from service.personalization.history.layout import Head, delete_event, keys_between, place_of
from service.personalization.standing import Standing

WORK: Final = "history"
"""The name of the background work."""

DELAY_S: Final = 30
"""How long, in seconds, events that are too many may lie below the floor, so that not every append wakes the work."""

LOOK_PERIOD_S: Final = 7 * 86_400
"""How often, in seconds, a history is looked at that nobody changes, in case other limits have been set."""

_STEP = 44
_LOOK = 100


@dataclass(frozen=True, slots=True)
class Limits:
    """Which events are kept.

    Attributes:
        events: how many of the latest events of an actor; one that was deleted counts until it would have gone.
        age: for how many seconds after they were received, None for as long as there is room.

    """

    events: int = MAX_HISTORY
    age: int | None = None


class Retention:
    """Keeps histories within their limits."""

    def __init__(self, limits: Limits, clock: Callable[[], float] = time.time) -> None:
        self._limits = limits
        self._clock = clock

    def after_append(self, changes: Changes, head: Head, now: float) -> None:
        """Hide what is too many after an append, and see to its deletion and to that of what grows old."""
        floor = self._floor(head)
        too_many = floor > head.floor
        head.floor = floor
        changes.schedule(WORK, int(now) + DELAY_S if too_many else self._look_after(now, now))

    def kept(self, events: Sequence[dict[str, Any]], now: float) -> Sequence[dict[str, Any]]:
        """Return those of a history's events, in their order, that are within the limits."""
        latest = events[-self._limits.events :]
        if self._limits.age is None:
            return latest
        too_old = takewhile(lambda event: event["received_ms"] / 1_000 + self._limits.age <= now, latest)
        return latest[sum(1 for _ in too_old) :]

    def step(self, changes: Changes) -> int | None:
        """Do one step of the background work on an actor, see `Work`."""
        now = self._clock()
        standing = Standing.of(changes)
        if standing.is_merging or standing.importing is not None:
            return int(now) + DELAY_S
        head = Head.of(changes)
        if not head.life:
            return None
        floor = self._floor(head)
        floor, is_floor_final = self._aged_floor(changes, floor, now)
        if floor > head.floor:
            head.floor = floor
            head.store(changes)
        gone = changes.scan(*keys_between(0, floor), _STEP)
        for item in gone:
            delete_event(changes, place_of(item.key), orjson.loads(item.document)["event_id"], now)
        if len(gone) == _STEP or not is_floor_final:
            return 0
        return self._next_look(changes.scan(*keys_between(floor), 1), now)

    def _floor(self, head: Head) -> int:
        return max(head.floor, head.last - self._limits.events + 1)

    def _aged_floor(self, changes: Changes, floor: int, now: float) -> tuple[int, bool]:
        """Return the floor above what is too old, and whether all was looked at."""
        if self._limits.age is None:
            return floor, True
        looked_at = changes.scan(*keys_between(floor), _LOOK)
        for item in looked_at:
            if _received(item) + self._limits.age > now:
                return floor, True
            floor = place_of(item.key) + 1
        return floor, len(looked_at) < _LOOK

    def _next_look(self, oldest: list[Item], now: float) -> int | None:
        return self._look_after(_received(oldest[0]), now) if oldest else None

    def _look_after(self, received: float, now: float) -> int:
        """Return when to look next at a history whose oldest event was received then."""
        look = int(now) + LOOK_PERIOD_S
        return look if self._limits.age is None else min(look, int(received) + self._limits.age + 1)


def delete_through(changes: Changes, head: Head, place: int) -> None:
    """Hide the event at a place and all before it, and have them deleted."""
    if place >= head.floor:
        head.floor = place + 1
        head.store(changes)
        changes.schedule(WORK)


def _received(item: Item) -> float:
    """Return when an event was received, in seconds since the epoch."""
    event: dict[str, Any] = orjson.loads(item.document)
    return float(event["received_ms"]) / 1_000
