"""What callers see of a tenant that has as many actors as it can have."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from service.contract import Contract
from service.credentials import records
from service.metrics import Metrics
from service.storage.sqlite import SQLiteStore
from service.web.app import create_app
from service.web.credentials import Credential, digest
from service.web.observing import Observer
from tests.service.client import Client, ServiceAnswer
from tests.service.server import BASE, KEY, RunningService

NAMES = {"names": [{"index": 0, "value": "Ana"}]}
EVENTS = {"events": [{"role": "user", "content": "Good evening.", "event_id": "m-1"}]}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SQLiteStore]:
    """A store in which a tenant can have two actors."""
    store = SQLiteStore(tmp_path / "personalization.db", max_actors=2)
    yield store
    store.close()


@pytest.fixture
def full(client: Client) -> Client:
    for actor in ("a", "b"):
        assert client.put(actor, NAMES).status_code == 201
    return client


def assert_full(answer: ServiceAnswer) -> None:
    assert (answer.status_code, answer.json["code"]) == (403, "quota")
    assert "without storing" in answer.json["message"]


FIRST_WRITES: dict[str, tuple[str, str, object]] = {
    "profile": ("PUT", "", NAMES),
    "preference": ("PUT", "/preferences/theme", {"value": "dark"}),
    "event": ("POST", "/history", EVENTS),
}


@pytest.mark.parametrize("write", FIRST_WRITES)
@pytest.mark.parametrize("headers", [{}, {"Idempotency-Key": "k"}])
def test_a_write_that_would_make_one_more_actor_is_refused(full: Client, write: str, headers: dict[str, str]) -> None:
    method, path, body = FIRST_WRITES[write]
    assert_full(full.call(method, f"{BASE}/profile/c{path}", body, headers=headers))
    assert full.get("c").json["code"] == "profile_not_found"
    assert full.call("GET", f"{BASE}/actors").json == {"actors": [{"actor_id": "a"}, {"actor_id": "b"}]}
    full.call("DELETE", f"{BASE}/profile/a")
    assert full.call(method, f"{BASE}/profile/c{path}", body, headers=headers).status_code == 201, "it was not recorded"


def test_who_is_there_goes_on(full: Client) -> None:
    for method, path, body in FIRST_WRITES.values():
        assert full.call(method, f"{BASE}/profile/a{path}", body).status_code in {200, 201}
    assert full.call("PATCH", f"{BASE}/profile/b", {"gender": None}).status_code == 200


def test_deleting_all_that_is_kept_frees_a_place(full: Client) -> None:
    full.call("POST", f"{BASE}/profile/a/history", EVENTS)
    full.call("DELETE", f"{BASE}/profile/a")
    assert_full(full.put("c", NAMES))
    full.call("DELETE", f"{BASE}/profile/a/history/m-1")
    assert full.put("c", NAMES).status_code == 201
    assert_full(full.put("a", NAMES))


def test_what_makes_no_actor_needs_no_place(full: Client) -> None:
    keyed = {"Idempotency-Key": "k"}
    refused = full.put("c", {"gender": "female"}, headers=keyed)
    assert refused.json["code"] == "name_required"
    assert full.put("c", {"gender": "female"}, headers=keyed).json == refused.json
    withdrawn = full.call("PUT", f"{BASE}/profile/c/consent", {"status": "withdrawn"}, headers=keyed)
    assert withdrawn.status_code == 200


def test_another_tenant_has_places_of_its_own(full: Client, contract: Contract, store: SQLiteStore) -> None:
    other = records.add(store, "other", contract.schema("Scope")["enum"], "", 0).text
    assert full.put("c", NAMES, key=other).status_code == 201
    assert_full(full.put("c", NAMES))


def test_refusals_are_counted(contract: Contract, store: SQLiteStore) -> None:
    observer = Observer(Metrics())
    scopes = frozenset(contract.schema("Scope")["enum"])
    credentials = [Credential(digest(KEY), "default", scopes)]
    client = Client(contract, create_app(contract, store, credentials, instance="i", main_pid=1, observer=observer))
    for actor in ("a", "b", "c"):
        client.put(actor, NAMES)
    observer.flush()
    assert 'personalization_refusals_total{code="quota"} 1.0' in observer.metrics.exposition().decode()


def test_every_operation_that_can_make_an_actor_says_that_it_may_be_refused(contract: Contract) -> None:
    saying = set()
    for operation in contract.operations:
        described: Any = contract.at(["paths", operation.path.removeprefix(BASE), operation.method.lower()])
        refused = contract.resolved(described["responses"].get("403", {}))
        if "quota" in str(refused.get("content")):
            saying.add(operation.id)
    assert saying >= {"create-or-update-profile", "create-or-update-preference", "append-history"}


def test_the_setting_limits_a_running_service(tmp_path: Path) -> None:
    with RunningService(tmp_path, environment={"PERSONALIZATION_MAX_ACTORS": "1"}) as service:
        assert [service.put(actor, NAMES).status for actor in ("a", "b", "a")] == [201, 403, 200]


def test_an_import_needs_a_place_and_leaves_nothing_without_one(
    full: Client, contract: Contract, store: SQLiteStore
) -> None:
    for _ in range(3):
        events = {"events": [{"role": "user", "content": "Good evening."}] * 40}
        full.call("POST", f"{BASE}/profile/a/history", events)
    document = full.call("GET", f"{BASE}/profile/a/export").data
    other = records.add(store, "other", contract.schema("Scope")["enum"], "", 0).text
    for actor in ("a", "b"):
        assert full.put(actor, NAMES, key=other).status_code == 201
    document = document.replace(b'"actor_id":"a"', b'"actor_id":"c"')
    path = f"{BASE}/profile/c/import"
    assert_full(full.call("PUT", path, document, key=other))
    assert full.call("GET", f"{BASE}/profile/c/history", key=other).json == {"events": []}
    store.sweep()
    full.call("DELETE", f"{BASE}/profile/a", key=other)
    assert full.call("PUT", path, document, key=other).status_code == 201
    assert full.call("GET", f"{BASE}/profile/c/export", key=other).data == document
