"""What every control plane is expected to have: the space that all share, and the class for proxies in it."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from tama.control_plane import ControlPlane

_SPACES = "/provision/neural/spaces"
_CLASS = {
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


def seed(plane: ControlPlane) -> None:
    """Make the space `global` and its class `class-proxy` where they are missing; what is there stays as it is."""
    space = _found(plane, f"{_SPACES}/global")
    if space is None:
        space = _made(plane, _SPACES, {"space": {"name": "global", "type": "global"}})
    classes = f"{_SPACES}/{space['id']}/classes"
    if _found(plane, f"{classes}/class-proxy") is None:
        _made(plane, classes, {"class": {"schema": _CLASS}})


def _found(plane: ControlPlane, path: str) -> dict[str, Any] | None:
    _, answer = plane.handle("GET", path)
    return answer and answer.get("data")


def _made(plane: ControlPlane, path: str, body: object) -> dict[str, Any]:
    status, answer = plane.handle("POST", path, body)
    if answer is None or "data" not in answer:
        raise RuntimeError(f"the seed was refused with {status}: {answer}")
    made: dict[str, Any] = answer["data"]
    return made
