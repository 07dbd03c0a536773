"""Languages: BCP 47 tags (RFC 5646) in their normal form, and the tags of languages that are sent by their names."""

import re
import threading
from collections.abc import Sequence
from typing import Final

import langcodes
from babel import Locale
from babel.languages import get_official_languages
from langcodes.tag_parser import LanguageTagError

from service.personalization.preferences.names import Names
from service.personalization.preferences.regions import Regions

_NO_LANGUAGE: Final = frozenset({"und", "mul", "mis", "zxx", "root"})
_PRIVATE: Final = re.compile(r"x|q[a-t][a-z]")
_OF_A_PLACE: Final = re.compile(r"([^(,]+)[(,]\s*([^()]+?)\s*\)?")
_CACHED_TAGS: Final = 4_096
_COMMON: Final = (
    ("Farsi", "fa"),
    ("Castilian", "es"),
    ("Mandarin", "zh"),
    ("Flemish", "nl-BE"),
    ("Tagalog", "fil"),
    ("Bahasa Indonesia", "id"),
    ("Bahasa Melayu", "ms"),
    ("Panjabi", "pa"),
    ("Uighur", "ug"),
)
"""Names in common English use that CLDR does not have."""


class Languages:
    """The languages of the IANA Language Subtag Registry, and CLDR's English names of them."""

    def __init__(self, regions: Regions) -> None:
        self._regions = regions
        names = Locale("en").languages
        self._caches = threading.Lock()
        self._index = Names([*((name, tag.replace("_", "-")) for tag, name in names.items()), *_COMMON])

    def tag(self, text: str) -> str | None:
        """Return the normal form of a tag, `pt-BR` for `pt_br`, or None for what names no language."""
        try:
            with self._caches:
                _bound_caches()
                tag = langcodes.standardize_tag(text)
                valid = langcodes.tag_is_valid(tag)
        except LanguageTagError:
            return None
        language = tag.split("-")[0]
        return tag if valid and language not in _NO_LANGUAGE and not _PRIVATE.fullmatch(language) else None

    def like(self, text: str) -> Sequence[str]:
        """Return the tags that may be meant by a text that is no tag: a language's name, or a country."""
        tags = [*self._index.named(text), *self._of_a_place(text)] or self._index.like(text) or self._spoken_in(text)
        return tuple(dict.fromkeys(tag for tag in map(self.tag, tags) if tag))

    def _of_a_place(self, text: str) -> Sequence[str]:
        if not (parts := _OF_A_PLACE.fullmatch(text)):
            return ()
        languages, places = self._index.named(parts[1]), self._regions.known_as(parts[2])
        return [f"{language}-{place}" for language in languages for place in places]

    def _spoken_in(self, text: str) -> Sequence[str]:
        return [tag.replace("_", "-") for code in self._regions.known_as(text) for tag in get_official_languages(code)]


def _bound_caches() -> None:
    """Keep callers from filling the memory: langcodes keeps all that it has ever parsed."""
    for cache in (langcodes.Language._PARSE_CACHE, langcodes.Language._INSTANCES):  # noqa: SLF001 - there is no other way
        if len(cache) > _CACHED_TAGS:
            cache.clear()
