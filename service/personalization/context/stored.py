"""What a context takes from the items of an actor."""

from collections.abc import Iterator, Sequence
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


def made_of(preferences: Preferences) -> tuple[str, ...]:
    """Return the keys of the items that a context is made of, besides the events, whose head stands for them."""
    return HEAD, PROFILE_KEY, *map(key, preferences.types)


def known(found: Sequence[Item | None], profiles: Profiles) -> Known:
    """Return what is known of an actor besides the history, from the items that a context is made of."""
    _head, profile, *preferences = found
    stored = [orjson.loads(item.document) for item in preferences if item is not None]
    return Known(
        profiles.read(profile.document) if profile else None,
        {preference["type"]: preference["value"] for preference in stored},
    )


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
            event: dict[str, Any] = orjson.loads(item.document)
            if thread is None or event.get("thread") == thread:
                yield Turn(event["role"], event["content"], event.get("time"))
        if len(page) < _PAGE:
            return
        last = place_of(page[-1].key)
