"""The provisioning API over HTTP."""

from __future__ import annotations

import base64
import json
from io import BytesIO
from typing import Any

import pytest
from flask.testing import FlaskClient

from tama.control_plane import ControlPlane
from tama.control_plane.clients import ALL, LIFETIME_S
from tama.control_plane.errors import StoreError
from tama.control_plane.web import create_app
from tama.control_plane.web.app import MAX_BYTES
from tests.tama.control_plane.support import document, operation
from tests.tama.control_plane.web.support import bearer, observer, said

SPACES = "/provision/neural/spaces"
MOVIES = {"space": {"name": "Movies", "type": "root"}}


def token_of(http: FlaskClient, credential: dict[str, str], **request: Any) -> Any:
    request = request or {"json": {"grant_type": "client_credentials", "scope": ALL}}
    answer = http.post("/auth/tokens", headers=credential, **request)
    assert answer.headers["Cache-Control"] == "no-store"
    return answer.get_json()


def test_an_object_lives_over_http(http: FlaskClient, token: dict[str, str]) -> None:
    status, made = said(http.post(SPACES, headers=token, json=MOVIES))
    assert status == 201
    space = made["data"]
    member = f"{SPACES}/{space['id']}"
    read = http.get(member, headers=token)
    assert (said(read), read.headers["Cache-Control"]) == ((200, made), "no-store")
    assert http.head(member, headers=token).data == b""
    renamed = said(http.patch(member, headers=token, json={"space": {"name": "Films"}}))
    assert renamed == (200, {"data": space | {"name": "Films", "slug": "films"}})
    gone = http.delete(member, headers=token)
    assert (gone.status_code, gone.data) == (204, b"")
    assert "Content-Type" not in gone.headers
    assert said(http.get(member, headers=token)) == (404, {"errors": {"detail": "Not Found"}})


def test_what_breaks_a_rule_is_said_by_field(http: FlaskClient, token: dict[str, str]) -> None:
    answer = http.post(SPACES, headers=token, json={"space": {"name": "", "type": "planet"}})
    assert said(answer) == (422, {"errors": {"name": ["is required"], "type": ["is invalid"]}})


def test_an_action_is_looked_up_by_its_path_and_method(http: FlaskClient, token: dict[str, str]) -> None:
    space = http.post(SPACES, headers=token, json=MOVIES).get_json()["data"]
    body = {
        "schema": document({"/a b/{c}": {"get": operation("find")}}),
        "version": "1",
        "endpoint": "https://x.example",
    }
    made = http.post(
        f"/provision/sensory/spaces/{space['id']}/specifications", headers=token, json={"specification": body}
    )
    actions = f"/provision/motor/specifications/{made.get_json()['data']['id']}/actions"
    path = base64.urlsafe_b64encode(b"/a b/{c}").decode()
    status, found = said(http.get(f"{actions}/{path}?method=get", headers=token))
    assert (status, found["data"]["identifier"]) == (200, "find")
    assert said(http.get(f"{actions}/find", headers=token)) == (200, found)


def test_numbers_and_texts_come_back_as_they_were_sent(http: FlaskClient, token: dict[str, str]) -> None:
    space = http.post(SPACES, headers=token, json=MOVIES).get_json()["data"]
    schema = '{"title":"t","description":" ï ","type":"object","n":123456789012345678901234567890,"half":"\\ud800"}'
    answer = http.post(
        f"/provision/neural/spaces/{space['id']}/classes",
        headers=token,
        data=f'{{"class":{{"schema":{schema}}}}}',
        content_type="application/json",
    )
    assert answer.status_code == 201
    kept = answer.get_json()["data"]["schema"]
    assert (kept["n"], kept["half"], kept["description"]) == (123456789012345678901234567890, "\ud800", " ï ")


@pytest.mark.parametrize(
    "request_",
    [
        {"json": {"grant_type": "client_credentials", "scope": ALL}},
        {"data": {"grant_type": "client_credentials", "scope": ALL}},
        {"json": {"grant_type": "client_credentials"}},
        {"data": {"grant_type": "client_credentials", "scope": ""}},
    ],
)
def test_a_token_is_asked_for_as_json_or_as_a_form(
    http: FlaskClient, credential: dict[str, str], request_: dict[str, Any]
) -> None:
    granted = token_of(http, credential, **request_)
    assert (granted["token_type"], granted["scope"], granted["expires_in"]) == ("Bearer", ALL, LIFETIME_S)


@pytest.mark.parametrize(
    ("request_", "error"),
    [
        ({"json": {"grant_type": "password"}}, "unsupported_grant_type"),
        ({"json": {"grant_type": "client_credentials", "scope": "other"}}, "invalid_scope"),
        ({"json": {"grant_type": "client_credentials", "scope": 1}}, "invalid_request"),
        ({"json": []}, "invalid_request"),
        ({"data": "{", "content_type": "application/json"}, "invalid_request"),
        ({"data": {}}, "unsupported_grant_type"),
    ],
)
def test_what_is_wrong_with_a_request_for_a_token_is_said_by_oauth(
    http: FlaskClient, credential: dict[str, str], request_: dict[str, Any], error: str
) -> None:
    answer = http.post("/auth/tokens", headers=credential, **request_)
    status, told = said(answer)
    assert (status, told["error"]) == (400, error)
    assert told["error_description"]


