"""What a value means: a region, a language or a time zone, each completed to the form that is stored.

Nothing is guessed. A value that has one meaning gets it; any other is refused, with what may have been meant.
"""

from collections.abc import Callable, Sequence
from typing import Any

from service.personalization.preferences.languages import Languages
from service.personalization.preferences.regions import Regions
from service.personalization.preferences.timezones import Timezones
from service.personalization.reading import Reading
from service.refusal import Detail, Refused

MAX_ALLOWED = 20
"""How many values an error lists at most."""

Meaning = Callable[[Any, Reading], object]
"""From a value that is valid by the contract to what is stored; what it raises is `Refused`."""


def make_meanings() -> dict[str, Meaning]:
    """Return the meaning of each type whose values are more than their form."""
    regions = Regions()
    return {
        "language": _language(Languages(regions)),
        "region": _Region(regions),
        "timezone": _timezone(Timezones(regions)),
    }


def _language(languages: Languages) -> Meaning:
    def meaning(value: str, reading: Reading) -> str:
        if tag := languages.tag(value):
            return tag
        reason = "This is not the tag of a language (BCP 47). Only a tag is stored, never a name."
        raise _unclear(reading.pointer(("value",)), reason, languages.like(value), "pt-BR")

    return meaning


def _timezone(timezones: Timezones) -> Meaning:
    def meaning(value: str, reading: Reading) -> str:
        if zone := timezones.zone(value):
            return zone
        reason = (
            "This is not the name of a time zone (IANA). A name such as America/Sao_Paulo is asked for: not an "
            "abbreviation, which can mean several, and not an offset, which changes with the season."
        )
        raise _unclear(reading.pointer(("value",)), reason, timezones.like(value), "America/Sao_Paulo")

    return meaning


class _Region:
    """The meaning of a region: its code and its name, from either or from both."""

    def __init__(self, regions: Regions) -> None:
        self._regions = regions

    def __call__(self, value: Any, reading: Reading) -> dict[str, str]:
        if isinstance(value, str):
            return self._shown(self._of_text(value, reading.pointer(("value",))))
        if len(value) > 1:
            return self._shown(self._of_both(value["code"], value["name"], reading))
        ((member, text),) = value.items()
        return self._shown(self._of_text(text, reading.pointer(("value", member))))

    def _of_text(self, text: str, place: str) -> str:
        known = self._regions.known_as(text)
        if len(known) != 1:
            raise self._unclear(place, known or self._regions.like(text))
        return known[0]

    def _of_both(self, code: str, name: str, reading: Reading) -> str:
        of_code = self._of_text(code, reading.pointer(("value", "code")))
        place = reading.pointer(("value", "name"))
        named = self._regions.known_as(name) or self._regions.like(name)
        if not named:
            raise self._unclear(place, [of_code])
        if of_code not in named:
            detail = f"This is not a name of {of_code}, which is {self._regions.name(of_code)}."
            choice = [self._shown(each) for each in (of_code, *named)][:MAX_ALLOWED]
            raise Refused("contradictory_value", details=[Detail(place, detail, choice, choice[0])])
        return of_code

    def _unclear(self, place: str, likely: Sequence[str]) -> Refused:
        reason = "Several countries and territories can be meant." if len(likely) > 1 else _NO_REGION
        return _unclear(place, reason, [self._shown(code) for code in likely], self._shown("BR"))

    def _shown(self, code: str) -> dict[str, str]:
        return {"code": code, "name": self._regions.name(code)}


_NO_REGION = (
    "ISO 3166 has no country or territory of this name or code. A two-letter code or an English name is asked for, of "
    "a country and not of a part of it or of a union."
)


def _unclear(place: str, reason: str, likely: Sequence[object], example: object) -> Refused:
    """Return the refusal of a value that has no meaning, or several."""
    if not likely:
        return Refused("unknown_value", details=[Detail(place, reason, example=example)])
    code = "ambiguous_value" if len(likely) > 1 else "unknown_value"
    if len(likely) > MAX_ALLOWED:
        reason = f"{reason} `allowed` lists only some of what can be meant."
    return Refused(code, details=[Detail(place, reason, likely[:MAX_ALLOWED], likely[0])])
