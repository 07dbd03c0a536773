"""How what people wrote stands in a context: as JSON (RFC 8259) that can neither leave its line nor hide."""

import re

import orjson

_ESCAPED_RANGES = (
    ("#", "#"),  # begins the frame's headings
    ("<", "<"),  # begins tags, and the special tokens of language models
    (">", ">"),
    ("`", "`"),  # fences that a prompt may put around a context
    ("\x00", "\x1f"),
    ("\x7f", "\x9f"),
    ("\u00ad", "\u00ad"),
    ("\u061c", "\u061c"),
    ("\u180e", "\u180e"),
    ("\u200b", "\u200b"),
    ("\u200e", "\u200f"),  # bidi marks; the joiners before them are part of words and of emoji
    ("\u2028", "\u202e"),
    ("\u2060", "\u206f"),
    ("\ufeff", "\ufeff"),
    ("\ufff0", "\uffff"),
    ("\U000e0000", "\U000e0fff"),  # tags and variation selectors, which hide text from people and not from models
)
_ESCAPED = re.compile("[" + "".join(f"{re.escape(first)}-{re.escape(last)}" for first, last in _ESCAPED_RANGES) + "]")


def quote(value: object) -> str:
    """Return a JSON value as one line of JSON, in which `json.loads` finds exactly that value.

    Object members are in the order of their names, so that equal values are equal lines.
    """
    # None of these characters stands outside a string or behind a backslash, so each can be replaced where it stands.
    return _ESCAPED.sub(_escape, orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode())


def _escape(found: re.Match[str]) -> str:
    units = found[0].encode("utf-16-be").hex()
    return "".join(f"\\u{units[start : start + 4]}" for start in range(0, len(units), 4))
