from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tama.control_plane import ControlPlane
from tama.control_plane.store.sqlite import SQLiteStore
from tama.control_plane.web import create_app
from tests.tama.control_plane.web.support import bearer, credential_of, observer

Token = Callable[..., dict[str, str]]


@pytest.fixture(scope="module")
def plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    """One for all tests of a module, as nothing here is about the store; each looks at what it made itself."""
    with closing(ControlPlane(SQLiteStore(str(tmp_path_factory.mktemp("plane"))))) as plane:
        yield plane


@pytest.fixture(scope="module")
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
