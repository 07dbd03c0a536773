"""Erasing everyone of a tenant."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest

from service.contract import Contract
from service.credentials import records
from service.items import MAX_CHANGES
from service.personalization.erasure import tenants
from service.personalization.standing import Standing, put_aliases
from service.web.app import create_app
from tests.service.client import Client, ServiceAnswer
from tests.service.erasure.calls import KEYED, AnyLog, append, everything, fill, is_work_left, owners
from tests.service.server import BASE
from tests.service.stores import AnyStore
from tests.service.test_consent import NAMES

pytestmark = pytest.mark.every_store

Caller = Callable[..., str]


@pytest.fixture
def tenant_client(contract: Contract, store: AnyStore) -> Client:
    return Client(contract, create_app(contract, store, [], instance="i", main_pid=1))


@pytest.fixture
def key(contract: Contract, store: AnyStore) -> Caller:
    scopes = frozenset(contract.schema("Scope")["enum"])
    return lambda tenant, missing=frozenset(): records.add(store, tenant, scopes - missing, "", 0).text


def erase_tenant(client: Client, key: str, tenant: str = "acme", **options: Any) -> ServiceAnswer:
    environ = {"QUERY_STRING": f"tenant={tenant}"} if tenant else {}
    return client.call("POST", f"{BASE}/actors/erasure", key=key, environ=environ, **options)


def listed(client: Client, key: str) -> list[str]:
    return [each["actor_id"] for each in client.call("GET", f"{BASE}/actors", key=key).json["actors"]]


def names(store: AnyStore) -> list[str]:
    """Return the names under which the items of the tenant lie."""
    return [name for tenant, name in owners(store) if tenant == "acme"]


def test_every_actor_of_the_tenant_goes_and_nobody_elses(
    tenant_client: Client, store: AnyStore, key: Caller, log: AnyLog
) -> None:
    acme, other = key("acme"), key("other")
    for each in (acme, other):
        for number in range(3):
            tenant_client.put(f"a{number}", NAMES, key=each)
    answer = erase_tenant(tenant_client, acme)
    assert answer.status_code == 202
    assert log.ids == [answer.json["erasure_id"]]
    store.sweep()
    assert listed(tenant_client, acme) == []
    assert listed(tenant_client, other) == ["a0", "a1", "a2"]
    assert [name for name in names(store) if not name.startswith("mark/")] == []
    assert store.backlog() == 0
    assert tenant_client.put("a0", NAMES, key=acme).status_code == 201, "its credentials stay"


def test_long_histories_aliases_and_other_ids_go_too(tenant_client: Client, store: AnyStore, key: Caller) -> None:
    acme = key("acme")
    for number in range(3):
        events = [{"role": "user", "content": "Hi", "event_id": f"e-{number}-{each}"} for each in range(40)]
        tenant_client.call("POST", f"{BASE}/profile/canary/history", {"events": events}, key=acme)
    assert len(names(store)) > 2 * MAX_CHANGES
    store.write("acme", "canary-visitor", Standing(alias_of="canary").store)
    store.write("acme", "canary", lambda changes: put_aliases(changes, ["canary-visitor"]))
    store.write("acme", "canary-stray", Standing(alias_of="nobody").store)
    store.write("acme", "canary-gone", lambda changes: changes.put("idempotency/0000", b"{}"))
    store.write("acme", "canary-gone", lambda changes: changes.schedule("of a later version", 2_000_000_000))
    erase_tenant(tenant_client, acme)
    store.sweep()
    assert {name.split("/")[0] for name in names(store)} <= {"mark"}
    assert not any("canary" in str(row) for row in everything(store))
    assert not is_work_left(store)


@pytest.mark.every_store(but="dynamodb")
def test_more_actors_than_one_step_takes(
    tenant_client: Client, store: AnyStore, key: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tenants, "_STEP", 10)
    for number in range(25):
        store.write("acme", f"a{number}", lambda changes: changes.put("profile", b"{}"))
    erase_tenant(tenant_client, key("acme"))
    store.sweep()
    assert store.actors("acme", None, 1) == []


@pytest.fixture
def cut_off(store: AnyStore, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[int], None]]:
    """Do the steps of a tenant's erasure by hand, up to a write, at which the process would be killed."""
    write = store.write
    monkeypatch.setattr(store._rounds, "tasks", {})

    def do(fails_at: int) -> None:
        calls = 0

        def crashes(*arguments: Any) -> Any:
            nonlocal calls
            calls += 1
            if calls >= fails_at:
                raise KeyboardInterrupt
            return write(*arguments)

        monkeypatch.setattr(store, "write", crashes)
        with suppress(KeyboardInterrupt):
            while True:
                tenants.step(store, "acme", tenants.NOBODY)
        monkeypatch.setattr(store, "write", write)

    yield do
    monkeypatch.setattr(store._rounds, "tasks", tenants.TASKS)


