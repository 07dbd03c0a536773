"""Every error code of the contract can come, and the client of these tests lets no other pass."""

from collections.abc import Callable
from typing import Any

import pytest

from service.contract import Contract
from service.storage import StoreUnavailableError
from service.storage.sqlite import SQLiteStore
from service.web.app import create_app
from service.web.credentials import Credential, digest
from tests.service.client import Client, ServiceAnswer
from tests.service.server import BASE, KEY

ANA = {"index": 0, "value": "Ana"}
NAMES = {"names": [ANA]}
Call = Callable[[Client], ServiceAnswer]


def prefer(client: Client, kind: str, value: object) -> ServiceAnswer:
    return client.call("PUT", f"{BASE}/profile/a/preferences/{kind}", {"value": value})


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
    "actor_mismatch": lambda client: client.put("a", {"path": {"actor_id": "b"}, "body": NAMES}),
}


@pytest.mark.parametrize(("code", "call"), CALLS.items(), ids=CALLS)
def test_the_code_comes(client: Client, code: str, call: Call) -> None:
    assert call(client).json["code"] == code


def test_the_code_comes_when_a_scope_is_missing(make_client: Callable[[frozenset[str]], Client]) -> None:
    assert make_client(frozenset()).get("a").json["code"] == "insufficient_scope"


def test_the_code_comes_when_a_profile_is_full(client: Client) -> None:
    client.put("a", {"names": [{**ANA, "index": index} for index in range(500)]})
    assert client.put("a", {"names": [{**ANA, "index": 500}]}).json["code"] == "too_many_entries"


def test_the_code_comes_when_an_actor_has_all_preferences(contract: Contract, store: SQLiteStore) -> None:
    credential = Credential(digest(KEY), "default", frozenset(contract.schema("Scope")["enum"]))
    app = create_app(contract, store, [credential], instance="this-start", main_pid=1, max_preferences=1)
    client = Client(contract, app)
    prefer(client, "theme", "dark")
    assert prefer(client, "language", "en").json["code"] == "too_many_preferences"


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
    assert {*CALLS, *FAILURES, "insufficient_scope", "too_many_entries", "too_many_preferences"} == set(contract.errors)
