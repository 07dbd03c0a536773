"""What a profile is and how it changes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from service.contract import Contract
from service.personalization.checking import check
from service.personalization.reading import Reading, make_reader
from service.refusal import Detail, Refused

KEYS = {"names": ("group", "index"), "dates": ("significance", "index")}
"""What tells the entries of each list apart."""


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
        self._names_example = contract.schema("ProfileInput")["properties"]["names"]["examples"][0]
        self._limits = {name: shown[name]["maxItems"] for name in KEYS}

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
        reading = self._read(body, {"actor_id": actor})
        check(self._contract, self._validator, reading)
        fields: dict[str, Any] = dict(reading.value)  # type: ignore[call-overload] # the check has proved that it is an object
        if "names" in fields:
            fields["names"] = [{"group": self._group} | name for name in fields["names"]]
        for name in KEYS.keys() & fields.keys():
            _refuse_duplicates(name, fields[name], reading)
        return Told(fields, reading)

    def merged(self, stored: bytes | None, told: Told) -> bytes:
        """Merge what an actor told into the stored profile, or create one.

        Args:
            stored: the document of the profile, None when there is none.
            told: what `told` returned.

        Returns:
            The new document: canonical, so that equal profiles are equal bytes.

        Raises:
            Refused: `name_required` or `too_many_entries`.

        """
        if stored is None and "names" not in told.fields:
            place = told.reading.pointer(("names",))
            detail = Detail(place, "At least one name is needed to create a profile.", example=self._names_example)
            raise Refused("name_required", details=[detail])
        profile: dict[str, Any] = {} if stored is None else orjson.loads(stored)
        for name, value in told.fields.items():
            profile[name] = self._merged_entries(name, profile.get(name, []), told) if name in KEYS else value
        return orjson.dumps(profile, option=orjson.OPT_SORT_KEYS)

    def _merged_entries(self, name: str, stored: list[Any], told: Told) -> list[Any]:
        keys = KEYS[name]
        entries = {tuple(entry[key] for key in keys): entry for entry in (*stored, *told.fields[name])}
        if len(entries) > self._limits[name]:
            same = " and ".join(keys)
            detail = f"A profile holds at most {self._limits[name]} of these. Send the {same} of one to replace it."
            raise Refused("too_many_entries", details=[Detail(told.reading.pointer((name,)), detail)])
        return [entries[key] for key in sorted(entries)]

    def read(self, stored: bytes) -> dict[str, Any]:
        """Return a stored profile with the defaults of what is not known."""
        profile: dict[str, Any] = self._defaults | orjson.loads(stored)
        return profile

    def shown(self, stored: bytes) -> bytes:
        """Return the representation of a stored profile."""
        return orjson.dumps(self.read(stored), option=orjson.OPT_SORT_KEYS)


def _refuse_duplicates(name: str, entries: list[Any], reading: Reading) -> None:
    first: dict[tuple[object, ...], str] = {}
    details = []
    for index, entry in enumerate(entries):
        place = reading.pointer((name, index))
        other = first.setdefault(tuple(entry[key] for key in KEYS[name]), place)
        if other != place:
            same = " and ".join(KEYS[name])
            details.append(
                Detail(place, f"This has the same {same} as {other}. Give it another, or leave one of them out.")
            )
    if details:
        raise Refused("duplicate_entry", details=details)
