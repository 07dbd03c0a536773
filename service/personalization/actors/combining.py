"""What becomes of the profiles and preferences of two actors who are one person: the named actor's fields win."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

import orjson

from service.items import Item, Items
from service.personalization.preferences.rules import stored_preferences
from service.personalization.profile import KEYS, PROFILE_KEY, changed_fields, document, entry_key
from service.personalization.standing import aliases
from service.refusal import Detail, Refused

_AT = "/from"
_MAX_TAKEN: Final = 2_400_000
"""How many bytes of preferences one change can take besides the rest of what a merge shows; see MAX_STORED."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one actor can have.

    Attributes:
        entries: how many names and how many dates.
        preferences: how many preferences.

    """

    entries: Mapping[str, int]
    preferences: int


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept of an actor besides the history.

    Attributes:
        profile: the stored profile, None without one.
        preferences: the preferences, in the order of their types.
        aliases: the other ids that lead to the actor.

    """

    profile: bytes | None = None
    preferences: Sequence[Item] = ()
    aliases: Sequence[str] = ()

    @classmethod
    def of(cls, items: Items) -> Self:
        """Read it from the actor's items."""
        profile = items.get(PROFILE_KEY)
        return cls(profile.document if profile else None, stored_preferences(items), aliases(items))


def combined_profiles(
    target: bytes | None, source: bytes | None, limits: Mapping[str, int], now: float
) -> bytes | None:
    """Return the document of the one profile, None when neither has one.

    Names and dates of both stay, the target's where both have one at the same place. Gender and pronoun are the
    source's only where the target never had one.

    Args:
        target: the stored profile of the named actor, None without one.
        source: the stored profile of the other, None without one.
        limits: how many names and dates a profile can hold.
        now: the time, in seconds since the epoch.

    Raises:
        Refused: `too_many_entries`.

    """
    if target is None or source is None:
        return target or source
    before, others = orjson.loads(target), orjson.loads(source)
    after = dict(before)
    for name in KEYS:
        entries = {entry_key(name, entry): entry for entry in (*others.get(name, ()), *before.get(name, ()))}
        if len(entries) > max(limits[name], len(before.get(name, ()))):
            reason = (
                f"Together they have more {name} than the {limits[name]} that a profile can hold; nothing was changed."
            )
            raise Refused("too_many_entries", reason, [Detail(_AT, reason)])
        after[name] = [entries[key] for key in sorted(entries)]
    for name in others.keys() - KEYS.keys() - changed_fields(target):
        after.setdefault(name, others[name])
    return document(before, after, now)


def taken_preferences(target: Sequence[Item], source: Sequence[Item], limit: int) -> Sequence[Item]:
    """Return the preferences of the source that the target takes: those of types of which it has none.

    Raises:
        Refused: `too_many_preferences`.

    """
    there = {item.key for item in target}
    taken = [item for item in source if item.key not in there]
    if sum(len(item.document) for item in taken) > _MAX_TAKEN:
        reason = f"More than {_MAX_TAKEN} bytes of preferences would have to be moved at once; nothing was changed."
        raise Refused("too_many_preferences", reason, [Detail(_AT, reason)])
    if taken and len(target) + len(taken) > limit:
        reason = f"Together they have more preferences than the {limit} that can be kept; nothing was changed."
        raise Refused("too_many_preferences", reason, [Detail(_AT, reason)])
    return taken


def combined_aliases(target: Sequence[str], source: Sequence[str], limit: int) -> list[str]:
    """Return the ids that lead to the one actor, in their order.

    Raises:
        Refused: `too_many_aliases`.

    """
    ids: dict[str, Any] = dict.fromkeys((*target, *source))
    if len(ids) > limit:
        raise Refused("too_many_aliases")
    return list(ids)
