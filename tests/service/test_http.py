"""Routes, methods, media types, credentials and actor ids: what is HTTP's and not the profile's."""

import re
from collections.abc import Callable
from typing import Any, cast
from unittest.mock import create_autospec

import pytest

from service.contract import Contract
from service.storage import StoreUnavailableError
from service.storage.sqlite import SQLiteStore
from service.web.app import create_app
from service.web.credentials import Credential, digest
from tests.service.client import Client
from tests.service.server import BASE, KEY

NAMES = {"names": [{"index": 0, "value": "Ana"}]}
BODY = b'{"names": [{"index": 0, "value": "Ana"}]}'


@pytest.mark.parametrize(
    "authorization",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        "Bearer wrong",
        f"Basic {KEY}",
        KEY,
        f"Bearer {KEY}x",
        f"Bearer {KEY},Bearer {KEY}",
    ],
)
def test_no_call_is_served_without_the_key(client: Client, authorization: str | None) -> None:
    headers = {} if authorization is None else {"Authorization": authorization}
    for method, path in (("GET", "/whoami"), ("GET", "/profile/a"), ("PUT", "/profile/a"), ("HEAD", "/profile/a")):
        answer = client.call(method, BASE + path, NAMES if method == "PUT" else None, headers=headers, key=None)
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"].startswith("Bearer ")


def test_the_scheme_matches_in_any_case(client: Client) -> None:
    assert client.call("GET", f"{BASE}/whoami", headers={"Authorization": f"bearer {KEY}"}).status_code == 200


def test_a_service_without_credentials_serves_nobody(contract: Contract, store: SQLiteStore) -> None:
    client = Client(contract, create_app(contract, store, [], instance="i", main_pid=1))
    assert client.get("a").status_code == 401
    assert client.get("a", key="").status_code == 401


def test_a_credential_reaches_only_its_tenant(contract: Contract, store: SQLiteStore) -> None:
    scopes = frozenset(contract.schema("Scope")["enum"])
    credentials = [Credential(digest("one" * 11), "one", scopes), Credential(digest("two" * 11), "two", scopes)]
    client = Client(contract, create_app(contract, store, credentials, instance="i", main_pid=1))
    client.put("a", NAMES, key="one" * 11)
    assert client.get("a", key="two" * 11).status_code == 404
    assert client.get("a", key="one" * 11).status_code == 200


def test_a_credential_does_only_what_its_scopes_allow(make_client: Callable[[frozenset[str]], Client]) -> None:
    reader = make_client(frozenset({"profile:read"}))
    answer = reader.put("a", NAMES)
    assert (answer.status_code, answer.json["code"]) == (403, "insufficient_scope")
    assert "profile:write" in answer.json["message"]
    assert 'error="insufficient_scope"' in answer.headers["WWW-Authenticate"]
    assert reader.get("a").status_code == 404
    assert reader.call("GET", f"{BASE}/whoami").json == {"tenant": "default", "scopes": ["profile:read"]}


def test_only_these_routes_need_no_credential(client: Client, contract: Contract, store: SQLiteStore) -> None:
    app = create_app(contract, store, [], instance="i", main_pid=1)
    calls = [
        (method, re.sub("<[a-z_:]+>", "a", rule.rule))
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"OPTIONS"}
        if rule.endpoint != "oauth.token"
    ]
    free = {path for method, path in calls if client.call(method, path, key=None).status_code != 401}
    contract_itself = {f"{BASE}/openapi.json", f"{BASE}/openapi.yaml", "/docs"}
    assets = {"/assets/a/a", "/docs/assets/a/a", "/docs/swagger-ui/a/a"}
    assert free == {"/healthz", "/readyz", *contract_itself, *assets}


def test_health_and_readiness(client: Client, store: SQLiteStore) -> None:
    assert client.call("GET", "/healthz", key=None).json == {"status": "ok"}
    ready = client.call("GET", "/readyz", key=None)
    assert ready.json == {"status": "ready", "instance": "this-start", "version": "0.1.0", "pid": 1}


