"""What is recorded of requests to a served control plane."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from tama.control_plane import ControlPlane
from tama.control_plane.errors import StoreError
from tama.control_plane.web import create_app
from tests.tama.control_plane.support import Caller, document
from tests.tama.control_plane.web.support import bearer, credential_of, observer

SPACES = "/provision/neural/spaces"
MOVIES = {"space": {"name": "a canary", "type": "root"}}
Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def client(plane: ControlPlane) -> tuple[str, str]:
    return plane.clients.add()


@pytest.fixture
def recorded(plane: ControlPlane) -> tuple[FlaskClient, Lines]:
    """An application, and a function that returns the log's lines since it was last called."""
    written: list[bytes] = []
    recording = observer(written.append)

    def lines() -> list[dict[str, Any]]:
        recording.flush()
        found = [json.loads(line) for line in b"".join(written).splitlines()]
        written.clear()
        return found

    return create_app(plane, recording).test_client(), lines


@pytest.fixture
def token(recorded: tuple[FlaskClient, Lines], client: tuple[str, str]) -> dict[str, str]:
    http, lines = recorded
    body = {"grant_type": "client_credentials"}
    answer = http.post("/auth/tokens", headers=bearer(credential_of(*client)), json=body)
    lines()
    return bearer(answer.get_json()["access_token"])


def test_each_request_is_one_line_without_ids_and_secrets(
    recorded: tuple[FlaskClient, Lines], client: tuple[str, str], token: dict[str, str]
) -> None:
    http, lines = recorded
    made = http.post(SPACES, headers=token, json=MOVIES).get_json()["data"]
    http.get(f"{SPACES}/{made['id']}?a=canary", headers=token)
    http.get(f"{SPACES}/{made['id']}/classes/a/canary", headers=token)
    http.get("/elsewhere/canary")
    found = lines()
    text = json.dumps(found)
    for secret in ("canary", made["id"], client[1], token["Authorization"].removeprefix("Bearer ")):
        assert secret not in text
    assert all(line.pop("time").endswith("+00:00") and line.pop("milliseconds") >= 0 for line in found)
    assert len({line.pop("request_id") for line in found}) == 4
    common = {"level": "info", "logger": "tama.requests", "message": "answered", "method": "GET", "client": client[0]}
    assert found == [
        common | {"method": "POST", "route": SPACES, "operation": "create-space", "status": 201},
        common | {"route": f"{SPACES}/{{id}}", "operation": "read-space", "status": 404},
        common | {"route": f"{SPACES}/{{space_id}}/classes/{{name}}", "operation": "look-up-class", "status": 404},
        {key: value for key, value in common.items() if key != "client"}
        | {"route": "", "operation": "none", "status": 404},
    ]


@pytest.mark.parametrize("given", ["0b2c7d0e-6f1a-4f0e-9d3a-1c2b3a4d5e6f", "trace_01.A", "x" * 128])
def test_an_id_of_the_caller_is_taken_when_it_is_well_formed(recorded: tuple[FlaskClient, Lines], given: str) -> None:
    http, lines = recorded
    assert http.get("/healthz", headers={"X-Request-Id": given}).headers["X-Request-Id"] == given
    assert lines()[0]["request_id"] == given


@pytest.mark.parametrize("given", ["", "short", "x" * 129, "ana@example.com", 'a"b-cdefgh', "a b c d e f g h", "é" * 9])
def test_any_other_id_is_made(recorded: tuple[FlaskClient, Lines], given: str) -> None:
    http, lines = recorded
    made = http.get("/healthz", headers={"X-Request-Id": given}).headers["X-Request-Id"]
    assert lines()[0]["request_id"] == made != given
    assert len(made) == 20


def test_metrics_count_by_operation_and_status(recorded: tuple[FlaskClient, Lines], token: dict[str, str]) -> None:
    http, lines = recorded
    http.post(SPACES, headers=token, json=MOVIES)
    http.get(f"{SPACES}/canary", headers=token)
    lines()
    text = http.get("/metrics", headers=token).text
    assert 'tama_requests_total{operation="create-space",status="201"} 1.0' in text
    assert 'tama_requests_total{operation="read-space",status="404"} 1.0' in text
    assert 'tama_request_seconds_count{operation="read-space"} 1.0' in text
    assert "tama_info{" in text
    assert "canary" not in text


def test_metrics_tell_of_what_is_pending(
    recorded: tuple[FlaskClient, Lines], plane: ControlPlane, token: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    http, _ = recorded
    api = Caller(plane)
    schemes = {"ApiKey": {"type": "http", "scheme": "bearer"}}
    described = document({}, components={"securitySchemes": schemes})
    api.identity(api.specification(api.space("A")["id"], described)["id"])
    assert "tama_waiting_jobs 1.0" in http.get("/metrics", headers=token).text

    def fail() -> int:
        raise StoreError("the file at a path")

    monkeypatch.setattr(plane, "waiting", fail)
    recording = observer()
    create_app(plane, recording)
    assert b"tama_waiting_jobs NaN" in recording.metrics.exposition()


@pytest.mark.parametrize("error", [StoreError("the file at a path"), ZeroDivisionError("a canary")])
def test_a_failure_is_logged_under_the_id_that_the_caller_got(
    recorded: tuple[FlaskClient, Lines],
    token: dict[str, str],
    plane: ControlPlane,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    error: Exception,
) -> None:
    http, _ = recorded

    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(plane, "handle", fail)
    with caplog.at_level(logging.ERROR):
        answer = http.get(f"{SPACES}/canary-id", headers=token)
    (record,) = caplog.records
    assert vars(record)["request_id"] == answer.headers["X-Request-Id"]
    assert vars(record)["operation"] == "read-space"
    assert "canary-id" not in record.getMessage()
