"""Where the events of two histories come to stand in one: in the order in which they were received.

Each history keeps its own order, and an event of the source follows all those of the target that were received no
later. So what the target received before the first event of the source stays where it is, and only the rest moves.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from heapq import merge
from itertools import accumulate
from typing import Any, NamedTuple

import orjson

from service.items import Item, Items
from service.personalization.history.layout import Head, place_of, scan_events

PAGE = 100


class Received(NamedTuple):
    """An event of a history: when it was received, in milliseconds since the epoch, where it lies, and its id."""

    at: int
    place: int
    event_id: str


class Move(NamedTuple):
    """An event that is to be stored anew: from the source or the target, where it lies there, and its id there."""

    is_of_source: bool
    place: int
    event_id: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done to make one history of two.

    Attributes:
        moves: the events that are stored anew behind all others, in their order.
        first: the place of the first event of the target that moves; what lies from there on is then hidden.

    """

    moves: Sequence[Move]
    first: int


def received_after(items: Items, head: Head, last: int, moment: int) -> tuple[list[Received], bool]:
    """Return events before a place, the newest first, up to the first that was received no later than a moment.

    At most PAGE, and whether there may be more.
    """
    page = [_received(item) for item in scan_events(items, head, 0, last, PAGE, newest_first=True)]
    for index, event in enumerate(page):
        if event.at <= moment:
            return page[:index], False
    return page, len(page) == PAGE


def interleaved(source: Sequence[Received], target: Sequence[Received], next_place: int) -> Plan:
    """Return how the events of the source and the last ones of the target come to stand.

    Args:
        source: the events of the source, in their order.
        target: the events of the target that were received after the first of the source, in their order.
        next_place: the place behind the last of the target.

    """
    # A clock may have gone back: of both histories the moments are taken as ones that never do.
    moments = list(accumulate((event.at for event in source), max))
    ends = list(accumulate((event.at for event in reversed(target)), min))[::-1]
    ordered: Iterator[Any] = merge(
        ((at, 0, event) for at, event in zip(ends, target, strict=True)),
        ((at, 1, event) for at, event in zip(moments, source, strict=True)),
        key=lambda entry: entry[:2],
    )
    moves = [Move(bool(side), event.place, event.event_id) for _, side, event in ordered]
    return Plan(moves, target[0].place if target else next_place)


def _received(item: Item) -> Received:
    event = orjson.loads(item.document)
    return Received(event["received_ms"], place_of(item.key), event["event_id"])
