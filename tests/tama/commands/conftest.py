from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tama.control_plane import ControlPlane
from tama.control_plane.store.sqlite import SQLiteStore
from tests.support.served_control_plane import served
from tests.tama.control_plane.support import Caller, document, operation
from tests.tama.endpoint import Endpoint

ACTOR = {"name": "actor_id", "in": "path", "required": True}


@dataclass(frozen=True)
class Place:
    """A control plane as the command is told of it: in the environment, as no secret is an argument."""

    variables: dict[str, str]
    folder: Path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "tama"


@pytest.fixture
def declared(folder: Path, endpoint: Endpoint) -> dict[str, Any]:
    """A space, a bridge and a specification of one operation, all settled and closed again."""
    plane = ControlPlane(SQLiteStore(str(folder)))
    api = Caller(plane)
    space = api.space("Movies")
    api("POST", f"/provision/neural/spaces/{space['id']}/bridges", {"bridge": {"target_space_id": space["id"]}})
    get = operation("get-profile", parameters=[ACTOR], security=[{"ApiKey": []}])
    given = document({"/p/{actor_id}": {"get": get}})
    given["components"] = {"securitySchemes": {"ApiKey": {"type": "http", "scheme": "bearer"}}}
    specification = api.specification(space["id"], given, endpoint.url)
    api.specification(space["id"], {"openapi": "2"}, endpoint.url)
    made = api.identity(specification["id"], api_key="the-key")
    identity = api("GET", f"/provision/sensory/identities/{made['id']}")
    assert identity["current_state"] == "active"
    action = api.action(specification["id"], "get-profile")
    plane.close()
    return {"space": space, "specification": specification, "identity": identity, "action": action}


@pytest.fixture(params=["embedded", "served"])
def place(request: pytest.FixtureRequest, folder: Path, declared: dict[str, Any]) -> Iterator[Place]:
    """What is declared, embedded and served: every command works on both alike."""
    if request.param == "embedded":
        yield Place({"TAMA_BASE_URL": f"embedded:{folder}"}, folder)
        return
    with served(folder / "tama.db", "--allow-network", "127.0.0.0/8") as plane:
        credential = {"TAMA_CLIENT_ID": plane.client_id, "TAMA_CLIENT_SECRET": plane.client_secret}
        yield Place({"TAMA_BASE_URL": plane.url, **credential}, folder)
