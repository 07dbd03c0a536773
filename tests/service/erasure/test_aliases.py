"""What outlives an erasure holds for every id that led to the actor."""

import pytest

from tests.service.actors.calls import exported, imported, merged
from tests.service.client import Client, ServiceAnswer
from tests.service.erasure.calls import KEYED, erase, withdraw
from tests.service.server import BASE
from tests.service.stores import AnyStore
from tests.service.test_consent import NAMES

pytestmark = pytest.mark.every_store(but="dynamodb")


def make_one(client: Client) -> None:
    """Make one person of the ids a and visitor."""
    client.put("visitor", NAMES)
    client.put("a", NAMES)
    assert merged(client, "visitor").status_code == 200


def assert_gone(answer: ServiceAnswer, client: Client, actor: str) -> None:
    assert (answer.status_code, answer.json["code"]) == (410, "idempotency_key_gone")
    assert client.get(actor).status_code == 404


def test_a_key_that_was_used_before_a_visitor_was_erased_does_nothing_after_a_merge(
    client: Client, store: AnyStore
) -> None:
    client.call("PUT", f"{BASE}/profile/visitor/preferences/theme", {"value": "dark"}, headers=KEYED)
    erase(client, "visitor")
    store.sweep()
    make_one(client)
    answer = client.call("PUT", f"{BASE}/profile/visitor/preferences/theme", {"value": "dark"}, headers=KEYED)
    assert (answer.status_code, answer.json["code"]) == (410, "idempotency_key_gone")
    assert client.call("GET", f"{BASE}/profile/a/preferences").json == {"preferences": []}


def test_a_key_that_was_used_by_either_id_does_nothing_after_an_erasure(client: Client, store: AnyStore) -> None:
    client.put("visitor", NAMES, headers=KEYED)
    make_one(client)
    client.put("visitor", NAMES, headers={"Idempotency-Key": "later"})
    client.put("a", NAMES, headers={"Idempotency-Key": "latest"})
    erase(client, "a")
    store.sweep()
    assert_gone(client.put("visitor", NAMES, headers=KEYED), client, "visitor")
    assert_gone(client.put("visitor", NAMES, headers={"Idempotency-Key": "later"}), client, "visitor")
    assert_gone(client.put("a", NAMES, headers={"Idempotency-Key": "latest"}), client, "a")


def test_an_erasure_by_an_alias_comes_again_and_erases_nothing_new(client: Client, store: AnyStore) -> None:
    make_one(client)
    first = erase(client, "visitor", headers=KEYED)
    store.sweep()
    client.put("visitor", NAMES)
    again = erase(client, "visitor", headers=KEYED)
    assert (again.status_code, again.data) == (first.status_code, first.data)
    assert client.get("visitor").status_code == 200


def test_the_erasure_of_a_tenant_leaves_consent_withdrawn_for_every_id(client: Client, store: AnyStore) -> None:
    make_one(client)
    withdraw(client, "a")
    answer = client.call("POST", f"{BASE}/actors/erasure", environ={"QUERY_STRING": "tenant=default"})
    assert answer.status_code == 202
    store.sweep()
    for actor in ("a", "visitor"):
        assert client.put(actor, NAMES).json["code"] == "consent_withdrawn"


def test_an_import_waits_while_one_of_its_aliases_is_being_erased(client: Client, idle: AnyStore) -> None:
    document = exported(client, "a").json | {"aliases": ["visitor"]}
    client.put("visitor", NAMES)
    erase(client, "visitor")
    answer = imported(client, document)
    assert (answer.status_code, answer.json["code"]) == (409, "erasure_in_progress")


def test_an_import_that_was_answered_before_a_merge_is_answered_again(client: Client, store: AnyStore) -> None:
    document = exported(client, "visitor").json | {"profile": NAMES}
    first = imported(client, document, "visitor", headers=KEYED)
    assert first.status_code == 201
    client.put("a", NAMES)
    merged(client, "visitor")
    # As the background does with all that lies under an alias.
    store.write("default", "visitor", lambda changes: changes.delete("idempotency/0000"))
    again = imported(client, document, "visitor", headers=KEYED)
    assert (again.status_code, again.data) == (201, first.data)
    assert imported(client, document, "visitor").json["code"] == "actor_exists"
