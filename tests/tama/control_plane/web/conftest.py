from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tama.control_plane import ControlPlane
from tama.control_plane.web import create_app
from tests.tama.control_plane.web.support import bearer, credential_of, observer

Token = Callable[..., dict[str, str]]


@pytest.fixture
def address(tmp_path: Path) -> str:
    """Nothing here is about the store, so one kind of it is enough."""
    return f"sqlite:{tmp_path}/tama/tama.db"


@pytest.fixture
def app(plane: ControlPlane) -> Flask:
    return create_app(plane, observer())


@pytest.fixture
def http(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def credential(plane: ControlPlane) -> dict[str, str]:
    return bearer(credential_of(*plane.clients.add()))


@pytest.fixture
def token_for(plane: ControlPlane, http: FlaskClient) -> Token:
    """Makes a client of some scopes, and returns the header with its token."""

    def make(*scopes: str) -> dict[str, str]:
        credential = bearer(credential_of(*plane.clients.add(scopes)))
        answer = http.post("/auth/tokens", headers=credential, json={"grant_type": "client_credentials"})
        return bearer(answer.get_json()["access_token"])

    return make


@pytest.fixture
def token(token_for: Token) -> dict[str, str]:
    return token_for("provision.all")