@pytest.mark.parametrize(
    ("actor", "known_as"),
    [
        ("ana%40example.com", "ana@example.com"),
        ("%C3%A9", "\u00e9"),
        ("e%CC%81", "e\u0301"),
        ("a%20b", "a b"),
        ("%20a", " a"),
        ("a%25b", "a%b"),
        ("a%252Fb", "a%2Fb"),
        ("...", "..."),
        ("a;b=c", "a;b=c"),
        ("%F0%9F%8E%AC", "\U0001f3ac"),
        ("a" * 256, "a" * 256),
        ("%F0%9F%8E%AC" * 256, "\U0001f3ac" * 256),
    ],
)
def test_actor_ids_are_kept_as_they_are(client: Client, store: SQLiteStore, actor: str, known_as: str) -> None:
    assert client.put(actor, NAMES).status_code == 201
    assert store.get("default", known_as, "profile") != [None]
    assert client.get(actor).status_code == 200


def test_ids_that_look_alike_are_different_actors(client: Client) -> None:
    for actor in ("%C3%A9", "e%CC%81", "a", "A", "a%20", "%20a"):
        assert client.put(actor, NAMES).status_code == 201


@pytest.mark.parametrize(
    ("actor", "code"),
    [
        ("", "invalid_actor_id"),
        (".", "invalid_actor_id"),
        ("..", "invalid_actor_id"),
        ("a" * 257, "invalid_actor_id"),
        ("a%00b", "invalid_actor_id"),
        ("a%0A", "invalid_actor_id"),
        ("%7F", "invalid_actor_id"),
        ("%C2%85", "invalid_actor_id"),
        ("%EF%BF%BD", "invalid_actor_id"),
        ("%FF", "invalid_path"),
        ("%ED%A0%80", "invalid_path"),
        ("%C0%AF", "invalid_path"),
    ],
)
def test_what_is_no_actor_id_is_refused(client: Client, actor: str, code: str) -> None:
    for answer in (client.get(actor), client.put(actor, NAMES)):
        assert (answer.status_code, answer.json["code"]) == (400, code)


@pytest.mark.parametrize(
    "path",
    [
        "/",
        BASE,
        f"{BASE}/",
        f"{BASE}/profile",
        f"{BASE}/profile/a/",
        f"{BASE}/profile/a/b",
        f"{BASE}/profile/a%2Fb",
        f"{BASE}//profile/a",
        f"/{BASE}/whoami",
        f"{BASE}/whoami/",
        f"{BASE}/profile//a",
        "/healthz/",
        "/static/x",
    ],
)
def test_other_paths_lead_nowhere_and_nobody_is_redirected(client: Client, path: str) -> None:
    answer = client.call("GET", path)
    assert (answer.status_code, answer.json["code"]) == (404, "route_not_found")


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        (f"{BASE}/profile/a", "DELETE, GET, HEAD, OPTIONS, PATCH, PUT"),
        (f"{BASE}/profile/a/names/real/0", "DELETE, OPTIONS"),
        (f"{BASE}/whoami", "GET, HEAD, OPTIONS"),
        ("/readyz", "GET, HEAD, OPTIONS"),
    ],
)
def test_wrong_methods_are_told_the_right_ones(client: Client, path: str, allowed: str) -> None:
    for method in {"POST", "DELETE", "PATCH", "BREW"} - set(allowed.split(", ")):
        answer = client.call(method, path)
        assert (answer.status_code, answer.json["code"]) == (405, "method_not_allowed")
        assert answer.headers["Allow"] == allowed
    options = client.call("OPTIONS", path, key=None)
    assert (options.status_code, options.data) == (200, b"")
    assert sorted(options.headers["Allow"].split(", ")) == allowed.split(", ")


def test_head_is_get_without_the_body(client: Client) -> None:
    client.put("a", NAMES)
    get, head = client.get("a"), client.call("HEAD", f"{BASE}/profile/a")
    assert (head.status_code, head.data) == (200, b"")
    for answer in (get, head):
        del answer.headers["X-Request-Id"]  # each request has its own
    assert head.headers == get.headers
    assert client.call("HEAD", f"{BASE}/profile/nobody").status_code == 404


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "application/json; charset=UTF-8"},
        {"Content-Type": "Application/JSON"},
        {"Content-Encoding": "identity"},
    ],
)
def test_json_in_utf8_is_taken(client: Client, headers: dict[str, str]) -> None:
    assert client.put("a", BODY, headers=headers).status_code == 201


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "text/plain"},
        {"Content-Type": ""},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": "application/merge-patch+json"},
        {"Content-Type": "application/json, application/json"},
        {"Content-Type": "application/json; charset=latin-1"},
        {"Content-Encoding": "gzip"},
    ],
)
def test_other_media_types_are_refused(client: Client, headers: dict[str, str]) -> None:
    answer = client.put("a", BODY, headers=headers)
    assert (answer.status_code, answer.json["code"]) == (415, "unsupported_media_type")


