"""Time zones: the names of the IANA database, and the zone that each of its aliases means now.

The database itself resolves an alias to a zone that keeps the same time, such as `Iceland` to `Africa/Abidjan`. Here an
alias becomes the name of the place that it stood for, as CLDR has it, and every name of UTC and of GMT becomes `UTC`,
as in ECMA-402.
"""

import re
from collections.abc import Sequence
from importlib import resources
from typing import Final

from babel.core import get_global

from service.personalization.preferences.names import Names
from service.personalization.preferences.regions import Regions

UTC: Final = "UTC"
_OF_UTC: Final = frozenset({"Etc/UTC", "Etc/GMT"})
_NOT_A_ZONE: Final = "Factory"
_SHORT: Final = {
    "AEST": ("Australia/Sydney", "Australia/Brisbane"),
    "AST": ("America/Halifax", "America/Puerto_Rico", "Asia/Riyadh"),
    "BST": ("Europe/London", "Asia/Dhaka"),
    "CDT": ("America/Chicago", "America/Havana"),
    "CEST": ("Europe/Berlin", "Europe/Paris", "Europe/Madrid", "Europe/Rome"),
    "CST": ("America/Chicago", "America/Mexico_City", "America/Havana", "Asia/Shanghai"),
    "EDT": ("America/New_York",),
    "EEST": ("Europe/Athens", "Europe/Helsinki", "Europe/Kyiv"),
    "EST": ("America/New_York", "America/Panama", "America/Jamaica"),
    "GST": ("Asia/Dubai",),
    "IST": ("Asia/Kolkata", "Europe/Dublin", "Asia/Jerusalem"),
    "JST": ("Asia/Tokyo",),
    "KST": ("Asia/Seoul",),
    "MDT": ("America/Denver",),
    "MSK": ("Europe/Moscow",),
    "MST": ("America/Denver", "America/Phoenix"),
    "NZST": ("Pacific/Auckland",),
    "PDT": ("America/Los_Angeles",),
    "PST": ("America/Los_Angeles", "Asia/Manila"),
    "SGT": ("Asia/Singapore",),
    "WEST": ("Europe/Lisbon",),
}
"""Abbreviations in common use and what they stand for. `EST` and `MST` are names in the database too, of a time without
summer time, which is seldom what is meant: so they are asked about like the others."""


class Timezones:
    """The time zones of the IANA database."""

    def __init__(self, regions: Regions) -> None:
        folder = resources.files("tzdata")
        names = frozenset(folder.joinpath("zones").read_text(encoding="utf-8").split())
        self._regions = regions
        self._of_country = _places(folder.joinpath("zoneinfo", "zone.tab").read_text(encoding="utf-8"))
        aliases = get_global("zone_aliases")
        named = {name: aliases.get(name, name) for name in names}
        meant = {name: UTC if zone in _OF_UTC else zone for name, zone in named.items()}
        doubtful = {_NOT_A_ZONE, *_SHORT}
        self._zones = {name.casefold(): meant[name] for name in names - doubtful} | {"utc": UTC}
        self._short = {name.casefold(): zones for name, zones in _SHORT.items()}
        # `Etc/GMT+2` is two hours behind UTC: nobody means it who writes GMT+2.
        found = sorted(name for name in names - doubtful if "/" in name and not name.startswith("Etc/"))
        self._index = Names((name.rsplit("/", 1)[-1], meant[name]) for name in found)
        self._windows = {name.casefold(): zone for name, zone in get_global("windows_zone_mapping").items()}

    def zone(self, text: str) -> str | None:
        """Return the zone of this name or alias, in any case and with spaces for `_`; None when there is none."""
        return self._zones.get(re.sub(r"\s+", "_", text.strip()).casefold())

    def like(self, text: str) -> Sequence[str]:
        """Return the zones that may be meant by a text that is no zone: an abbreviation, a city, a country."""
        name = text.strip().casefold()
        if found := self._short.get(name) or self._index.named(text):
            return found
        if zone := self._windows.get(name):
            return [self._zones[zone.casefold()]]
        of_countries = [zone for code in self._regions.known_as(text) for zone in self._of_country.get(code, ())]
        return of_countries or self._index.like(text)


def _places(table: str) -> dict[str, list[str]]:
    places: dict[str, list[str]] = {}
    for line in table.splitlines():
        if not line.startswith("#"):
            code, _coordinates, name = line.split("\t")[:3]
            places.setdefault(code, []).append(name)
    return places
