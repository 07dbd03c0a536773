from __future__ import annotations

import base64
import json
import multiprocessing
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest

from tama.control_plane import ControlPlane
from tama.control_plane.store import LONGEST_CLAIM_S, Transaction
from tama.control_plane.store.addresses import opened
from tests.tama.control_plane.support import Caller, document, operation
from tests.tama.endpoint import Answer, Endpoint, Request, json_answer

MEMBER = "/provision/sensory/identities/"
KEY = "key-of-the-tests"


def bearer() -> dict[str, Any]:
    return {"type": "http", "scheme": "bearer"}


def specified(api: Caller, endpoint: str, scheme: dict[str, Any] | None = None, **rest: Any) -> str:
    schemes = {"ApiKey": scheme or bearer()}
    given = document({"/a": {"get": operation("a")}}, components={"securitySchemes": schemes}, **rest)
    specification = api.specification(api.space("Movies")["id"], given, endpoint)
    return str(specification["id"])


def test_an_identity_is_pending_until_its_first_reader_probes_it(api: Caller, endpoint: Endpoint) -> None:
    specification = specified(api, endpoint.url + "/base/")

    made = api.identity(specification, validation={"path": "/whoami?a=b", "method": "get", "codes": [200, 204]})

    assert made == {
        "id": made["id"],
        "specification_id": specification,
        "identifier": "ApiKey",
        "validation": {"path": "/whoami?a=b", "method": "get", "codes": [200, 204]},
        "provision_state": "active",
        "current_state": "pending",
    }
    assert endpoint.requests == []
    assert api("GET", MEMBER + made["id"]) == {**made, "current_state": "active"}
    assert api("GET", MEMBER + made["id"])["current_state"] == "active"
    (request,) = endpoint.requests
    assert (request.method, request.target) == ("GET", "/base/whoami?a=b")
    assert request.headers["authorization"] == f"Bearer {KEY}"


def test_another_status_fails_the_identity_and_no_redirect_is_followed(api: Caller, endpoint: Endpoint) -> None:
    endpoint.answer = lambda _: Answer(302, headers={"Location": endpoint.url + "/elsewhere"})
    made = api.identity(specified(api, endpoint.url))

    failed = api("GET", MEMBER + made["id"])

    assert (failed["current_state"], failed["reason"]) == ("failed", "GET /whoami answered 302, not 200.")
    assert len(endpoint.requests) == 1


def test_every_change_probes_again(api: Caller, endpoint: Endpoint) -> None:
    endpoint.answer = lambda request: Answer(200 if request.headers["authorization"] == "Bearer right" else 401)
    made = api.identity(specified(api, endpoint.url))
    assert api("GET", MEMBER + made["id"])["current_state"] == "failed"

    changed = api("PATCH", MEMBER + made["id"], {"identity": {"api_key": "right"}})

    assert changed == made
    assert api("GET", MEMBER + made["id"]) == {**made, "current_state": "active"}
    again = api("PATCH", MEMBER + made["id"], {"identity": {"validation": {"path": "/other"}}})
    assert again["validation"] == {"path": "/other", "method": "GET", "codes": [200]}
    assert again["current_state"] == "pending"
    assert api("GET", MEMBER + made["id"])["current_state"] == "active"
    assert [request.target for request in endpoint.requests] == ["/whoami", "/whoami", "/other"]


def unreachable() -> str:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{unused.getsockname()[1]}"


@pytest.mark.parametrize(
    ("scheme", "reason"),
    [
        (bearer(), "cannot be reached: Connection refused"),
        ({"type": "apiKey", "in": "query", "name": "key"}, "cannot be reached: Connection refused"),
        ({"type": "apiKey", "in": "moon", "name": "key"}, "an API key cannot stand in 'moon'"),
        ({"type": "http", "scheme": "digest"}, "scheme 'digest' is not supported"),
        ({"type": "http", "scheme": "basic"}, "needs client_id and client_secret"),
        ({"type": "mutualTLS"}, "type 'mutualTLS' are not supported"),
        ({"type": "oauth2", "flows": {"implicit": {}}}, "cannot be reached"),
    ],
)
def test_a_probe_that_cannot_be_made_fails_with_a_reason_that_holds_no_credential(
    api: Caller, scheme: dict[str, Any], reason: str
) -> None:
    made = api.identity(specified(api, unreachable(), scheme))

    failed = api("GET", MEMBER + made["id"])

    assert failed["current_state"] == "failed"
    assert reason in failed["reason"]
    assert KEY not in json.dumps(failed)


