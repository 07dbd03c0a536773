"""A context that is remembered is the one that would be assembled anew, whatever was done in between."""

import gc
import tracemalloc
from collections.abc import Callable

import pytest

from service.contract import Contract
from service.items import Item
from service.personalization.history.retention import Limits, Retention
from service.remembering import ENTRY_BYTES
from service.storage.sqlite import SQLiteStore
from service.web.app import create_app
from service.web.context import ContextViews
from service.web.credentials import Credential, digest
from tests.service.client import Client
from tests.service.context.actors import ANA
from tests.service.server import BASE, KEY

PROFILE = f"{BASE}/profile/a"
EVENTS = [
    {"role": role, "content": f"Turn {number}.", "event_id": f"e-{number}", "thread": f"t-{number % 2}"}
    for number, role in enumerate(["user", "assistant"] * 3)
]
QUERIES = ("date=2026-11-25", "date=2026-11-25&thread=t-1", "date=2026-11-25&budget=64", "date=2026-12-24")
CHANGES = [
    ("PUT", "", {"gender": "male"}),
    ("PATCH", "", {"pronoun": "they/them"}),
    ("DELETE", "", None),
    ("DELETE", "/names/real/0", None),
    ("DELETE", "/dates/birth/0", None),
    ("PUT", "/preferences/theme", {"value": "light"}),
    ("PUT", "/preferences/region", {"value": {"code": "PT"}}),
    ("DELETE", "/preferences/theme", None),
    ("POST", "/history", {"events": [{"role": "user", "content": "Good evening."}]}),
    ("DELETE", "/history/e-5", None),
    ("DELETE", "/history/e-2", None),
    ("DELETE", "/history?through=e-3", None),
    ("PUT", "/consent", {"status": "withdrawn"}),
]

MakeClient = Callable[[], Client]


@pytest.fixture
def made(contract: Contract, store: SQLiteStore) -> MakeClient:
    """Makes a service on the store that remembers nothing yet."""

    def make() -> Client:
        credentials = [Credential(digest(KEY), "default", frozenset(contract.schema("Scope")["enum"]))]
        return Client(contract, create_app(contract, store, credentials, instance="i", main_pid=1))

    return make


@pytest.fixture
def client(made: MakeClient) -> Client:
    client = made()
    client.put("a", ANA)
    client.call("PUT", f"{PROFILE}/preferences/theme", {"value": "dark"})
    client.call("POST", f"{PROFILE}/history", {"events": EVENTS})
    return client


def contexts(client: Client) -> list[bytes]:
    return [
        client.call("GET", f"{PROFILE}/context", headers={"Accept": accept}, environ={"QUERY_STRING": query}).data
        for query in QUERIES
        for accept in ("application/json", "text/markdown")
    ]


@pytest.mark.parametrize(("method", "path", "body"), CHANGES)
def test_every_change_shows(client: Client, made: MakeClient, method: str, path: str, body: object) -> None:
    before = contexts(client)
    path, _, query = path.partition("?")
    assert client.call(method, f"{PROFILE}{path}", body, environ={"QUERY_STRING": query}).status_code < 300
    after = contexts(client)
    assert after == contexts(made())
    assert after != before


def test_what_is_done_again_and_undone_shows(client: Client, made: MakeClient) -> None:
    for body in (ANA, {"gender": "male"}, {"gender": "female"}, ANA):
        client.put("a", body)
        assert contexts(client) == contexts(made())
    for _ in range(2):
        client.call("DELETE", PROFILE)
        assert contexts(client) == contexts(made())
        client.put("a", ANA)
        assert contexts(client) == contexts(made())
    for status in ("withdrawn", "given"):
        client.call("PUT", f"{PROFILE}/consent", {"status": status})
        assert contexts(client) == contexts(made())


def test_what_retention_takes_away_shows(client: Client, made: MakeClient, store: SQLiteStore) -> None:
    before = contexts(client)
    retention = Retention(Limits(events=2))
    for _ in range(3):
        store.write("default", "a", retention.step)
    assert contexts(client) == contexts(made()) != before


def test_another_tenants_actor_of_the_same_id_has_a_context_of_their_own(
    client: Client, contract: Contract, store: SQLiteStore
) -> None:
    keys = {tenant: tenant * 20 for tenant in ("one", "two")}
    credentials = [
        Credential(digest(key), tenant, frozenset({"profile:read", "profile:write"})) for tenant, key in keys.items()
    ]
    both = Client(contract, create_app(contract, store, credentials, instance="i", main_pid=1))
    both.put("a", {"names": [{"index": 0, "value": "Bea"}]}, key=keys["two"])
    seen = {tenant: both.call("GET", f"{PROFILE}/context", key=key).json["known"] for tenant, key in keys.items()}
    assert seen == {"one": False, "two": True}


def test_the_second_call_assembles_nothing(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise AssertionError

    first = contexts(client)
    monkeypatch.setattr("service.web.context.turns", fail)
    assert contexts(client) == first
    monkeypatch.undo()


def test_more_types_of_preferences_than_one_statement_asks_for_change_nothing(
    client: Client, made: MakeClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.web.context.MAX_KEYS", 3)
    forgetful = made()
    assert contexts(forgetful) == contexts(client)
    forgetful.put("a", {"gender": "other"})
    assert contexts(forgetful) == contexts(client)


def test_a_turn_that_is_appended_meanwhile_comes_with_what_else_was_told_by_then(
    client: Client, made: MakeClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    other, find = made(), ContextViews._find

    def find_and_let_others_write(views: ContextViews, tenant: str, actor: str) -> list[Item | None]:
        found = find(views, tenant, actor)
        other.put("a", {"gender": "male"})
        other.call("POST", f"{PROFILE}/history", {"events": [{"role": "user", "content": "Late."}]})
        return found

    monkeypatch.setattr(ContextViews, "_find", find_and_let_others_write)
    seen = client.call("GET", f"{PROFILE}/context", environ={"QUERY_STRING": QUERIES[0]})
    monkeypatch.undo()
    assert "Late." in seen.json["text"]
    assert seen.data == contexts(made())[0] == contexts(client)[0]


def test_contexts_take_no_more_memory_than_is_counted_for_them(client: Client) -> None:
    client.call("POST", f"{PROFILE}/history", {"events": [{"role": "user", "content": "Yes. " * 500}]})

    def length(budget: int) -> int:
        return len(client.call("GET", f"{PROFILE}/context", environ={"QUERY_STRING": f"budget={budget}"}).data)

    length(4_000)
    tracemalloc.start()
    try:
        counted = sum(length(budget) + ENTRY_BYTES for budget in range(5_000, 5_100))
        # Requests leave circles behind, which are collected now and then, and a little that is not of contexts.
        gc.collect()
        assert tracemalloc.get_traced_memory()[0] < 1.2 * counted
    finally:
        tracemalloc.stop()
