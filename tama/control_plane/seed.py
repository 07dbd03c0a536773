"""What modules of Memovee expect to find in a control plane.

At least the space that all share, and the class for proxies in it; in full, all that the global module declares. What
is there stays as it is. Of several processes that seed one store at once each makes it only once, by the keys of its
creates.
"""

from __future__ import annotations

import json
from pathlib import Path

from tama.control_plane.creates import CreateKey

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from tama.control_plane import ControlPlane

    Object = dict[str, Any]

_SPACES = "/provision/neural/spaces"
_PROXY = {
    "title": "class-proxy",
    "description": "Stands for a class, by its name, description and schema.",
    "type": "object",
    "properties": {
        "name": {"type": "string", "description": "The class's name."},
        "description": {"type": "string", "description": "What the class is for."},
        "schema": {"type": "object", "description": "The class's JSON schema."},
    },
    "required": ["name", "description", "schema"],
}
_CLASSES = Path(__file__).with_name("seed.json")
_CLASSES_OF_THE_STACK = Path(__file__).parents[2] / "modules" / "global" / "classes"
_CORPORA = {
    "answer": ("Answer Content", "answer-content", "{{ data.content }}"),
    "context-metadata": ("Context Metadata", "context-metadata", "{{ data }}"),
    "action-call": ("Action Call JSON", "action-call-json", "{{ data }}"),
    "collection": ("Sample Items", "sample-items", "{{ data.items }}"),
}
"""Name, slug and template of the corpus of a class."""

_CHAIN = "Identity Validation"


def seed(plane: ControlPlane, *, full: bool = False) -> None:
    """Make the space `global` and its class `class-proxy`, or all of the global module, where it is missing."""
    space = _there(plane, f"{_SPACES}/global", _SPACES, {"space": {"name": "global", "type": "global"}})
    at = f"{_SPACES}/{space['id']}/classes"
    _class(plane, at, _PROXY)
    if not full:
        return
    given = [json.loads(path.read_text()) for path in sorted(_CLASSES_OF_THE_STACK.glob("*.json"))]
    schemas = [*json.loads(_CLASSES.read_text()), *given]
    classes = {schema["title"]: _class(plane, at, schema)["id"] for schema in schemas}
    for name, (title, slug, template) in _CORPORA.items():
        corpora = f"/provision/neural/classes/{classes[name]}/corpora"
        corpus = {"name": title, "main": True, "template": template}
        _there(plane, f"{corpora}/{slug}", corpora, {"corpus": corpus})
    if not any(chain["space_id"] == space["id"] and chain["name"] == _CHAIN for chain in plane.objects("chain")):
        chains = f"/provision/perception/spaces/{space['id']}/chains"
        chain = _made(plane, chains, {"chain": {"name": _CHAIN}})
        module = {"reference": "tama/identities/validate"}
        thought = {"relation": "validation", "output_class_id": classes["task-result"], "module": module}
        _made(plane, f"/provision/perception/chains/{chain['id']}/thoughts", {"thought": thought})


def _class(plane: ControlPlane, at: str, schema: Object) -> Object:
    return _there(plane, f"{at}/{schema['title']}", at, {"class": {"schema": schema}})


def _there(plane: ControlPlane, path: str, collection: str, body: Object) -> Object:
    """What is found at a path, or else made."""
    _, answer = plane.handle("GET", path)
    found: Object | None = answer and answer.get("data")
    return found or _made(plane, collection, body)


def _made(plane: ControlPlane, collection: str, body: Object) -> Object:
    key = CreateKey("seed", json.dumps([collection, body]))
    status, answer = plane.handle("POST", collection, body, key)
    if status == 404:  # noqa: PLR2004 - what was made with the key has been deleted since
        status, answer = plane.handle("POST", collection, body)
    if answer is None or "data" not in answer:
        raise RuntimeError(f"the seed was refused with {status}: {answer}")
    made: Object = answer["data"]
    return made
