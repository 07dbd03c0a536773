"""Texts that others wrote, made fit for a picture: they neither reorder, break nor hide what stands around them."""

from __future__ import annotations

import re
import unicodedata

_JOINERS = "\u200c\u200d"  # part of words in Persian, and of emoji
_MOST_MARKS = 4
_LOGIN = re.compile(r"(?<=//)[^/?#]*@")


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
    """How many columns a text takes: a character one, or two of East Asia's, or none where it has no width."""
    if text.isascii():
        return len(text)
    return sum(
        1 + (unicodedata.east_asian_width(one) in "WF")
        for one in text
        if unicodedata.category(one) not in ("Mn", "Me", "Cf")
    )


def shortened(text: str, most: int) -> str:
    """A text that takes so many columns at most, with `…` where it was cut."""
    if len(text) <= most and columns(text) <= most:
        return text
    cut = text[:most]
    while columns(cut) >= most:
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
