"""Countries and territories: ISO 3166-1 alpha-2 codes, and the names that people call them by.

The codes are those that the IANA time zone database lists as assigned by ISO 3166-1 (`iso3166.tab`); the name that is
shown is the English one of Unicode's CLDR. A code is also known by its alpha-3 and numeric forms and by what CLDR
replaces it from (`UK`), a name also as the IANA database writes it, and by the table below.
"""

from collections.abc import Sequence
from importlib import resources

from babel import Locale
from babel.core import get_global

from service.personalization.preferences.names import Names, code_of

_COMMON: dict[str, tuple[str, ...]] = {
    "AE": ("UAE", "Emirates"),
    "AG": ("Antigua",),
    "AX": ("Aland",),
    "BA": ("Bosnia", "Bosnia-Herzegovina"),
    "BN": ("Brunei Darussalam",),
    "BO": ("Plurinational State of Bolivia",),
    "BQ": ("Bonaire, Sint Eustatius and Saba", "Caribbean Netherlands"),
    "CC": ("Keeling Islands", "Cocos Islands"),
    "CD": ("Democratic Republic of the Congo", "DR Congo", "DRC", "Zaire"),
    "CG": ("Republic of the Congo",),
    "CI": ("Ivory Coast",),
    "CN": ("People's Republic of China", "PRC", "Mainland China"),
    "CV": ("Cabo Verde",),
    "CZ": ("Czech Republic",),
    "DE": ("Federal Republic of Germany",),
    "FK": ("Falklands", "Malvinas", "Islas Malvinas", "Falkland Islands (Malvinas)"),
    "FM": ("Federated States of Micronesia",),
    "GB": (
        "UK",
        "Britain",
        "Great Britain",
        "United Kingdom of Great Britain and Northern Ireland",
        "England",
        "Scotland",
        "Wales",
        "Northern Ireland",
    ),
    "HK": ("Hong Kong",),
    "HM": ("Heard Island and McDonald Islands",),
    "IE": ("Republic of Ireland", "Eire"),
    "IR": ("Islamic Republic of Iran",),
    "KN": ("Saint Kitts",),
    "KP": ("Democratic People's Republic of Korea", "DPRK"),
    "KR": ("Republic of Korea", "ROK"),
    "LA": ("Lao People's Democratic Republic", "Lao PDR"),
    "MD": ("Republic of Moldova",),
    "MF": ("Saint Martin (French part)",),
    "MK": ("Macedonia", "Republic of North Macedonia", "FYROM"),
    "MM": ("Burma", "Myanmar"),
    "MO": ("Macau", "Macao"),
    "NL": ("Holland", "Kingdom of the Netherlands"),
    "NZ": ("Aotearoa",),
    "PG": ("PNG",),
    "PS": ("Palestine", "State of Palestine"),
    "RU": ("Russian Federation",),
    "SA": ("KSA", "Kingdom of Saudi Arabia"),
    "SH": ("Saint Helena, Ascension and Tristan da Cunha",),
    "SX": ("Sint Maarten (Dutch part)",),
    "SY": ("Syrian Arab Republic",),
    "SZ": ("Swaziland",),
    "TL": ("East Timor",),
    "TR": ("Turkey", "Republic of Türkiye"),
    "TT": ("Trinidad",),
    "TW": ("Taiwan, Province of China",),
    "TZ": ("United Republic of Tanzania",),
    "UM": ("United States Minor Outlying Islands",),
    "US": ("USA", "United States of America", "America"),
    "VA": ("Vatican", "Holy See", "Vatican City State"),
    "VC": ("Saint Vincent",),
    "VE": ("Bolivarian Republic of Venezuela",),
    "VG": ("Virgin Islands (British)",),
    "VI": ("Virgin Islands (U.S.)",),
    "VN": ("Viet Nam",),
}
"""Other names: the English short names of ISO 3166-1 where CLDR has another, and names in common English use."""


class Regions:
    """The countries and territories of ISO 3166-1."""

    def __init__(self) -> None:
        table = resources.files("tzdata").joinpath("zoneinfo", "iso3166.tab").read_text(encoding="utf-8")
        rows = (line.partition("\t") for line in table.splitlines() if not line.startswith("#"))
        others = {code: name for code, _, name in rows}
        names = Locale("en").territories
        self._names: dict[str, str] = {code: names[code] for code in sorted(others)}
        replaced = get_global("territory_aliases").items()
        self._codes = {
            code_of(alias): tuple(code for code in codes if code in self._names) for alias, codes in replaced
        }
        self._codes |= {code_of(code): (code,) for code in self._names}
        self._index = Names(
            [
                *((name, code) for code, name in self._names.items()),
                *((name, code) for code, name in others.items()),
                *((name, code) for code, common in _COMMON.items() for name in common),
            ]
        )

    @property
    def codes(self) -> Sequence[str]:
        """All codes, in their order."""
        return tuple(self._names)

    def name(self, code: str) -> str:
        """Return the English name of a code."""
        return self._names[code]

    def known_as(self, text: str) -> Sequence[str]:
        """Return the codes of what bears exactly this name or code, whatever its case; empty when nothing does."""
        return self._codes.get(code_of(text)) or self._index.named(text)

    def like(self, text: str) -> Sequence[str]:
        """Return the codes of what may be meant by a text that is no name of anything."""
        return self._index.like(text)