@pytest.mark.parametrize(
    ("environ", "status", "code"),
    [
        ({"HTTP_TRANSFER_ENCODING": "chunked"}, 411, "length_required"),
        ({"CONTENT_LENGTH": ""}, 411, "length_required"),
        ({"CONTENT_LENGTH": "-1"}, 411, "length_required"),
        ({"CONTENT_LENGTH": "\u00b2"}, 411, "length_required"),
        ({"CONTENT_LENGTH": "65537"}, 413, "body_too_large"),
        ({"CONTENT_LENGTH": "9" * 5_000}, 413, "body_too_large"),
        ({"CONTENT_LENGTH": "1000"}, 400, "incomplete_body"),
    ],
)
def test_a_body_comes_whole_or_not_at_all(client: Client, environ: dict[str, Any], status: int, code: str) -> None:
    answer = client.put("a", BODY, environ=environ)
    assert (answer.status_code, answer.json["code"]) == (status, code)
    assert client.get("a").status_code == 404


def test_a_body_of_the_largest_size_is_read(client: Client) -> None:
    assert client.put("a", BODY + b" " * (65_536 - len(BODY))).status_code == 201
    assert client.put("a", BODY + b" " * (65_537 - len(BODY))).status_code == 413


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "malformed_json"),
        (b'{"names": ', "malformed_json"),
        (b'{"gender": NaN}', "malformed_json"),
        (b'{"gender": "male", "gender": "female"}', "duplicate_key"),
        (b"[" * 40 + b"]" * 40, "nested_too_deeply"),
    ],
)
def test_what_is_not_strict_json_is_refused(client: Client, body: bytes, code: str) -> None:
    answer = client.put("a", body)
    assert (answer.status_code, answer.json["code"]) == (400, code)


def _broken(error: Exception) -> SQLiteStore:
    store = create_autospec(SQLiteStore, instance=True)
    store.get.side_effect = store.read.side_effect = store.write.side_effect = error
    store.trouble.return_value = "it is broken"
    return cast("SQLiteStore", store)


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (StoreUnavailableError("FullError"), 503, "store_unavailable"),
        (RuntimeError("ana@example.com"), 500, "internal_error"),
    ],
)
def test_a_failing_store_is_no_answer_and_says_nothing_of_the_inside(
    contract: Contract, caplog: pytest.LogCaptureFixture, error: Exception, status: int, code: str
) -> None:
    credentials = [Credential(digest(KEY), "default", frozenset(contract.schema("Scope")["enum"]))]
    client = Client(contract, create_app(contract, _broken(error), credentials, instance="i", main_pid=1))
    for answer in (client.get("ana%40example.com"), client.put("ana%40example.com", NAMES)):
        assert (answer.status_code, answer.json["code"]) == (status, code)
        assert b"Error" not in answer.data.replace(b"Internal Server Error", b"")
        assert b"ana" not in answer.data
    fields = [(vars(record)["route"], vars(record)["actor"]) for record in caplog.records]
    assert len(set(fields)) == 1, "the same actor has the same pseudonym"
    assert fields[0][0] == f"{BASE}/profile/{{actor_id}}"
    assert "ana" not in fields[0][1]


def test_a_store_in_trouble_is_not_ready(contract: Contract) -> None:
    app = create_app(contract, _broken(RuntimeError()), [], instance="i", main_pid=1)
    answer = app.test_client().get("/readyz")
    assert (answer.status_code, answer.json) == (
        503,
        {"status": "not ready", "parts": {"store": "it is broken"}, "instance": "i", "version": "0.1.0", "pid": 1},
    )
    assert app.test_client().get("/healthz").status_code == 200
