"""What a picture shows: spaces with what is in them, and the bridges between them.

An object has its `id` where a control plane holds it, and none in a plan.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum


class Change(Enum):
    """What a plan does to an object: the sign that tells it, as Terraform's, and the word."""

    KEPT = "", "keep"
    ADDED = "+", "add"
    CHANGED = "~", "change"
    REPLACED = "±", "replace"
    REMOVED = "−", "remove"  # noqa: RUF001 - as wide as the plus

    @property
    def sign(self) -> str:
        """One character; none where nothing changes."""
        return self.value[0]

    @property
    def word(self) -> str:
        """The verb."""
        return self.value[1]


@dataclass(frozen=True)
class Action:
    """One operation of a specification; `method` and `path` are empty where they are not known."""

    identifier: str
    method: str = ""
    path: str = ""
    change: Change = Change.KEPT
    id: str = ""


@dataclass(frozen=True)
class Class:
    """A class that somebody declared."""

    name: str
    change: Change = Change.KEPT
    id: str = ""


@dataclass
class Specification:
    """A document with its endpoint; `derived` is how many classes it yielded."""

    version: str
    endpoint: str
    state: str
    actions: list[Action] = field(default_factory=list)
    derived: int = 0
    change: Change = Change.KEPT
    id: str = ""


@dataclass
class Space:
    """A space; `type` is empty where it is not known."""

    name: str
    type: str
    specifications: list[Specification] = field(default_factory=list)
    classes: list[Class] = field(default_factory=list)
    change: Change = Change.KEPT
    id: str = ""


@dataclass(frozen=True)
class Bridge:
    """A bridge; its ends are indices of spaces."""

    source: int
    target: int
    change: Change = Change.KEPT
    id: str = ""


@dataclass(frozen=True)
class Graph:
    """Spaces and bridges.

    Attributes:
        spaces: by name; what is in them too.
        bridges: by their ends.
        planned: whether it is that of a plan.
    """

    spaces: list[Space]
    bridges: list[Bridge]
    planned: bool = False

    def changes(self) -> list[Change]:
        """What is done to each object that it shows and Terraform knows; actions it does not."""
        specifications = [one for space in self.spaces for one in space.specifications]
        classes = [one for space in self.spaces for one in space.classes]
        everything: list[Space | Specification | Class | Bridge] = [
            *self.spaces,
            *specifications,
            *classes,
            *self.bridges,
        ]
        return [one.change for one in everything]


def graph(spaces: dict[str, Space], bridges: list[tuple[str, str, Change, str]], *, planned: bool = False) -> Graph:
    """A graph in its order, which does not depend on ids.

    Args:
        spaces: the spaces by a key.
        bridges: the keys of their two ends, what is done to them, and their ids.
        planned: whether it is that of a plan.
    """
    keys = sorted(spaces, key=lambda key: (spaces[key].name, spaces[key].type, spaces[key].change.word))
    for space in spaces.values():
        space.specifications.sort(key=lambda one: (one.endpoint, one.version, one.state, one.change.word))
        space.classes.sort(key=lambda one: (one.name, one.change.word))
        for specification in space.specifications:
            specification.actions.sort(key=lambda one: (one.identifier, one.path, one.method))
    index = {key: at for at, key in enumerate(keys)}
    ends = [Bridge(index[source], index[target], change, id_) for source, target, change, id_ in bridges]
    ends.sort(key=lambda one: (one.source, one.target, one.change.word))
    return Graph([spaces[key] for key in keys], ends, planned)
