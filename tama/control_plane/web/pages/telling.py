"""Objects as pages tell of them."""

from __future__ import annotations

import json
import re
import unicodedata
from typing import TYPE_CHECKING, Any, NamedTuple

from tama.graph.text import clean, isolated, shortened

if TYPE_CHECKING:
    from collections.abc import Iterable

MOST_ROWS = 500
"""How many objects a list shows."""

_LONGEST_NAME = 60
_LONGEST_VALUE = 500
_MOST_MARKS = 4
_BEYOND_ASCII = re.compile("[^\t\n\x20-\x7e]+")
_JOINERS = "\u200c\u200d"
_STATES = {"active": "good", "completed": "good", "processed": "good", "failed": "danger"}
_FIRST = ("space", "specification", "source_identity", "action", "space_bridge", "class")
"""The kinds that people look for first."""


class Row(NamedTuple):
    """An object in a list.

    Attributes:
        id: its id.
        kind: its kind, in words.
        name: what it is called.
        about: what else tells it from others.
        space: the id of the space that it belongs to, if it does.
        state: how far Tama is with it.
        tone: `good`, `warning` or `danger`.
    """

    id: str
    kind: str
    name: str
    about: str
    space: str | None
    state: str
    tone: str


def names(spaces: Iterable[dict[str, Any]], bridges: Iterable[dict[str, Any]]) -> dict[str, str]:
    """What spaces and bridges are called, by their ids; a bridge has no name of its own."""
    found = {one["id"]: short(one["name"]) for one in spaces}
    for one in bridges:
        found[one["id"]] = " → ".join(isolated(found[one[end]]) for end in ("space_id", "target_space_id"))
    return found


def called(kind: str, object_: dict[str, Any], known: dict[str, str]) -> str:
    """What an object, or what refers to it, is called in one short line; by its id where it has no name."""
    if object_["id"] in known:
        return known[object_["id"]]
    said = short(object_.get("name") or object_.get("identifier") or object_.get("version") or object_["id"])
    return f"Specification {said}" if kind == "specification" else said


def short(text: str) -> str:
    """A text in one short line."""
    return shortened(clean(text), _LONGEST_NAME)


def words(kind: str) -> str:
    """A kind as people say it."""
    return kind.replace("_", " ")


def state(object_: dict[str, Any]) -> tuple[str, str]:
    """The state of an object, and whether that is `good`, a `warning`, or a `danger`."""
    said = object_.get("current_state") or object_.get("provision_state") or ""
    return said, _STATES.get(said, "warning")


def rank(kind: str) -> tuple[int, str]:
    """What kinds are sorted by: those first that people look for first."""
    return _FIRST.index(kind) if kind in _FIRST else len(_FIRST), kind


def rows(entries: Iterable[dict[str, Any]], searched: str, known: dict[str, str]) -> list[Row]:
    """Those of the control plane's objects in which a text is found, in whatever case; all for an empty one."""
    wanted = searched.strip().casefold()
    found: dict[str, list[Row]] = {}
    for entry in entries:
        object_ = entry["object"]
        texts = [value for value in object_.values() if isinstance(value, str)]
        if not wanted or any(wanted in text.casefold() for text in texts):
            row = _row(entry["kind"], object_, entry["space_id"], called(entry["kind"], object_, known))
            found.setdefault(entry["kind"], []).append(row)
    return [row for kind in sorted(found, key=rank) for row in found[kind]]


def value(given: object) -> str:
    """A value of an object; a long one stands in its JSON alone."""
    text = given if isinstance(given, str) else json.dumps(given, ensure_ascii=False)
    return visible(text) if len(text) <= _LONGEST_VALUE else f"({len(text):,} characters, which stand below)"


def document(object_: dict[str, Any]) -> str:
    """The JSON of an object."""
    return visible(json.dumps(object_, ensure_ascii=False, indent=2))


def visible(text: str) -> str:
    """A text with an escape of JSON in the place of each character that nobody sees, or that reorders or buries others.

    Such are controls, format characters and halves of surrogate pairs, and of marks that stand above one another those
    beyond the fourth.
    """
    return _BEYOND_ASCII.sub(lambda run: _escaped(run[0]), text)


def _escaped(run: str) -> str:
    kept = []
    marks = 0
    for character in run:
        category = unicodedata.category(character)
        marks = marks + 1 if category in ("Mn", "Me") else 0
        unseen = category[0] in "CZ" and character not in _JOINERS
        kept.append(json.dumps(character)[1:-1] if unseen or marks > _MOST_MARKS else character)
    return "".join(kept)


def _row(kind: str, object_: dict[str, Any], space: str | None, name: str) -> Row:
    match kind:
        case "specification":
            about = object_["endpoint"]
        case "action":
            about = f"{object_['method'].upper()} {object_['path']}"
        case "space":
            about = object_["type"]
        case _:
            about = ""
    return Row(object_["id"], words(kind), name, short(about) if about else "", space, *state(object_))
