from __future__ import annotations

import copy
from typing import Any

from tama.control_plane import ControlPlane


class Caller:
    """Requests to a control plane that are meant to succeed, and those that are meant to be refused."""

    def __init__(self, plane: ControlPlane) -> None:
        self.plane = plane

    def __call__(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        status, answer = self.plane.handle(method, path, body)
        assert status in (200, 201), (status, answer)
        assert answer is not None
        data: dict[str, Any] = answer["data"]
        return data

    def refused(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        status, answer = self.plane.handle(method, path, body)
        assert answer is not None
        assert set(answer) == {"errors"}
        return status, answer["errors"]

    def delete(self, path: str) -> None:
        assert self.plane.handle("DELETE", path) == (204, None)

    def gone(self, path: str) -> bool:
        return self.plane.handle("GET", path) == (404, {"errors": {"detail": "Not Found"}})

    def space(self, name: str, type_: str = "component") -> dict[str, Any]:
        return self("POST", "/provision/neural/spaces", {"space": {"name": name, "type": type_}})

    def specification(
        self, space_id: str, schema: object, endpoint: str = "https://api.example.com", version: str = "1.0.0"
    ) -> dict[str, Any]:
        body = {"specification": {"schema": schema, "version": version, "endpoint": endpoint}}
        return self("POST", f"/provision/sensory/spaces/{space_id}/specifications", body)

    def identity(self, specification_id: str, identifier: str = "ApiKey", **fields: object) -> dict[str, Any]:
        body = {
            "identity": {
                "api_key": "key-of-the-tests",
                "validation": {"path": "/whoami", "method": "GET", "codes": [200]},
                **fields,
            }
        }
        path = f"/provision/sensory/specifications/{specification_id}/identifiers/{identifier}/identities"
        return self("POST", path, body)

    def action(self, specification_id: str, identifier: str) -> dict[str, Any]:
        return self("GET", f"/provision/motor/specifications/{specification_id}/actions/{identifier}")


def document(paths: dict[str, Any], **rest: Any) -> dict[str, Any]:
    return {"openapi": "3.1.0", "info": {"title": "A movie API", "version": "1"}, "paths": paths, **rest}


def operation(identifier: str, **rest: Any) -> dict[str, Any]:
    return {"operationId": identifier, "responses": {}, **rest}


Place = tuple[str | int, ...]


def places(value: Any, at: Place = ()) -> list[Place]:
    """Where there are values within a value: keys, from the outermost; the value itself first."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [at, *(place for key, one in inner for place in places(one, (*at, key)))]


def changed(value: Any, place: Place, new: Any) -> Any:
    """A copy of a value with another one at a place."""
    if not place:
        return new
    mutant = copy.deepcopy(value)
    holder = mutant
    for key in place[:-1]:
        holder = holder[key]
    holder[place[-1]] = new
    return mutant