@pytest.mark.every_store(but="dynamodb")
@pytest.mark.parametrize("fails_at", [1, 2, 5, 7, 8, 9])
def test_what_a_crash_cut_off_goes_on(
    tenant_client: Client,
    store: AnyStore,
    key: Caller,
    cut_off: Callable[[int], None],
    monkeypatch: pytest.MonkeyPatch,
    fails_at: int,
) -> None:
    monkeypatch.setattr(tenants, "_STEP", 3)
    for number in range(5):
        store.write("acme", f"a{number}", lambda changes: changes.put("profile", b"{}"))
    acme = key("acme")
    answer = erase_tenant(tenant_client, acme)
    cut_off(fails_at)
    assert erase_tenant(tenant_client, acme).json == answer.json or fails_at > 8
    monkeypatch.setattr(store._rounds, "tasks", tenants.TASKS)
    store.sweep()
    assert store.actors("acme", None, 1) == []
    assert store.backlog() == 0


@pytest.mark.every_store(but="dynamodb")
@pytest.mark.parametrize("tenant", ["", "other", "ACME", "acme2"])
def test_the_tenant_has_to_be_named(tenant_client: Client, store: AnyStore, key: Caller, tenant: str) -> None:
    acme = key("acme")
    tenant_client.put("a", NAMES, key=acme)
    answer = erase_tenant(tenant_client, acme, tenant)
    assert (answer.status_code, answer.json["code"]) == (422, "invalid_query")
    store.sweep()
    assert listed(tenant_client, acme) == ["a"]


def test_another_tenant_that_there_is_gets_the_answer_of_one_that_there_is_not(
    tenant_client: Client, key: Caller
) -> None:
    acme, other = key("acme"), key("other")
    tenant_client.put("a", NAMES, key=other)
    answers = [erase_tenant(tenant_client, acme, tenant) for tenant in ("other", "nobodys")]
    assert answers[0].json == answers[1].json
    assert listed(tenant_client, other) == ["a"]


def test_it_is_for_administrators(tenant_client: Client, key: Caller) -> None:
    answer = erase_tenant(tenant_client, key("acme", frozenset({"admin"})))
    assert (answer.status_code, answer.json["code"]) == (403, "insufficient_scope")


def test_a_retry_erases_nobody_who_came_later(tenant_client: Client, store: AnyStore, key: Caller) -> None:
    acme = key("acme")
    tenant_client.put("a", NAMES, key=acme)
    first = erase_tenant(tenant_client, acme, headers=KEYED)
    store.sweep()
    tenant_client.put("a", NAMES, key=acme)
    again = erase_tenant(tenant_client, acme, headers=KEYED)
    assert (again.status_code, again.json) == (202, first.json)
    store.sweep()
    assert listed(tenant_client, acme) == ["a"]


def test_an_erasure_of_an_actor_goes_on_beside_it(client: Client, store: AnyStore, log: AnyLog) -> None:
    fill(client, "a")
    append(client, "b", "e-1")
    client.call("POST", f"{BASE}/profile/a/erasure")
    client.call("POST", f"{BASE}/actors/erasure", environ={"QUERY_STRING": "tenant=default"})
    store.sweep()
    assert store.actors("default", None, 1) == []
    assert len(log.entries) == 2
