"""Every error code of the contract can come, and the client of these tests lets no other pass."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from hosting.rate import RateLimit
from service.contract import Contract
from service.personalization.standing import Standing, put_aliases
from service.storage import StoreUnavailableError
from service.storage.sqlite import SQLiteStore
from service.web.app import Bounds, create_app
from service.web.credentials import Credential, digest
from tests.service.client import Client, ServiceAnswer
from tests.service.server import BASE, KEY

ANA = {"index": 0, "value": "Ana"}
NAMES = {"names": [ANA]}
DOCUMENT = {
    "actor_id": "a",
    "aliases": [],
    "consent": {"status": "given"},
    "format": 1,
    "history": [],
    "preferences": [],
    "profile": {"names": [{**ANA, "group": "real"}]},
}
KEYED = {"Idempotency-Key": "k"}
Call = Callable[[Client], ServiceAnswer]


def consent(client: Client, status: str) -> ServiceAnswer:
    return client.call("PUT", f"{BASE}/profile/a/consent", {"status": status})


def prefer(client: Client, kind: str, value: object) -> ServiceAnswer:
    return client.call("PUT", f"{BASE}/profile/a/preferences/{kind}", {"value": value})


def append(client: Client, content: str) -> ServiceAnswer:
    event = {"role": "user", "content": content, "event_id": "m-1"}
    return client.call("POST", f"{BASE}/profile/a/history", {"events": [event]})


def imported(client: Client, document: object) -> ServiceAnswer:
    return client.call("PUT", f"{BASE}/profile/a/import", document)


def merged(client: Client, actor: str, body: object) -> ServiceAnswer:
    return client.call("POST", f"{BASE}/profile/{actor}/merge", body)


def forget(client: Client) -> ServiceAnswer:
    return client.call("DELETE", f"{BASE}/profile/a/history/m-1")


CALLS: dict[str, Call] = {
    "invalid_path": lambda client: client.get("%FF"),
    "invalid_actor_id": lambda client: client.get(".."),
    "invalid_precondition": lambda client: client.get("a", headers={"If-Match": "3"}),
    "incomplete_body": lambda client: client.put("a", b"{", environ={"CONTENT_LENGTH": "2"}),
    "malformed_json": lambda client: client.put("a", b"{"),
    "duplicate_key": lambda client: client.put("a", b'{"gender": "male", "gender": "male"}'),
    "nested_too_deeply": lambda client: client.put("a", b"[" * 33 + b"]" * 33),
    "unauthenticated": lambda client: client.get("a", key=None),
    "profile_not_found": lambda client: client.get("a"),
    "route_not_found": lambda client: client.call("GET", f"{BASE}/profiles/a"),
    "method_not_allowed": lambda client: client.call("POST", f"{BASE}/profile/a"),
    "length_required": lambda client: client.put("a", NAMES, environ={"CONTENT_LENGTH": ""}),
    "precondition_failed": lambda client: client.put("a", NAMES, headers={"If-Match": "*"}),
    "body_too_large": lambda client: client.put("a", b" " * 65_537),
    "unsupported_media_type": lambda client: client.put("a", NAMES, headers={"Content-Type": "text/plain"}),
    "invalid_profile": lambda client: client.put("a", {"gender": "woman"}),
    "invalid_idempotency_key": lambda client: client.put("a", NAMES, headers={"Idempotency-Key": "a b"}),
    "consent_withdrawn": lambda client: (consent(client, "withdrawn"), client.put("a", NAMES))[1],
    "invalid_consent": lambda client: consent(client, "perhaps"),
    "entry_not_found": lambda client: (client.put("a", NAMES), client.call("DELETE", f"{BASE}/profile/a/names/real/1"))[
        1
    ],
    "invalid_parameter": lambda client: client.call("DELETE", f"{BASE}/profile/a/names/nickname/0"),
    "last_name": lambda client: (client.put("a", NAMES), client.call("DELETE", f"{BASE}/profile/a/names/real/0"))[1],
    "precondition_required": lambda client: client.call("PATCH", f"{BASE}/profile/a", NAMES),
    "idempotency_key_reused": lambda client: [client.put("a", body, headers=KEYED) for body in (NAMES, {})][1],
    "duplicate_entry": lambda client: client.put("a", {"names": [ANA, ANA]}),
    "name_required": lambda client: client.put("a", {"gender": "female"}),
    "preference_not_found": lambda client: client.call("GET", f"{BASE}/profile/a/preferences/theme"),
    "unknown_preference_type": lambda client: client.call("DELETE", f"{BASE}/profile/a/preferences/colour"),
    "invalid_preference": lambda client: prefer(client, "theme", "blue"),
    "unknown_value": lambda client: prefer(client, "language", "English"),
    "ambiguous_value": lambda client: prefer(client, "region", "Congo"),
    "contradictory_value": lambda client: prefer(client, "region", {"code": "FR", "name": "Germany"}),
    "invalid_query": lambda client: client.call(
        "GET", f"{BASE}/profile/a/context", environ={"QUERY_STRING": "budget=1"}
    ),
    "event_not_found": forget,
    "event_conflict": lambda client: (append(client, "Good evening."), append(client, "Good night."))[1],
    "event_deleted": lambda client: (append(client, "One."), forget(client), append(client, "One."))[2],
    "invalid_history": lambda client: client.call("POST", f"{BASE}/profile/a/history", {"events": [{}, {"role": 1}]}),
    "content_too_large": lambda client: append(client, "\u00e9" * 8_193),
    "invalid_cursor": lambda client: client.call(
        "GET", f"{BASE}/profile/a/history", environ={"QUERY_STRING": "cursor=other"}
    ),
    "invalid_document": lambda client: imported(client, {"format": 1}),
    "actor_exists": lambda client: (client.put("a", NAMES), imported(client, DOCUMENT))[1],
    "invalid_merge": lambda client: merged(client, "a", {}),
    "merged_elsewhere": lambda client: [merged(client, actor, {"from": "v"}) for actor in "ab"][1],
    "actor_mismatch": lambda client: client.put("a", {"path": {"actor_id": "b"}, "body": NAMES}),
}


@pytest.mark.parametrize(("code", "call"), CALLS.items(), ids=CALLS)
def test_the_code_comes(client: Client, code: str, call: Call) -> None:
    assert call(client).json["code"] == code


def test_the_code_comes_when_a_scope_is_missing(make_client: Callable[[frozenset[str]], Client]) -> None:
    assert make_client(frozenset()).get("a").json["code"] == "insufficient_scope"


def test_the_code_comes_when_a_profile_is_full(client: Client) -> None:
    client.put("a", {"names": [{**ANA, "index": index} for index in range(64)]})
    assert client.put("a", {"names": [{**ANA, "index": 64}]}).json["code"] == "too_many_entries"


def test_the_code_comes_when_a_call_with_the_key_is_under_way(
    client: Client, store: SQLiteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    codes = []
    write = store.write

    def comes_again_meanwhile(*arguments: Any) -> Any:
        monkeypatch.setattr(store, "write", write)
        answer = client.put("a", NAMES, headers=KEYED)
        assert answer.headers["Retry-After"] == "1"
        codes.append(answer.json["code"])
        return write(*arguments)

    monkeypatch.setattr(store, "write", comes_again_meanwhile)
    assert client.put("a", NAMES, headers=KEYED).status_code == 201
    assert codes == ["idempotency_key_in_flight"]


def test_the_code_comes_when_what_was_answered_is_gone(client: Client, store: SQLiteStore) -> None:
    client.put("a", NAMES, headers=KEYED)
    store.write("default", "a", lambda changes: changes.delete("idempotency/0000"))
    assert client.put("a", NAMES, headers=KEYED).json["code"] == "idempotency_key_gone"


def test_the_code_comes_while_an_actor_is_erased(client: Client, store: SQLiteStore) -> None:
    store.write("default", "a", Standing(erasure="e").store)
    assert client.put("a", NAMES).json["code"] == "erasure_in_progress"


def test_the_code_comes_while_an_actor_is_imported(client: Client, store: SQLiteStore) -> None:
    store.write("default", "a", Standing(importing="i").store)
    assert client.put("a", NAMES).json["code"] == "actor_busy"


def test_the_code_comes_when_too_many_ids_lead_to_an_actor(client: Client, store: SQLiteStore) -> None:
    store.write("default", "a", lambda changes: put_aliases(changes, [f"v{number}" for number in range(64)]))
    assert merged(client, "a", {"from": "w"}).json["code"] == "too_many_aliases"


def test_the_code_comes_when_an_actor_has_all_preferences(contract: Contract, store: SQLiteStore) -> None:
    credential = Credential(digest(KEY), "default", frozenset(contract.schema("Scope")["enum"]))
    app = create_app(contract, store, [credential], instance="this-start", main_pid=1, bounds=Bounds(max_preferences=1))
    client = Client(contract, app)
    prefer(client, "theme", "dark")
    assert prefer(client, "language", "en").json["code"] == "too_many_preferences"


def test_the_code_comes_when_a_tenant_calls_too_often(contract: Contract, store: SQLiteStore) -> None:
    credential = Credential(digest(KEY), "default", frozenset(contract.schema("Scope")["enum"]))
    bounds = Bounds(rate_limit=RateLimit(1, 1, monotonic=lambda: 0))
    app = create_app(contract, store, [credential], instance="this-start", main_pid=1, bounds=bounds)
    client = Client(contract, app)
    client.get("a")
    assert client.get("a").json["code"] == "rate_limited"


def test_the_code_comes_when_a_tenant_has_all_its_actors(contract: Contract, tmp_path: Path) -> None:
    credential = Credential(digest(KEY), "default", frozenset(contract.schema("Scope")["enum"]))
    with closing(SQLiteStore(tmp_path / "full.db", max_actors=1)) as store:
        client = Client(contract, create_app(contract, store, [credential], instance="this-start", main_pid=1))
        client.put("a", NAMES)
        assert client.put("b", NAMES).json["code"] == "quota"


FAILURES = {"internal_error": RuntimeError(), "store_unavailable": StoreUnavailableError()}


@pytest.mark.parametrize(("code", "failure"), FAILURES.items(), ids=FAILURES)
def test_the_code_comes_when_the_store_fails(
    client: Client, store: SQLiteStore, monkeypatch: pytest.MonkeyPatch, code: str, failure: Exception
) -> None:
    def fails(*_: Any) -> None:
        raise failure

    monkeypatch.setattr(store, "get", fails)
    assert client.get("a").json["code"] == code


def test_no_code_is_left_out(contract: Contract) -> None:
    others = {"insufficient_scope", "erasure_in_progress", "actor_busy", "too_many_entries", "too_many_preferences"}
    others |= {"too_many_aliases"}
    keys = {"idempotency_key_in_flight", "idempotency_key_gone"}
    limits = {"rate_limited", "quota"}
    assert {*CALLS, *FAILURES} | others | keys | limits == set(contract.errors)