@pytest.mark.parametrize("key", ["a\r\nHost: evil", "a\nb", "\ud800"])
def test_a_credential_that_no_header_can_hold_fails_the_identity(api: Caller, endpoint: Endpoint, key: str) -> None:
    made = api.identity(specified(api, endpoint.url), api_key=key)

    failed = api("GET", MEMBER + made["id"])

    assert failed["current_state"] == "failed"
    assert "A header's value holds characters" in failed["reason"]
    assert endpoint.requests == []


def test_an_endpoint_without_a_host_fails_the_identity(api: Caller) -> None:
    made = api.identity(specified(api, "/internal"))

    assert "'/internal' is no absolute URL" in api("GET", MEMBER + made["id"])["reason"]


def test_an_answer_that_is_not_http_fails_the_identity(api: Caller) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        made = api.identity(specified(api, f"http://127.0.0.1:{server.getsockname()[1]}"))
        with ThreadPoolExecutor(1) as pool:
            reading = pool.submit(api, "GET", MEMBER + made["id"])
            connection, _ = server.accept()
            connection.recv(65536)
            connection.sendall(b"SSH-2.0-nonsense\r\n\r\n")
            connection.close()
            failed = reading.result()

    assert failed["current_state"] == "failed"
    assert "cannot be reached" in failed["reason"]


def test_a_body_is_not_waited_for(api: Caller, endpoint: Endpoint) -> None:
    endpoint.answer = lambda _: Answer(200, b"x", {"Content-Length": "1000000000"})
    made = api.identity(specified(api, endpoint.url))

    assert api("GET", MEMBER + made["id"])["current_state"] == "active"


def applied(request: Request) -> dict[str, Any]:
    _, _, query = request.target.partition("?")
    return {"query": parse_qs(query), **{key: request.headers.get(key) for key in ("authorization", "cookie", "x-key")}}


@pytest.mark.parametrize(
    ("scheme", "credential", "expected"),
    [
        (bearer(), {"api_key": "k é"}, {"authorization": "Bearer k é"}),
        ({"type": "http", "scheme": "Bearer"}, {"api_key": "k"}, {"authorization": "Bearer k"}),
        (
            {"type": "http", "scheme": "basic"},
            {"api_key": None, "client_id": "ana", "client_secret": "s:é"},
            {"authorization": "Basic " + base64.b64encode("ana:s:é".encode()).decode()},
        ),
        ({"type": "apiKey", "in": "header", "name": "X-Key"}, {"api_key": "k"}, {"x-key": "k"}),
        ({"type": "apiKey", "in": "query", "name": "the key"}, {"api_key": "a&b=c"}, {"query": {"the key": ["a&b=c"]}}),
        ({"type": "apiKey", "in": "cookie", "name": "session"}, {"api_key": "k"}, {"cookie": "session=k"}),
    ],
)
def test_a_credential_is_applied_by_its_scheme(
    api: Caller, endpoint: Endpoint, scheme: dict[str, Any], credential: dict[str, Any], expected: dict[str, Any]
) -> None:
    made = api.identity(specified(api, endpoint.url, scheme), **credential)

    assert api("GET", MEMBER + made["id"])["current_state"] == "active"
    (request,) = endpoint.requests
    received = applied(request)
    if received["authorization"] is not None:
        received["authorization"] = received["authorization"].encode("latin-1").decode()
    assert received == {"query": {}, "authorization": None, "cookie": None, "x-key": None, **expected}


def oauth(token_url: str) -> dict[str, Any]:
    return {"type": "oauth2", "flows": {"clientCredentials": {"tokenUrl": token_url, "scopes": {}}}}


