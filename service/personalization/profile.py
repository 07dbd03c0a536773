"""What a profile is and how it changes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson

from service.contract import Contract
from service.personalization.checking import check
from service.personalization.reading import Reading, make_reader
from service.personalization.times import milliseconds, recorded
from service.refusal import Detail, Refused

KEYS = {"names": ("group", "index"), "dates": ("significance", "index")}
"""What tells the entries of each list apart."""

PROFILE_KEY: Final = "profile"
"""The key of the item that keeps a profile."""

MAX_BYTES: Final = 196_608
"""How many bytes a stored profile may have: half of what an answer that is kept for a retry may, since each can be a
quotation mark, which takes two there. Only limits that were raised let a profile become so long."""

# A member of the stored document that no field of a profile can have: when each field last changed, in milliseconds.
_CHANGED = "~changed"
# It is the last member, since no field's name comes after it.
_CHANGED_BEGINS = f',"{_CHANGED}":'.encode()


@dataclass(frozen=True, slots=True)
class Told:
    """What an actor told.

    Attributes:
        fields: the fields of a valid ProfileInput, defaults of entries filled in.
        reading: the body that they were read from, to point into.

    """

    fields: Mapping[str, Any]
    reading: Reading


class Profiles:
    """The rules of profiles, by a contract."""

    def __init__(self, contract: Contract) -> None:
        self._contract = contract
        self._read = make_reader(contract, contract.schema("ProfileInput"))
        self._validator = contract.validator("ProfileInput")
        self._actor_ids = contract.validator("ActorId")
        self._group: str = contract.schema("NameInput")["properties"]["group"]["default"]
        shown = contract.schema("Profile")["properties"]
        self._defaults = {name: field["default"] for name, field in shown.items() if "default" in field}
        self._members = [f'"{name}":'.encode() for name in self._defaults]
        told = contract.schema("ProfileInput")["properties"]
        self._names_example = told["names"]["examples"][0]
        self._limits = {name: told[name]["maxItems"] for name in KEYS}

    def check_actor(self, actor: str) -> None:
        """Check an actor id.

        Raises:
            Refused: `invalid_actor_id`.

        """
        if not self._actor_ids.is_valid(actor):
            raise Refused("invalid_actor_id")

    def told(self, body: object, actor: str) -> Told:
        """Read and check the body of a call for this actor.

        Raises:
            Refused: `invalid_profile`, `duplicate_entry` or `actor_mismatch`.

        """
        return self.checked(self.reading(body, actor))

    def reading(self, body: object, actor: str) -> Reading:
        """Read the body of a call for this actor.

        Raises:
            Refused: `actor_mismatch`, or `invalid_profile` for a tool call that is not this one.

        """
        return self._read(body, {"actor_id": actor})

    def checked(self, reading: Reading) -> Told:
        """Check what was read.

        Raises:
            Refused: `invalid_profile` or `duplicate_entry`.

        """
        check(self._contract, self._validator, reading)
        fields: dict[str, Any] = dict(reading.value)  # type: ignore[call-overload] # the check has proved that it is an object
        if "names" in fields:
            fields["names"] = [{"group": self._group} | name for name in fields["names"]]
        for name in KEYS.keys() & fields.keys():
            _refuse_duplicates(name, fields[name], reading)
        return Told(fields, reading)

    def merged(self, stored: bytes | None, told: Told, now: float) -> bytes:
        """Merge what an actor told into the stored profile, or create one.

        Args:
            stored: the document of the profile, None when there is none.
            told: what `told` returned.
            now: the time, in seconds since the epoch.

        Returns:
            The new document: canonical, so that equal profiles are equal bytes.

        Raises:
            Refused: `name_required` or `too_many_entries`.

        """
        if stored is None and "names" not in told.fields:
            place = told.reading.pointer(("names",))
            detail = Detail(place, "At least one name is needed to create a profile.", example=self._names_example)
            raise Refused("name_required", details=[detail])
        before: dict[str, Any] = {} if stored is None else orjson.loads(stored)
        after = dict(before)
        for name, value in told.fields.items():
            after[name] = self._merged_entries(name, before.get(name, []), told) if name in KEYS else value
        return document(before, after, now)

    def _merged_entries(self, name: str, stored: list[Any], told: Told) -> list[Any]:
        keys = KEYS[name]
        entries = {entry_key(name, entry): entry for entry in (*stored, *told.fields[name])}
        # A list that is longer than the bound, from before it was lowered, can still be changed.
        if len(entries) > max(self._limits[name], len(stored)):
            same = " and ".join(keys)
            detail = f"A profile holds at most {self._limits[name]} of these. Send the {same} of one to replace it."
            raise Refused("too_many_entries", details=[Detail(told.reading.pointer((name,)), detail)])
        return [entries[key] for key in sorted(entries)]

    def read(self, stored: bytes) -> dict[str, Any]:
        """Return a stored profile with the defaults of what is not known."""
        profile: dict[str, Any] = self._defaults | orjson.loads(stored)
        profile.pop(_CHANGED, None)
        return profile

    def shown(self, stored: bytes) -> bytes:
        """Return the representation of a stored profile."""
        # No text of an actor holds a quotation mark without a backslash before it, so what is found here is a member.
        shown, begun, _changed = stored.partition(_CHANGED_BEGINS)
        if all(name in shown for name in self._members):
            return shown + b"}" if begun else stored
        return orjson.dumps(self.read(stored), option=orjson.OPT_SORT_KEYS)

    def shown_with_meta(self, stored: bytes) -> bytes:
        """Return the representation of a stored profile that says when each of its fields last changed."""
        times = orjson.loads(stored).get(_CHANGED, {})
        return orjson.dumps(self.read(stored) | {"meta": _meta(times)}, option=orjson.OPT_SORT_KEYS)


def with_bounds(contract: Contract, names: int, dates: int) -> Contract:
    """Return a contract in which a profile holds at most so many names and dates."""
    bounds = {"names": names, "dates": dates}

    def change(whole: dict[str, Any]) -> None:
        fields = whole["components"]["schemas"]["ProfileInput"]["properties"]
        for name, bound in bounds.items():
            fields[name]["maxItems"] = bound

    told = contract.schema("ProfileInput")["properties"]
    return contract if all(told[name]["maxItems"] == bounds[name] for name in KEYS) else contract.changed(change)


def document(before: Mapping[str, Any], after: Mapping[str, Any], now: float) -> bytes:
    """Return the document of a profile after a change, which says when each field last changed.

    Args:
        before: what was stored, empty for nothing.
        after: what is to be stored; an empty list is as one that is not there.
        now: the time, in seconds since the epoch.

    Raises:
        Refused: `too_many_entries` when it would be longer than MAX_BYTES.

    """
    kept = {name: value for name, value in after.items() if value != []}
    changed = {name: int(now * 1_000) for name in before.keys() | kept.keys() if before.get(name) != kept.get(name)}
    if changed:
        kept[_CHANGED] = before.get(_CHANGED, {}) | changed
    return _bounded(kept)


def changed_fields(stored: bytes) -> set[str]:
    """Return the fields of a stored profile that were ever changed, with what keeps their times."""
    times = orjson.loads(stored).get(_CHANGED, {})
    return {_CHANGED, *times}


def told_with_meta(stored: bytes) -> dict[str, Any]:
    """Return what was told of a stored profile, without defaults, and when each field last changed."""
    told: dict[str, Any] = orjson.loads(stored)
    times = told.pop(_CHANGED, None)
    return told if times is None else told | {"meta": _meta(times)}


def _meta(times: Mapping[str, int]) -> dict[str, Any]:
    return {"changed_at": {name: recorded(at) for name, at in times.items()}}


def stored_with_meta(told: Mapping[str, Any]) -> bytes:
    """Return the document of a profile from what `told_with_meta` returns of it.

    Raises:
        Refused: `too_many_entries` when it would be longer than MAX_BYTES.

    """
    kept = {name: value for name, value in told.items() if name != "meta"}
    if "meta" in told:
        kept[_CHANGED] = {name: milliseconds(at) for name, at in told["meta"]["changed_at"].items()}
    return _bounded(kept)


def _bounded(kept: Mapping[str, Any]) -> bytes:
    stored = orjson.dumps(kept, option=orjson.OPT_SORT_KEYS)
    if len(stored) > MAX_BYTES:
        raise Refused("too_many_entries", f"The profile would have more than {MAX_BYTES} bytes; nothing was stored.")
    return stored


def entry_key(name: str, entry: Mapping[str, Any]) -> tuple[Any, ...]:
    """Return what tells an entry of this list from the others."""
    return tuple(entry[key] for key in KEYS[name])


def _refuse_duplicates(name: str, entries: list[Any], reading: Reading) -> None:
    if len({entry_key(name, entry) for entry in entries}) == len(entries):
        return
    first: dict[tuple[object, ...], str] = {}
    details = []
    for index, entry in enumerate(entries):
        place = reading.pointer((name, index))
        other = first.setdefault(entry_key(name, entry), place)
        if other != place:
            same = " and ".join(KEYS[name])
            details.append(
                Detail(place, f"This has the same {same} as {other}. Give it another, or leave one of them out.")
            )
    if details:
        raise Refused("duplicate_entry", details=details)
