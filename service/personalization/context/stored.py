"""What a context takes from the items of an actor."""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

import orjson

from service.items import Item, Items
from service.personalization.context.context import Known
from service.personalization.context.frame import Turn
from service.personalization.history.layout import HEAD, Head, place_of, scan_events
from service.personalization.preferences.rules import Preferences, key
from service.personalization.profile import PROFILE_KEY, Profiles

_TIMEZONE = key("timezone")
_PAGE = 32
_REMEMBERED = 4_096
_LONGEST_REMEMBERED = 1_000
"""How many events are remembered as turns, and how long, in bytes, such an event can be."""


def known(items: Items, profiles: Profiles, preferences: Preferences) -> Known:
    """Return what is known of an actor besides the history."""
    profile = items.get(PROFILE_KEY)
    stored = [orjson.loads(item.document) for item in preferences.all(items)]
    return Known(
        profiles.read(profile.document) if profile else None,
        {preference["type"]: preference["value"] for preference in stored},
    )


def made_of(preferences: Preferences) -> tuple[str, ...]:
    """Return the keys of the items that a context is made of, besides the events, whose head stands for them."""
    return HEAD, PROFILE_KEY, *map(key, preferences.types)


def timezone_of(found: Sequence[Item | None]) -> str | None:
    """Return the time zone of an actor, from the items that a context is made of; None for none that is known."""
    for item in found:
        if item is not None and item.key == _TIMEZONE:
            value = orjson.loads(item.document)["value"]
            return value if isinstance(value, str) else None
    return None


def turns(items: Items, thread: str | None) -> Iterator[Turn]:
    """Return the turns of an actor's conversation, the newest first, page by page as they are asked for.

    Args:
        items: the items of the actor.
        thread: the thread whose turns are wanted, None for all.

    """
    head = Head.of(items)
    last = head.last + 1
    while page := scan_events(items, head, head.floor, last, _PAGE, newest_first=True):
        for item in page:
            document = item.document
            turn, its_thread = _remembered(document) if len(document) <= _LONGEST_REMEMBERED else _read(document)
            if thread is None or its_thread == thread:
                yield turn
        if len(page) < _PAGE:
            return
        last = place_of(page[-1].key)


def _read(document: bytes) -> tuple[Turn, str | None]:
    event: dict[str, Any] = orjson.loads(document)
    return Turn(event["role"], event["content"], event.get("time")), event.get("thread")


_remembered = lru_cache(_REMEMBERED)(_read)