def test_client_credentials_fetch_a_token_first(api: Caller, endpoint: Endpoint) -> None:
    def answer(request: Request) -> Answer:
        if request.target == "/oauth/token":
            return json_answer({"access_token": "t0ken", "token_type": "Bearer", "expires_in": 60})
        return Answer(200 if request.headers["authorization"] == "Bearer t0ken" else 401)

    endpoint.answer = answer
    specification = specified(api, endpoint.url + "/base", oauth("../oauth/token"), security=[{"ApiKey": ["a", "b"]}])
    made = api.identity(specification, api_key=None, client_id="an:a", client_secret="s é")

    assert api("GET", MEMBER + made["id"])["current_state"] == "active"
    token, probe = endpoint.requests
    assert (token.method, token.target, probe.target) == ("POST", "/oauth/token", "/base/whoami")
    assert token.headers["content-type"] == "application/x-www-form-urlencoded"
    assert parse_qs(token.body.decode()) == {"grant_type": ["client_credentials"], "scope": ["a b"]}
    assert base64.b64decode(token.headers["authorization"].removeprefix("Basic ")).decode() == "an%3Aa:s+%C3%A9"


@pytest.mark.parametrize(
    "answer",
    [
        Answer(401, b"{}"),
        Answer(200, b"no JSON"),
        Answer(200, b"[" * 100_000),
        json_answer([]),
        json_answer({"access_token": 1}),
    ],
)
def test_a_token_that_does_not_come_fails_the_identity(api: Caller, endpoint: Endpoint, answer: Answer) -> None:
    endpoint.answer = lambda _: answer
    made = api.identity(specified(api, endpoint.url, oauth("/token")), api_key=None, client_id="a", client_secret="b")

    reason = api("GET", MEMBER + made["id"])["reason"]

    assert f"the token endpoint answered {answer.status} without an access token" in reason
    assert len(endpoint.requests) == 1


@pytest.mark.parametrize(
    ("fields", "errors"),
    [
        ({"api_key": None}, {"api_key": ["is required"]}),
        ({"api_key": ""}, {"api_key": ["is required"]}),
        ({"api_key": 7}, {"api_key": ["is invalid"]}),
        (
            {"client_id": "a", "client_secret": "b"},
            {"api_key": ["cannot be combined with client_id and client_secret"]},
        ),
        ({"api_key": None, "client_id": "a"}, {"client_secret": ["is required"]}),
        ({"api_key": None, "client_secret": "a"}, {"client_id": ["is required"]}),
        ({"validation": None}, {"validation": ["is required"]}),
        ({"validation": 1}, {"validation": ["is invalid"]}),
        (
            {"validation": {"path": "", "codes": []}},
            {"validation": {"path": ["is required"], "method": ["is required"], "codes": ["is required"]}},
        ),
        (
            {"validation": {"path": "/a", "method": "GET /", "codes": [99]}},
            {"validation": {"method": ["is invalid"], "codes": ["is invalid"]}},
        ),
        ({"validation": {"path": "/a", "method": "GET", "codes": [True]}}, {"validation": {"codes": ["is invalid"]}}),
        ({"validation": {"path": "/a", "method": "GET", "codes": 200}}, {"validation": {"codes": ["is invalid"]}}),
    ],
)
def test_an_identity_that_breaks_rules_is_refused(api: Caller, fields: dict[str, Any], errors: object) -> None:
    specification = specified(api, "http://127.0.0.1:1")
    given = {"api_key": "k", "validation": {"path": "/a", "method": "GET", "codes": [200]}, **fields}

    path = f"/provision/sensory/specifications/{specification}/identifiers/ApiKey/identities"

    assert api.refused("POST", path, {"identity": given}) == (422, errors)


def test_an_identifier_that_is_no_security_scheme_is_refused(api: Caller) -> None:
    specification = specified(api, "http://127.0.0.1:1")
    given = {"api_key": "k", "validation": {"path": "/a", "method": "GET", "codes": [200]}}

    path = f"/provision/sensory/specifications/{specification}/identifiers/Other%20Key/identities"

    refused = api.refused("POST", path, {"identity": given})
    assert refused == (422, {"identifier": ["is not a security scheme of the specification (ApiKey)"]})


def test_a_secret_is_never_answered(api: Caller, endpoint: Endpoint) -> None:
    specification = specified(api, endpoint.url, {"type": "http", "scheme": "basic"})
    made = api.identity(specification, api_key=None, client_id="the-client", client_secret="the-secret")

    answers = [made, api("PATCH", MEMBER + made["id"], {"identity": {}}), api("GET", MEMBER + made["id"])]

    assert "the-secret" not in json.dumps([*answers, api.plane.objects("source_identity")])
    swapped = api(
        "PATCH", MEMBER + made["id"], {"identity": {"api_key": "k", "client_id": None, "client_secret": None}}
    )
    assert swapped["current_state"] == "pending"


