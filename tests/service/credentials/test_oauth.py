"""OAuth 2.0 client credentials: the token endpoint, and what its tokens are good for."""

import base64
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import orjson
import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from service.contract import Contract
from service.credentials import records, tokens
from service.credentials.keys import Key
from service.refusal import Refused
from service.storage.sqlite import SQLiteStore
from service.web.app import create_app
from service.web.credentials import CONFIGURED, RECORD_LIFETIME_S, Authenticator, Credential, digest
from tama.control_plane import ControlPlane
from tama.control_plane.store.addresses import opened
from tests.service.clock import Clock
from tests.service.server import BASE, KEY, RunningService
from tests.tama.control_plane.support import Caller

URL = f"{BASE}/oauth/token"
SCOPES = ["profile:read", "profile:write"]
GRANT = {"grant_type": "client_credentials"}
NO_SCOPE: frozenset[str] = frozenset()


@pytest.fixture
def http(contract: Contract, store: SQLiteStore) -> FlaskClient:
    configured = Credential(digest(KEY), "default", frozenset(SCOPES))
    return create_app(contract, store, [configured], instance="i", main_pid=1).test_client()


@pytest.fixture
def key(store: SQLiteStore) -> Key:
    return records.add(store, "one", SCOPES, "", 0)


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def basic(client_id: str, secret: str) -> str:
    return "Basic " + encoded(f"{client_id}:{secret}")


def ask(http: FlaskClient, form: dict[str, str] | list[tuple[str, str]], authorization: str | None) -> TestResponse:
    headers = {"Authorization": authorization} if authorization else {}
    return http.post(URL, data=urlencode(form), content_type="application/x-www-form-urlencoded", headers=headers)


def whoami(http: FlaskClient, token: str) -> tuple[int, Any]:
    answer = http.get(f"{BASE}/whoami", headers={"Authorization": f"Bearer {token}"})
    return answer.status_code, answer.json


def assert_refused(answer: TestResponse, status: int, error: str) -> None:
    assert (answer.status_code, answer.json and answer.json["error"]) == (status, error)
    assert answer.content_type == "application/json"
    assert (answer.headers["Cache-Control"], answer.headers["Pragma"]) == ("no-store", "no-cache")
    assert answer.json
    assert set(answer.json) == {"error", "error_description"}
    assert ("WWW-Authenticate" in answer.headers) == (status == 401)


@pytest.mark.parametrize(
    "header",
    [
        lambda pair: "Basic " + encoded(pair),
        lambda pair: "Bearer " + encoded(pair),
        lambda pair: "bearer " + base64.urlsafe_b64encode(pair.encode()).decode().rstrip("="),
    ],
)
@pytest.mark.parametrize("form", ["form", "json"])
def test_a_client_gets_a_token_whichever_way_it_asks(
    http: FlaskClient, key: Key, header: Callable[[str], str], form: str
) -> None:
    asked = {**GRANT, "scope": "profile:read"}
    sent, media_type = (
        (urlencode(asked).encode(), "application/x-www-form-urlencoded")
        if form == "form"
        else (orjson.dumps(asked), "application/json")
    )
    headers = {"Authorization": header(f"{key.id}:{key.text}")}
    answer = http.post(URL, data=sent, content_type=media_type, headers=headers)
    assert answer.status_code == 200
    assert answer.json
    token = answer.json["access_token"]
    assert answer.json == {"access_token": token, "token_type": "Bearer", "expires_in": 600, "scope": "profile:read"}
    assert (answer.headers["Cache-Control"], answer.headers["Pragma"]) == ("no-store", "no-cache")
    assert whoami(http, token) == (200, {"tenant": "one", "scopes": ["profile:read"]})


def test_a_client_may_name_itself_in_the_body_and_gets_all_its_scopes_unless_it_asks(
    http: FlaskClient, key: Key
) -> None:
    answer = ask(http, {**GRANT, "client_id": key.id, "client_secret": key.text}, None)
    assert answer.json
    assert answer.json["scope"] == "profile:read profile:write"
    assert whoami(http, answer.json["access_token"])[1]["scopes"] == SCOPES


def test_the_configured_key_is_a_client_too(http: FlaskClient) -> None:
    answer = ask(http, GRANT, basic(CONFIGURED, KEY))
    assert answer.json
    assert whoami(http, answer.json["access_token"]) == (200, {"tenant": "default", "scopes": SCOPES})


def test_a_token_allows_no_more_than_it_was_asked_for(http: FlaskClient, key: Key) -> None:
    answer = ask(http, {**GRANT, "scope": "profile:read"}, basic(key.id, key.text))
    assert answer.json
    headers = {"Authorization": f"Bearer {answer.json['access_token']}"}
    refused = http.put(f"{BASE}/profile/a", json={}, headers=headers)
    assert (refused.status_code, refused.json and refused.json["code"]) == (403, "insufficient_scope")
    assert_refused(ask(http, GRANT, headers["Authorization"]), 401, "invalid_client")


@pytest.mark.parametrize(
    ("form", "status", "error"),
    [
        ({}, 400, "invalid_request"),
        ({"grant_type": ""}, 400, "invalid_request"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({**GRANT, "scope": "admin"}, 400, "invalid_scope"),
        ({**GRANT, "scope": "profile:read profile:delete"}, 400, "invalid_scope"),
        ({**GRANT, "client_secret": "x"}, 400, "invalid_request"),
        ({**GRANT, "client_id": "another"}, 400, "invalid_request"),
        ([*GRANT.items(), *GRANT.items()], 400, "invalid_request"),
        ({**GRANT, "much": "x" * 8_192}, 400, "invalid_request"),
    ],
)
def test_what_is_wrong_has_the_error_of_the_rfc(
    http: FlaskClient, key: Key, form: dict[str, str], status: int, error: str
) -> None:
    assert_refused(ask(http, form, basic(key.id, key.text)), status, error)


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"grant_type": 1}', b'{"grant_type":"a","grant_type":"a"}'])
def test_a_body_that_is_no_object_of_texts_is_refused(http: FlaskClient, key: Key, body: bytes) -> None:
    headers = {"Authorization": basic(key.id, key.text)}
    assert_refused(http.post(URL, data=body, content_type="application/json", headers=headers), 400, "invalid_request")
    assert_refused(http.post(URL, data=body, content_type="text/plain", headers=headers), 400, "invalid_request")


