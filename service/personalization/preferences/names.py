"""Names of countries, languages and places, found in whatever way they are written."""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from difflib import get_close_matches

_DROPPED = re.compile(r"[.'`\u2019\u02bb\u02bc]")
_BETWEEN = re.compile(r"[\W_]+")
_SPELT = {"st": "saint", "ste": "sainte"}
_PASSED_OVER = frozenset({"the", "and", "of"})
_INVERTED = re.compile(r"([^,(]+)(?:,\s*([^,()]+)|\(([^()]+)\))")
_SIMILARITY = 0.8


def folded(name: str) -> str:
    """Return a name without what writers differ in: case, accents, punctuation, `St.` for `Saint`, articles."""
    name = name.casefold().replace("&", " and ")
    letters = (letter for letter in unicodedata.normalize("NFKD", name) if not unicodedata.combining(letter))
    words = _BETWEEN.sub(" ", _DROPPED.sub("", "".join(letters))).split()
    return " ".join(_SPELT.get(word, word) for word in words if word not in _PASSED_OVER)


def code_of(text: str) -> str:
    """Return a text as codes are compared: without case, and without the dots of an abbreviation."""
    return text.replace(".", "").strip().casefold()


class Names:
    """An index from names to what they stand for."""

    def __init__(self, names: Iterable[tuple[str, str]]) -> None:
        """Index pairs of a name and what it stands for; a name may stand for several things."""
        self._index: dict[str, list[str]] = {}
        for name, key in names:
            keys = self._index.setdefault(folded(name), [])
            if key not in keys:
                keys.append(key)

    def named(self, text: str) -> Sequence[str]:
        """Return what bears exactly this name; `Korea, Republic of` is `Republic of Korea`."""
        found = self._index.get(folded(text), [])
        if not found and (inverted := _INVERTED.fullmatch(text.strip())):
            first, after_comma, in_brackets = inverted.groups()
            found = self._index.get(folded(f"{after_comma or in_brackets} {first}"), [])
        return tuple(found)

    def like(self, text: str) -> Sequence[str]:
        """Return what has all these words in a name of its own; else what has a name that is written much alike."""
        wanted = folded(text)
        words = set(wanted.split())
        if not words:
            return ()
        names = [name for name in self._index if words <= set(name.split())]
        names = names or get_close_matches(wanted, self._index, n=3, cutoff=_SIMILARITY)
        return tuple(dict.fromkeys(key for name in names for key in self._index[name]))
