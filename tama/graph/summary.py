"""A graph in words, for those who do not see it."""

from __future__ import annotations

from tama.graph.model import Change
from tama.graph.text import clean, isolated, shortened

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tama.graph.model import Graph, Space

_NAME = 60


def summary(graph: Graph) -> tuple[str, str]:
    """A title, and a description: each space with what is in it, then each bridge."""
    return _title(graph), " ".join([*map(_space, graph.spaces), *_bridges(graph)]) or "There is no space."


def _title(graph: Graph) -> str:
    if not graph.planned:
        return f"Tama: {_count(len(graph.spaces), 'space')}, {_count(len(graph.bridges), 'bridge')}"
    changes = graph.changes()
    said = [f"{changes.count(change)} to {change.word}" for change in Change if change.sign and change in changes]
    return f"Plan for Tama: {', '.join(said) or 'no changes'}"


def _space(space: Space) -> str:
    inside = [
        f"specification {_name(one.version)} with {_count(len(one.actions), 'action')}{_state(one.state)}"
        f"{_changed(one.change)}"
        for one in space.specifications
    ]
    if space.classes:
        inside.append(_count(len(space.classes), "class", "classes"))
    type_ = f" ({_name(space.type)})" if space.type else ""
    return f"Space {_name(space.name)}{type_}{_changed(space.change)}{': ' * bool(inside)}{', '.join(inside)}."


def _bridges(graph: Graph) -> list[str]:
    return [
        f"Bridge from {_name(graph.spaces[one.source].name)} to {_name(graph.spaces[one.target].name)}"
        f"{_changed(one.change)}."
        for one in graph.bridges
    ]


def _state(state: str) -> str:
    return f", {_name(state)}" if state else ""


def _changed(change: Change) -> str:
    return f", to {change.word}" if change.sign else ""


def _name(text: str) -> str:
    return isolated(shortened(clean(text), _NAME))


def _count(number: int, one: str, many: str = "") -> str:
    return f"{number} {one if number == 1 else many or f'{one}s'}"
