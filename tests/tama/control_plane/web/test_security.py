"""Who gets where: every route, found in the application itself, so that a new one is tried too."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tama.control_plane import ControlPlane
from tama.control_plane.clients import SCOPES
from tama.control_plane.seed import seed
from tama.control_plane.web import create_app
from tests.tama.control_plane.web.conftest import Token
from tests.tama.control_plane.web.support import bearer, credential_of, observer, said

ABSENT = "01890000-0000-7000-8000-000000000000"
OPEN = {
    ("GET", "/healthz"),
    ("GET", "/readyz"),
    ("POST", "/auth/tokens"),
    # The pages, which ask people to sign in, and what they look like: test_pages.py.
    ("GET", "/"),
    ("GET", "/objects"),
    ("GET", f"/objects/{ABSENT}"),
    ("POST", "/sign-in"),
    ("POST", "/sign-out"),
    ("GET", f"/assets/{ABSENT}/{ABSENT}"),
}
SPACES = "/provision/neural/spaces"
SECRET_DOCUMENT = "/provision/control-plane/document?secrets=included"


def routes(app: Flask) -> Iterator[tuple[str, str]]:
    """Every method and path, with an id that nothing has in the place of values."""
    for rule in app.url_map.iter_rules():
        for method in sorted((rule.methods or set()) - {"HEAD"}):
            yield method, re.sub(r"<[^>]+>", ABSENT, rule.rule)


def answers(app: Flask, headers: dict[str, str]) -> dict[tuple[str, str], int]:
    """The status of every route that needs a credential."""
    http = app.test_client()
    return {
        (method, path): http.open(path, method=method, headers=headers, json={"a": 1}).status_code
        for method, path in routes(app)
        if (method, path) not in OPEN
    }


def test_the_open_routes_are_these(app: Flask, http: FlaskClient) -> None:
    found = set(routes(app))
    assert found > OPEN
    assert len(found) > 150
    assert http.get("/healthz").status_code == http.get("/readyz").status_code == 200
    assert http.post("/auth/tokens").status_code == 400


@pytest.mark.parametrize("headers", [{}, bearer(""), bearer("a.b"), {"Authorization": "Basic YTpi"}])
def test_no_route_lets_in_who_has_no_token(app: Flask, headers: dict[str, str]) -> None:
    assert set(answers(app, headers).values()) == {401}


def test_no_route_takes_a_clients_credential_for_a_token(app: Flask, credential: dict[str, str]) -> None:
    assert set(answers(app, credential).values()) == {401}


def test_no_route_lets_in_a_token_that_has_ended(plane: ControlPlane, app: Flask, credential: dict[str, str]) -> None:
    late = create_app(plane, observer(), token_lifetime_s=0).test_client()
    given = late.post("/auth/tokens", headers=credential, json={"grant_type": "client_credentials"})
    assert set(answers(app, bearer(given.get_json()["access_token"])).values()) == {401}


def test_no_route_lets_in_a_token_whose_client_was_revoked(plane: ControlPlane, app: Flask, http: FlaskClient) -> None:
    id_, secret = plane.clients.add()
    given = http.post(
        "/auth/tokens", headers=bearer(credential_of(id_, secret)), json={"grant_type": "client_credentials"}
    )
    token = bearer(given.get_json()["access_token"])
    assert 401 not in answers(app, token).values()
    assert plane.clients.revoke(id_)
    assert set(answers(app, token).values()) == {401}


def test_a_token_to_read_reads_and_changes_nothing(plane: ControlPlane, app: Flask, token_for: Token) -> None:
    before = plane.objects("space")
    found = answers(app, token_for("provision.read"))
    reads = {route for route in found if route[0] == "GET" and route[1] != "/metrics"}
    assert {found[route] for route in found if route not in reads} == {403}
    assert {found[route] for route in reads} == {200, 404}
    assert plane.objects("space") == before


def test_a_token_for_metrics_reads_metrics_alone(app: Flask, token_for: Token) -> None:
    found = answers(app, token_for("metrics.read"))
    assert found.pop(("GET", "/metrics")) == 200
    assert set(found.values()) == {403}


def test_secrets_are_not_for_a_token_to_read(http: FlaskClient, token_for: Token) -> None:
    assert http.get(SECRET_DOCUMENT, headers=token_for("provision.read")).status_code == 403
    assert http.get(SECRET_DOCUMENT, headers=token_for("provision.all")).status_code == 200


def test_what_is_missing_is_said_as_oauth_has_it(http: FlaskClient, token_for: Token) -> None:
    def challenge(headers: dict[str, str]) -> str:
        return http.post(SPACES, headers=headers).headers["WWW-Authenticate"]

    assert challenge({}) == 'Bearer realm="tama"'
    assert challenge(bearer("x")) == 'Bearer realm="tama", error="invalid_token"'
    needed = 'error="insufficient_scope", scope="provision.all"'
    assert challenge(token_for("provision.read")) == f'Bearer realm="tama", {needed}'


def test_a_client_that_may_do_everything_may_ask_for_less(http: FlaskClient, credential: dict[str, str]) -> None:
    for scope in SCOPES:
        body = {"grant_type": "client_credentials", "scope": scope}
        assert http.post("/auth/tokens", headers=credential, json=body).get_json()["scope"] == scope


def test_clients_and_keys_are_no_objects(plane: ControlPlane, http: FlaskClient, token: dict[str, str]) -> None:
    id_, _ = plane.clients.add()
    for path in (f"{SPACES}/{id_}", f"/provision/neural/classes/{id_}", f"/provision/control-plane/objects/{id_}"):
        assert http.get(path, headers=token).status_code == 404
    listed = http.get("/provision/control-plane/objects", headers=token).get_data(as_text=True)
    assert id_ not in listed
    for kind in ("client", "signing_key"):
        asked = http.get(f"/provision/control-plane/objects?kind={kind}", headers=token)
        assert id_ not in asked.get_data(as_text=True)


@pytest.mark.parametrize(
    "path",
    [
        "//provision/neural/spaces/global",
        "/provision//neural/spaces/global",
        "/provision/neural/../neural/spaces/global",
        "/provision/neural/%2e%2e/neural/spaces/global",
        "/provision/neural/spaces/..%2fspaces%2fglobal",
        "/provision/neural/spaces%2fglobal/..",
        "/provision/neural/spaces/global/",
        "/provision/neural/spaces/global%00",
        "/provision/neural/spaces/global;a=b",
        "/provision\\neural\\spaces\\global",
        "/PROVISION/neural/spaces/global",
        "/healthz/../provision/neural/spaces/global",
        "/auth/tokens/../../provision/neural/spaces/global",
    ],
)
def test_a_path_is_what_it_says(
    plane: ControlPlane, http: FlaskClient, token: dict[str, str], seeded: None, path: str
) -> None:
    assert http.get(path, headers=token).status_code == 404
    assert http.get(path).status_code in (401, 404)


@pytest.fixture
def seeded(plane: ControlPlane) -> None:
    seed(plane)


def test_a_path_that_is_not_utf_8_is_refused(http: FlaskClient, token: dict[str, str]) -> None:
    answer = http.get(SPACES, headers=token, environ_overrides={"PATH_INFO": f"{SPACES}/\xff"})
    assert said(answer) == (400, {"errors": {"detail": "The path is not UTF-8."}})


@pytest.mark.parametrize(
    "id_", ["x" * 5_000, "%F0%9F%8E%AC", "%ED%95%9C", "-1", "1e9", "null", "'%20OR%201=1--", "%25"]
)
def test_an_odd_id_is_not_found(app: Flask, http: FlaskClient, token: dict[str, str], id_: str) -> None:
    for method, path in routes(app):
        if path.startswith("/provision/") and ABSENT in path:
            answer = http.open(path.replace(ABSENT, id_), method=method, headers=token, json={"a": {}})
            assert answer.status_code == 404, (method, path)
