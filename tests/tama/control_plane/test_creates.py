"""Creates that are sent twice."""

from __future__ import annotations

import base64
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from flask.testing import FlaskClient

from tama.control_plane import ControlPlane
from tama.control_plane.creates import CreateKey
from tama.control_plane.web import create_app

SPACES = "/provision/neural/spaces"
MOVIES = {"space": {"name": "Movies", "type": "root"}}
KEY = CreateKey("client", "key")


def created(plane: ControlPlane, key: CreateKey | None = KEY, body: object = MOVIES) -> tuple[int, Any]:
    status, answer = plane.handle("POST", SPACES, body, key)
    assert answer is not None
    return status, answer.get("data", answer.get("errors"))


def test_a_create_that_is_sent_twice_makes_one_object(plane: ControlPlane) -> None:
    first = created(plane)

    assert first[0] == 201
    assert created(plane) == first
    assert len(plane.objects("space")) == 1


def test_a_repetition_answers_the_object_as_it_is_now(plane: ControlPlane) -> None:
    _, space = created(plane)
    plane.handle("PATCH", f"{SPACES}/{space['id']}", {"space": {"name": "Films"}})

    assert created(plane)[1]["name"] == "Films"


def test_keys_and_clients_tell_creates_apart(plane: ControlPlane) -> None:
    for key in (KEY, None, CreateKey("client", "another"), CreateKey("another", "key")):
        assert created(plane, key)[0] == 201

    assert len(plane.objects("space")) == 4


def test_creates_at_once_with_one_key_make_one_object(plane: ControlPlane) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: created(plane), range(16)))

    assert answers == answers[:1] * 16
    assert len(plane.objects("space")) == 1


def test_another_request_with_the_key_is_refused(plane: ControlPlane) -> None:
    created(plane)

    other = created(plane, body={"space": {"name": "Books", "type": "root"}})

    assert other == (422, {"detail": "The idempotency key was used for another request."})


def test_a_create_that_was_refused_leaves_the_key_to_be_used(plane: ControlPlane) -> None:
    assert created(plane, body={"space": {"name": "", "type": "root"}})[0] == 422

    assert created(plane)[0] == 201


def test_what_was_made_and_deleted_is_not_made_again(plane: ControlPlane) -> None:
    _, space = created(plane)
    plane.handle("DELETE", f"{SPACES}/{space['id']}")

    assert created(plane) == (404, {"detail": "Not Found"})
    assert plane.objects("space") == []


def test_the_end_of_a_key_answers_what_was_made_with_it(plane: ControlPlane) -> None:
    _, space = created(plane)

    assert [plane.end_key(KEY) for _ in range(2)] == [(200, {"data": {"id": space["id"]}})] * 2
    assert created(plane) == (201, space)


def test_nothing_is_made_with_a_key_that_was_ended_before(plane: ControlPlane) -> None:
    assert [plane.end_key(KEY) for _ in range(2)] == [(204, None)] * 2

    assert created(plane)[0] == 409
    assert plane.objects("space") == []


@pytest.fixture
def http(plane: ControlPlane) -> FlaskClient:
    return create_app(plane).test_client()


@pytest.fixture
def token(plane: ControlPlane, http: FlaskClient) -> dict[str, str]:
    credential = base64.b64encode(":".join(plane.clients.add()).encode()).decode()
    answer = http.post(
        "/auth/tokens", headers={"Authorization": f"Bearer {credential}"}, json={"grant_type": "client_credentials"}
    )
    assert answer.headers["Idempotency-Key-Lifetime"] == "86400"
    return {"Authorization": f"Bearer {answer.get_json()['access_token']}"}


def test_a_key_comes_in_a_header(plane: ControlPlane, http: FlaskClient, token: dict[str, str]) -> None:
    keyed = token | {"Idempotency-Key": '"a key of 1"'}
    first = http.post(SPACES, headers=keyed, json=MOVIES)

    assert (first.status_code, first.data) == (201, http.post(SPACES, headers=keyed, json=MOVIES).data)
    assert http.post(SPACES, headers=token, json=MOVIES).get_json()["data"]["id"] != first.get_json()["data"]["id"]
    ended = http.delete("/idempotency-keys/a%20key%20of%201", headers=token)
    assert ended.get_json() == {"data": {"id": first.get_json()["data"]["id"]}}
    unused = http.delete("/idempotency-keys/unused", headers=token)
    assert (unused.status_code, unused.data) == (204, b"")
    assert http.post(SPACES, headers=token | {"Idempotency-Key": '"unused"'}, json=MOVIES).status_code == 409
    assert len(plane.objects("space")) == 2


@pytest.mark.parametrize("header", ["plain", '"', '""', '"a', '"a"b"', '"a\\b"', '"é"', f'"{"a" * 256}"'])
def test_a_key_that_is_no_key_is_refused(http: FlaskClient, token: dict[str, str], header: str) -> None:
    answer = http.post(SPACES, headers=token | {"Idempotency-Key": header}, json=MOVIES)

    assert answer.status_code == 400
    assert "dempotency" in answer.get_json()["errors"]["detail"]


def test_to_end_a_key_needs_a_token(http: FlaskClient) -> None:
    assert http.delete("/idempotency-keys/a").status_code == 401
