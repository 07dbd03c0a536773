"""The graph of what a control plane holds."""

from __future__ import annotations

from tama.graph.model import Action, Change, Class, Graph, Space, Specification, graph

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any


def from_objects(entries: Iterable[dict[str, Any]]) -> Graph:
    """Read what `GET /provision/control-plane/objects` answers.

    Args:
        entries: objects with `kind` and `object`, of one moment: what one refers to is there.
    """
    found: dict[str, list[dict[str, Any]]] = {}
    for entry in entries:
        found.setdefault(entry["kind"], []).append(entry["object"])
    spaces = {one["id"]: Space(one["name"], one["type"], id=one["id"]) for one in found.get("space", ())}
    specifications: dict[str, Specification] = {}
    for one in found.get("specification", ()):
        made = Specification(one["version"], one["endpoint"], one["current_state"], id=one["id"])
        specifications[one["id"]] = made
        spaces[one["space_id"]].specifications.append(made)
    for one in found.get("action", ()):
        action = Action(one["identifier"], one["method"], one["path"], id=one["id"])
        specifications[one["specification_id"]].actions.append(action)
    for one in found.get("class", ()):
        if one.get("specification_id") is None:
            spaces[one["space_id"]].classes.append(Class(one["name"], id=one["id"]))
        else:
            specifications[one["specification_id"]].derived += 1
    bridges = [
        (one["space_id"], one["target_space_id"], Change.KEPT, one["id"]) for one in found.get("space_bridge", ())
    ]
    return graph(spaces, bridges)