def test_a_wrong_client_is_refused_in_the_scheme_that_it_used(http: FlaskClient, key: Key, store: SQLiteStore) -> None:
    other = records.add(store, "one", SCOPES, "", 0)
    revoked = records.add(store, "one", SCOPES, "", 0)
    records.revoke(store, revoked.id, 0)
    wrong = [
        None,
        "Basic",
        "Basic !",
        "Basic \u00e9",
        "Digest " + encoded(f"{key.id}:{key.text}"),
        "Basic " + encoded(key.id),
        basic(key.id, ""),
        basic(key.id, other.text),
        basic(other.id, key.text),
        basic("", key.text),
        basic(CONFIGURED, key.text),
        basic(key.id, KEY),
        basic(revoked.id, revoked.text),
        f"Bearer {key.text}",
    ]
    for header in wrong:
        answer = ask(http, GRANT, header)
        assert_refused(answer, 401, "invalid_client")
        scheme = "Bearer" if (header or "").startswith("Bearer") else "Basic"
        assert answer.headers["WWW-Authenticate"] == f'{scheme} realm="personalization"'


@pytest.fixture
def authenticator(store: SQLiteStore, clock: Clock) -> Authenticator:
    return Authenticator([], store, monotonic=clock, clock=clock)


def give(authenticator: Authenticator, key: Key) -> Callable[[], Credential]:
    client = authenticator.client(key.id, key.text)
    assert client
    token = authenticator.token(client, SCOPES)
    return lambda: authenticator.authenticate(f"Bearer {token}", NO_SCOPE)


def test_a_token_is_who_its_credential_is(authenticator: Authenticator, key: Key) -> None:
    by_token, by_key = give(authenticator, key)(), authenticator.authenticate(f"Bearer {key.text}", NO_SCOPE)
    assert by_token == by_key


def revoke(store: SQLiteStore, key: Key, clock: Clock) -> None:
    records.revoke(store, key.id, clock())


def rotate(store: SQLiteStore, key: Key, clock: Clock) -> None:
    records.rotate(store, key.id, 0, clock())


def rotate_signing_key_twice(store: SQLiteStore, _key: Key, _clock: Clock) -> None:
    tokens.rotate_signing_key(store)
    tokens.rotate_signing_key(store)


@pytest.mark.parametrize("end", [revoke, rotate, rotate_signing_key_twice])
def test_a_token_ends_within_the_bound_with_what_it_stands_for(
    store: SQLiteStore, authenticator: Authenticator, key: Key, clock: Clock, end: Callable[..., object]
) -> None:
    use = give(authenticator, key)
    assert use().tenant == "one"
    end(store, key, clock)
    clock.now += RECORD_LIFETIME_S
    with pytest.raises(Refused, match="unauthenticated"):
        use()


def test_a_token_outlives_a_rotation_of_the_signing_key_but_not_ten_minutes(
    store: SQLiteStore, authenticator: Authenticator, key: Key, clock: Clock
) -> None:
    use = give(authenticator, key)
    tokens.rotate_signing_key(store)
    clock.now += 599
    assert use().tenant == "one"
    clock.now += 1
    with pytest.raises(Refused, match="unauthenticated"):
        use()


def test_both_schemes_of_the_contract_ask_for_the_same_scopes(contract: Contract) -> None:
    schemes: Any = contract.at(["components", "securitySchemes"])
    flow = schemes["OAuth"]["flows"]["clientCredentials"]
    assert flow["tokenUrl"] == URL
    assert list(flow["scopes"]) == contract.schema("Scope")["enum"]
    for operation in contract.operations:
        described: Any = contract.at(["paths", operation.path.removeprefix(BASE), operation.method.lower()])
        security = described.get("security", contract.at(["security"]))
        scopes = list(security[0]["ApiKey"])
        assert security == [{"ApiKey": scopes}, {"OAuth": scopes}]
        assert set(scopes) <= set(flow["scopes"])


@pytest.fixture
def api(tmp_path: Path) -> Iterator[Caller]:
    """A control plane of its own."""
    with closing(opened(f"sqlite:{tmp_path}/tama/tama.db")) as store:
        yield Caller(ControlPlane(store))


def test_tama_calls_the_service_with_tokens(service: RunningService, contract: Contract, api: Caller) -> None:
    endpoint = f"http://127.0.0.1:{service.port}{BASE}"
    specification = api.specification(api.space("Personalization")["id"], orjson.loads(contract.json), endpoint)
    client = {"api_key": None, "client_id": CONFIGURED, "client_secret": KEY}
    identity = api.identity(specification["id"], "OAuth", **client)
    assert api("GET", f"/provision/sensory/identities/{identity['id']}")["current_state"] == "active"
    name = {"body": {"names": [{"index": 0, "value": "Canarina"}]}, "path": {"actor_id": "canary"}}
    stored = api.plane.call(f"{specification['id']}:create-or-update-profile", name)
    assert (stored.status, orjson.loads(stored.body)["names"][0]["value"]) == (201, "Canarina")
