"""Texts that others wrote, made fit for a picture: they neither reorder, break nor hide what stands around them."""

from __future__ import annotations

import re
import unicodedata
from math import ceil

_JOINERS = "\u200c\u200d"  # part of words in Persian, and of emoji
_MOST_MARKS = 4
_LOGIN = re.compile(r"(?<=//)[^/?#]*@")
_PERCENT = {
    **dict.fromkeys("ABCDEFGHKLNOPQRSTUVXYZw#&+<=>^~", 135),
    **dict.fromkeys("MWm@%\N{HORIZONTAL ELLIPSIS}\N{REPLACEMENT CHARACTER}", 182),
    **dict.fromkeys("IJfijlrt .,:;'|!()[]/-", 62),
}
"""How wide characters are in wide proportional fonts, in percent of a column, which is 0.6 em."""


def clean(text: str) -> str:
    """A text in one line, with U+FFFD for each control, format or unassigned character and half of a surrogate pair.

    Among the format characters are those that override the direction (Unicode Standard Annex 9). Of the marks that
    stand above one another more than four are left out.
    """
    kept = []
    marks = 0
    for character in text:
        category = unicodedata.category(character)
        marks = marks + 1 if category in ("Mn", "Me") else 0
        if category == "Zs":
            kept.append(" ")
        elif category[0] in "CZ" and character not in _JOINERS:
            kept.append("\N{REPLACEMENT CHARACTER}")
        elif marks <= _MOST_MARKS:
            kept.append(character)
    return "".join(kept).strip() or "\N{REPLACEMENT CHARACTER}"


def columns(text: str) -> int:
    """How many columns a text takes, in a monospaced font or, where that is more, in a proportional one."""
    widths = [_columns_of(one) for one in text]
    percent = sum(
        width * _PERCENT.get(one, 135 if one.isupper() else 100) for one, width in zip(text, widths, strict=True)
    )
    return max(sum(widths), ceil(percent / 100))


def shortened(text: str, most: int) -> str:
    """A text that takes so many columns at most, with `…` where it was cut."""
    if len(text) <= most and columns(text) <= most:
        return text
    cut = text[:most]
    while columns(f"{cut}…") > most:
        cut = cut[:-1]
    return f"{cut.rstrip()}…"


def isolated(text: str) -> str:
    """A text that does not reorder a sentence that it stands in, by the isolates of Unicode Standard Annex 9."""
    if any(unicodedata.bidirectional(one) in ("R", "AL", "AN") for one in text):
        return f"\N{FIRST STRONG ISOLATE}{text}\N{POP DIRECTIONAL ISOLATE}"
    return text


def without_login(url: str) -> str:
    """A URL without what may be a secret: login, query and fragment."""
    return re.split("[?#]", _LOGIN.sub("", url), maxsplit=1)[0]


def _columns_of(character: str) -> int:
    """One, or two for a character of East Asia, or none for one that has no width."""
    if character.isascii():
        return 1
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