def test_of_two_readers_one_probes_and_the_other_sees_pending(api: Caller, endpoint: Endpoint) -> None:
    arrived, go_on = threading.Event(), threading.Event()

    def answer(request: Request) -> Answer:
        arrived.set()
        assert go_on.wait(10)
        return Answer(200)

    endpoint.answer = answer
    made = api.identity(specified(api, endpoint.url))
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(api, "GET", MEMBER + made["id"])
        assert arrived.wait(10)
        assert api("GET", MEMBER + made["id"]) == made
        api.space("No lock is held meanwhile")
        go_on.set()
        assert first.result()["current_state"] == "active"

    assert len(endpoint.requests) == 1


def test_a_change_during_a_probe_makes_its_result_worthless(api: Caller, endpoint: Endpoint) -> None:
    made = api.identity(specified(api, endpoint.url))

    def answer(request: Request) -> Answer:
        if request.headers["authorization"] == f"Bearer {KEY}":
            api("PATCH", MEMBER + made["id"], {"identity": {"api_key": "wrong"}})
            return Answer(200)
        return Answer(401)

    endpoint.answer = answer

    assert api("GET", MEMBER + made["id"])["current_state"] == "pending"
    assert api("GET", MEMBER + made["id"])["reason"] == "GET /whoami answered 401, not 200."


def test_a_deletion_during_a_probe_is_no_error(api: Caller, endpoint: Endpoint) -> None:
    made = api.identity(specified(api, endpoint.url))

    def answer(request: Request) -> Answer:
        api.delete(MEMBER + made["id"])
        return Answer(200)

    endpoint.answer = answer

    api("GET", MEMBER + made["id"])
    assert api.gone(MEMBER + made["id"])


def read_for_ever(address: str, path: str) -> None:
    ControlPlane(opened(address)).handle("GET", path)


def set_clock(monkeypatch: pytest.MonkeyPatch, now: float) -> None:
    """Set the clock by which jobs are claimed."""
    for kind in Transaction.__subclasses__():
        monkeypatch.setattr(kind, "_now", lambda _: now)


def test_a_reader_that_was_killed_loses_nothing(
    api: Caller, endpoint: Endpoint, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    arrived, go_on = threading.Event(), threading.Event()

    def answer(request: Request) -> Answer:
        if not arrived.is_set():
            arrived.set()
            go_on.wait(20)
        return Answer(200)

    endpoint.answer = answer
    made = api.identity(specified(api, endpoint.url))
    arguments = (address, MEMBER + made["id"])
    reader = multiprocessing.get_context("spawn").Process(target=read_for_ever, args=arguments)
    reader.start()
    try:
        assert arrived.wait(20)
    finally:
        reader.kill()
        reader.join()
        go_on.set()

    assert api("GET", MEMBER + made["id"])["current_state"] == "pending"
    set_clock(monkeypatch, time.time() + LONGEST_CLAIM_S + 1)
    assert api("GET", MEMBER + made["id"])["current_state"] == "active"


def test_a_claim_from_a_clock_that_was_ahead_is_none(
    api: Caller, endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = api.identity(specified(api, endpoint.url))
    with monkeypatch.context() as ahead:
        set_clock(ahead, 9e12)
        assert api.plane._store.write(lambda store: store.claim_job(made["id"], "a", LONGEST_CLAIM_S))

    assert api("GET", MEMBER + made["id"])["current_state"] == "active"


def test_neither_a_proxy_nor_a_password_file_of_the_user_takes_part_on_loopback(
    api: Caller, endpoint: Endpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.delenv("no_proxy", raising=False)
    made = api.identity(specified(api, endpoint.url))

    assert api("GET", MEMBER + made["id"])["current_state"] == "active"
    assert endpoint.requests[0].headers["authorization"] == f"Bearer {KEY}"


def test_a_password_file_of_the_user_takes_no_part_elsewhere(
    api: Caller, endpoint: Endpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.setattr("tama.control_plane.outgoing._is_loopback", lambda _: False)
    made = api.identity(specified(api, endpoint.url))

    assert api("GET", MEMBER + made["id"])["current_state"] == "active"
    assert endpoint.requests[0].headers["authorization"] == f"Bearer {KEY}"
