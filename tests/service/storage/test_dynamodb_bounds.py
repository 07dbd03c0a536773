"""Nothing that callers may send meets a bound of DynamoDB: 400 KiB an item, 100 actions and 4 MiB a transaction."""

import json
from collections.abc import Iterator
from contextlib import closing

import pytest

from service.contract import Contract
from service.items import MAX_CHANGES, MAX_DOCUMENT, MAX_STORED, Changes
from service.personalization.actors.batches import EVENTS, PREFERENCES
from service.personalization.erasure import tenants
from service.personalization.history.events import MAX_CONTENT_BYTES
from service.personalization.preferences.schemas import with_declared
from service.personalization.profile import with_bounds
from service.storage.dynamodb import DynamoDBStore
from service.web.app import Bounds, create_app
from service.web.body import MAX_BYTES
from service.web.credentials import Credential, digest
from tests.service.actors.calls import exported, imported, merged
from tests.service.actors.documents import as_bytes, document
from tests.service.client import Client
from tests.service.server import BASE, KEY
from tests.support.dynamodb import DynamoDB, patience

KEYED = {"Idempotency-Key": "k"}
# Six bytes stand for one in JSON.
LONGEST_CONTENT = "\x01" * MAX_CONTENT_BYTES
# Each number is stored with 18 bytes.
LONGEST_VALUE = b"[" + b",".join([b"9e15"] * ((MAX_BYTES - 20) // 5)) + b"]"


@pytest.fixture
def store(dynamodb: DynamoDB) -> Iterator[DynamoDBStore]:
    with (
        patience(),
        dynamodb.database() as name,
        closing(DynamoDBStore(dynamodb.address(name), tasks=tenants.TASKS, sweep_period=3_600)) as store,
    ):
        yield store


@pytest.fixture(scope="module")
def generous(contract: Contract) -> Contract:
    """A contract that bounds neither a preference nor the names of a profile."""
    return with_bounds(with_declared(contract, {"any": {}}), 9_999, 9_999)


@pytest.fixture
def client(generous: Contract, store: DynamoDBStore) -> Client:
    credential = Credential(digest(KEY), "default", frozenset(generous.schema("Scope")["enum"]))
    bounds = Bounds(max_preferences=9_999)
    return Client(generous, create_app(generous, store, [credential], instance="i", main_pid=1, bounds=bounds))


def owners(dynamodb: DynamoDB, store: DynamoDBStore) -> set[str]:
    """Return whose items a table holds."""
    pages = dynamodb.client.get_paginator("scan").paginate(TableName=store._table.name)
    partitions = {row["pk"]["S"] for page in pages for row in page["Items"]}
    return {pk.removeprefix("7.default") for pk in partitions if pk.startswith("7.default")}


def test_a_write_of_as_many_items_as_may_be_is_one_transaction_with_all_that_goes_with_it(
    store: DynamoDBStore,
) -> None:
    def change(changes: Changes) -> None:
        for number in range(MAX_CHANGES):
            changes.put(f"event/{number}", b"%d" % number)
        # No rule moves more than two kinds of work.
        for work in ("one", "two"):
            changes.unschedule(work)
            changes.schedule(work, 2_000_000_000)

    def change_back(changes: Changes) -> None:
        for number in range(MAX_CHANGES):
            changes.delete(f"event/{number}")
        for work in ("one", "two"):
            changes.unschedule(work)
            changes.schedule(work, 2_000_000_001)

    store.write("t", "a", change)
    assert store.actors("t", None, 1) == ["a"]
    store.write("t", "a", change_back)
    assert store.actors("t", None, 1) == []


def test_a_write_of_as_many_bytes_as_may_be_is_one_transaction(store: DynamoDBStore) -> None:
    sizes = [*[MAX_DOCUMENT] * (MAX_STORED // MAX_DOCUMENT), MAX_STORED % MAX_DOCUMENT]

    def change(changes: Changes) -> None:
        for number, size in enumerate(sizes):
            changes.put(f"event/{number}", b"x" * size)

    store.write("t", "\U0001d11e" * 256, change)


@pytest.mark.parametrize("count", [MAX_CHANGES - 1, MAX_CHANGES, MAX_CHANGES + 1])
def test_as_many_items_as_one_write_may_change_or_more_are_imported_and_erased_with_the_tenant(
    client: Client, store: DynamoDBStore, dynamodb: DynamoDB, count: int
) -> None:
    types = sorted(f"x{number}" for number in range(count))
    whole = document(preferences=[{"type": name, "value": name} for name in types])
    assert imported(client, whole).status_code == 201
    assert exported(client).data == as_bytes(whole)
    store.write("default", tenants.NOBODY, tenants.begin)
    store.sweep()
    assert {owner.split("/")[0] for owner in owners(dynamodb, store)} == {"mark"}
    assert store.backlog() == 0


def test_the_longest_events_are_appended_imported_and_merged(client: Client) -> None:
    whole = document(events=EVENTS + 1)
    for number, event in enumerate(whole["history"]):
        event |= {"content": LONGEST_CONTENT, "thread": "t" * 64, "event_id": f"{number:0128}"}
    assert imported(client, whole).status_code == 201
    told = [{"role": "user", "content": LONGEST_CONTENT}] * 10
    assert client.call("POST", f"{BASE}/profile/b/history", {"events": told}, headers=KEYED).status_code == 201
    assert merged(client, "a", "b", headers=KEYED).status_code == 200


def test_the_longest_preferences_are_stored_imported_and_merged_up_to_a_bound(client: Client) -> None:
    body = b'{"value":' + LONGEST_VALUE + b"}"
    assert client.call("PUT", f"{BASE}/profile/a/preferences/any", body, headers=KEYED).status_code == 201
    value = json.loads(LONGEST_VALUE)
    whole = document(preferences=[{"type": f"x{number}", "value": value} for number in range(PREFERENCES + 1)])
    assert imported(client, whole | {"actor_id": "b"}, "b").status_code == 201
    refused = merged(client, "b", "a")
    assert (refused.status_code, refused.json["code"]) == (422, "too_many_preferences")
    refused = imported(client, document(actor_id="c", preferences=[{"type": "x", "value": "x" * 270_000}]), "c")
    assert (refused.status_code, refused.json["code"]) == (422, "invalid_document")
    assert refused.json["errors"][0]["pointer"] == "/preferences/0"


def test_a_profile_becomes_no_longer_than_the_answer_that_is_kept_for_a_retry_may_be(client: Client) -> None:
    # A quotation mark is two bytes in the profile, and four in what is kept.
    longest, sent = '"' * 256, 0
    while True:
        names = [{"index": sent + number, "group": "real", "value": longest} for number in range(100)]
        answer = client.put("a", {"names": names}, headers={"Idempotency-Key": f"k{sent}"})
        if answer.status_code == 422:
            break
        sent += 100
    assert (answer.json["code"], sent) == ("too_many_entries", 300)
    assert len(client.get("a").json["names"]) == sent