def test_a_token_is_also_given_to_a_client_that_shows_its_credential_as_oauth_has_it(
    http: FlaskClient, credential: dict[str, str]
) -> None:
    basic = {"Authorization": credential["Authorization"].replace("Bearer", "Basic")}
    assert token_of(http, basic)["token_type"] == "Bearer"


def test_a_token_says_how_long_it_is_good(plane: ControlPlane, credential: dict[str, str]) -> None:
    http = create_app(plane, observer(), token_lifetime_s=60).test_client()
    assert token_of(http, credential)["expires_in"] == 60


@pytest.mark.parametrize("headers", [{}, bearer("bm9ib2R5OnNlY3JldA"), {"Authorization": "Basic bm9ib2R5OnNlY3JldA=="}])
def test_an_unknown_client_gets_no_token(http: FlaskClient, headers: dict[str, str]) -> None:
    status, told = said(http.post("/auth/tokens", headers=headers, json={"grant_type": "client_credentials"}))
    assert (status, told["error"]) == (401, "invalid_client")


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("{", "The body is not JSON: "),
        ('{"a": NaN}', "The body is not JSON, which has no NaN."),
        ("[" * 100_000, "The body is nested too deeply."),
        ('{"space": {"name": "a", "name": "b"}}', "An object in the body says a key more than once."),
        ("\xff", "The body is not UTF-8."),
        (f'{{"n": {"9" * 5_000}}}', "Exceeds the limit"),
    ],
)
def test_a_body_that_is_not_json_is_refused(http: FlaskClient, token: dict[str, str], body: str, why: str) -> None:
    answer = http.post(SPACES, headers=token, data=body.encode("latin-1"), content_type="application/json")
    status, told = said(answer)
    assert status == 400
    assert told["errors"]["detail"].startswith(why)


def test_a_body_that_is_too_long_is_refused(http: FlaskClient, token: dict[str, str]) -> None:
    answer = http.post(SPACES, headers=token, data=b" " * (MAX_BYTES + 1), content_type="application/json")
    assert said(answer) == (413, {"errors": {"detail": "The body is too large."}})


def test_a_body_without_a_length_is_refused(http: FlaskClient, token: dict[str, str]) -> None:
    headers = {**token, "Transfer-Encoding": "chunked"}
    assert said(http.post(SPACES, headers=headers)) == (411, {"errors": {"detail": "The body has no Content-Length."}})


def test_a_body_that_breaks_off_is_refused(http: FlaskClient, token: dict[str, str]) -> None:
    whole = json.dumps(MOVIES).encode()
    longer = {"CONTENT_LENGTH": str(len(whole) + 1)}
    answer = http.post(SPACES, headers=token, input_stream=BytesIO(whole), environ_overrides=longer)
    assert said(answer) == (400, {"errors": {"detail": "The body ended before its Content-Length."}})


def test_a_path_or_method_that_is_not_known_is_json_too(http: FlaskClient, token: dict[str, str]) -> None:
    assert said(http.get("/elsewhere")) == (404, {"errors": {"detail": "Not Found"}})
    assert said(http.get(f"{SPACES}//x", headers=token)) == (404, {"errors": {"detail": "Not Found"}})
    answer = http.put(SPACES, headers=token)
    assert said(answer) == (405, {"errors": {"detail": "Method Not Allowed"}})
    assert answer.headers["Allow"] == "POST"
    for method in ("OPTIONS", "TRACE", "PROPFIND"):
        assert http.open(SPACES, method=method, headers=token).status_code == 405


def test_a_store_that_fails_is_said_and_not_shown(
    http: FlaskClient, token: dict[str, str], plane: ControlPlane, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise StoreError("the file at a path")

    monkeypatch.setattr(plane, "handle", fail)
    answer = http.get(f"{SPACES}/global", headers=token)
    assert said(answer) == (503, {"errors": {"detail": "Service Unavailable"}})
    assert answer.headers["Retry-After"] == "1"


def test_what_breaks_is_said_and_not_shown(
    http: FlaskClient, token: dict[str, str], plane: ControlPlane, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError("a canary")

    monkeypatch.setattr(plane, "handle", fail)
    answer = http.get(f"{SPACES}/global", headers=token)
    assert said(answer) == (500, {"errors": {"detail": "Internal Server Error"}})


def test_it_says_that_it_lives_and_whether_it_is_ready(
    http: FlaskClient, plane: ControlPlane, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert said(http.get("/healthz")) == (200, {"status": "ok"})
    assert said(http.get("/readyz")) == (200, {"status": "ready"})

    def fail(*_: object) -> None:
        raise StoreError("the file at a path")

    monkeypatch.setattr(plane, "check", fail)
    assert said(http.get("/healthz")) == (200, {"status": "ok"})
    assert said(http.get("/readyz")) == (503, {"status": "not ready", "parts": {"store": "unavailable"}})
