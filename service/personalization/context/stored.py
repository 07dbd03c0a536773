"""What a context takes from the items of an actor."""

from collections.abc import Iterator
from typing import Any

import orjson

from service.items import Items
from service.personalization.context.context import Known
from service.personalization.context.frame import Turn
from service.personalization.preferences.rules import Preferences
from service.personalization.profile import Profiles

_EVENTS, _AFTER_EVENTS = "event/", "event0"
_PAGE = 32


def known(items: Items, profiles: Profiles, preferences: Preferences) -> Known:
    """Return what is known of an actor besides the history."""
    profile = items.get("profile")
    stored = [orjson.loads(item.document) for item in preferences.all(items)]
    return Known(
        profiles.read(profile.document) if profile else None,
        {preference["type"]: preference["value"] for preference in stored},
    )


def turns(items: Items, thread: str | None) -> Iterator[Turn]:
    """Return the turns of an actor's conversation, the newest first, page by page as they are asked for.

    Args:
        items: the items of the actor.
        thread: the thread whose turns are wanted, None for all.

    """
    last = _AFTER_EVENTS
    while page := items.scan(_EVENTS, last, _PAGE, newest_first=True):
        for item in page:
            event: dict[str, Any] = orjson.loads(item.document)
            if thread is None or event.get("thread") == thread:
                yield Turn(event["role"], event["content"], event.get("time"))
        last = page[-1].key
