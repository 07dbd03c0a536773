"""What takes things out of a profile: merge patches, and the removal of one entry."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import orjson

from service.contract import Contract
from service.personalization.profile import KEYS, Profiles, Told, document, entry_key
from service.personalization.queries import Queries
from service.personalization.reading import CALL_PARTS, Reading, Subject
from service.refusal import Detail, Refused

_PATH = Subject("path", "invalid_parameter")
_PLACES = {"names": "NamePlace", "dates": "DatePlace"}


@dataclass(frozen=True, slots=True)
class Patch:
    """A merge patch that was read and not yet checked.

    Attributes:
        removed: the fields that it removes or empties.
        reading: the body, with the fields that it sets.

    """

    removed: Mapping[str, Any]
    reading: Reading

    @property
    def replaces_lists(self) -> bool:
        """Return whether it replaces `names` or `dates` as a whole."""
        value = self.reading.value
        named = self.removed.keys() | (value.keys() if isinstance(value, dict) else set())
        return bool(KEYS.keys() & named)


class Patches:
    """The rules of merge patches (RFC 7396) on profiles, by a contract."""

    def __init__(self, contract: Contract, profiles: Profiles) -> None:
        self._fields = contract.schema("ProfileInput")["properties"].keys()
        self._profiles = profiles

    def read(self, body: object, actor: str) -> Patch:
        """Read a merge patch for this actor; in it `null` and `[]` are what they say, and not absent.

        Raises:
            Refused: `actor_mismatch`, or `invalid_profile` for a tool call that is not this one.

        """
        reading = self._profiles.reading(body, actor)
        members = reading.members(body).items()
        # A part of a tool call that is null was left empty there, and is no field to remove.
        parts = CALL_PARTS.union(reading.subject.wrappers)
        return Patch({name: it for name, it in members if it in (None, []) and name not in parts}, reading)

    def told(self, patch: Patch) -> Told:
        """Check a merge patch, and return the fields that it sets; those that it removes are None.

        Raises:
            Refused: `invalid_profile` or `duplicate_entry`.

        """
        reading = patch.reading
        strangers = {name: it for name, it in patch.removed.items() if name not in self._fields}
        if strangers and isinstance(reading.value, dict):
            reading.value = reading.value | strangers
        told = self._profiles.checked(reading)
        return Told({**told.fields, **dict.fromkeys(patch.removed)}, reading)


def patched(stored: bytes, told: Told, now: float) -> bytes:
    """Apply a merge patch to the stored profile.

    Args:
        stored: the document of the profile.
        told: what `Patches.told` returned.
        now: the time, in seconds since the epoch.

    Returns:
        The new document.

    Raises:
        Refused: `last_name`.

    """
    before = orjson.loads(stored)
    after = dict(before)
    for name, value in told.fields.items():
        if value is None:
            after.pop(name, None)
        else:
            after[name] = sorted(value, key=partial(entry_key, name)) if name in KEYS else value
    if not after.get("names"):
        detail = "This would leave the profile without a name."
        raise Refused("last_name", details=[Detail(told.reading.pointer(("names",)), detail)])
    return document(before, after, now)


class Places:
    """The rules of the paths that lead to one entry of a profile, by a contract."""

    def __init__(self, contract: Contract) -> None:
        self._paths = {name: Queries(contract, schema, _PATH) for name, schema in _PLACES.items()}

    def told(self, name: str, parameters: Mapping[str, str]) -> tuple[object, ...]:
        """Return the key of an entry of the list with this name, from the parameters of a path.

        Raises:
            Refused: `invalid_parameter`.

        """
        return entry_key(name, self._paths[name].told({key: [value] for key, value in parameters.items()}))


def without(stored: bytes, name: str, key: tuple[object, ...], now: float) -> bytes:
    """Remove an entry from the stored profile.

    Args:
        stored: the document of the profile.
        name: the list that holds the entry.
        key: what `Places.told` returned.
        now: the time, in seconds since the epoch.

    Returns:
        The new document.

    Raises:
        Refused: `entry_not_found` or `last_name`.

    """
    before = orjson.loads(stored)
    entries = before.get(name, [])
    kept = [entry for entry in entries if entry_key(name, entry) != key]
    if len(kept) == len(entries):
        raise Refused("entry_not_found")
    if name == "names" and not kept:
        raise Refused("last_name")
    return document(before, before | {name: kept}, now)
