"""What is made of errors that moto makes, in process: it checks what the engine of the other tests does not.

It makes no throttling, no conflict of transactions, and no denied access in the form of DynamoDB: see the proxy.
"""

import time
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from moto import mock_aws

from service.items import MAX_DOCUMENT, Changes
from service.storage import StoreUnavailableError
from service.storage.dynamodb import DynamoDBStore
from service.storage.dynamodb_creating import create_table
from service.storage.dynamodb_table import key_row
from tests.service.storage.suite import appends, found

ADDRESS = "dynamodb://eu-west-1/personalization"
PATIENCE_S = 60.0


@pytest.fixture
def store() -> Iterator[DynamoDBStore]:
    with mock_aws():
        create_table(ADDRESS, kms_key=None, recovery=True)
        with closing(DynamoDBStore(ADDRESS, sweep_period=3_600)) as store:
            yield store


def test_keys_that_are_too_much_for_one_answer_are_asked_for_again(
    store: DynamoDBStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    # An answer holds up to 16 MiB.
    table, asked = store._table, []
    keys = [("a", f"n/{number}") for number in range(45)]
    table.put([key_row(key) | {"document": {"B": b"x" * MAX_DOCUMENT}} for key in keys], time.monotonic() + PATIENCE_S)
    batch_get_item = table._client.batch_get_item

    def asks(**request: Any) -> Any:
        asked.append(len(request["RequestItems"][table.name]["Keys"]))
        return batch_get_item(**request)

    monkeypatch.setattr(table._client, "batch_get_item", asks)
    read = table.get(keys, time.monotonic() + PATIENCE_S)
    assert sorted(row["sk"]["S"] for row in read) == sorted(key for _, key in keys)
    first, again = asked
    assert 0 < again < first == len(keys)


def test_a_write_whose_condition_failed_is_decided_anew(store: DynamoDBStore) -> None:
    with closing(DynamoDBStore(ADDRESS, sweep_period=3_600)) as other:
        calls: list[None] = []

        def change(changes: Changes) -> None:
            appends("k", b"2")(changes)
            calls.append(None)
            if len(calls) == 1:
                other.write("t", "a", appends("k", b"1"))

        store.write("t", "a", change)
        assert (found(store, "a", "k"), len(calls)) == (b"12", 2)


def test_an_item_that_is_too_large_is_refused_at_once(store: DynamoDBStore) -> None:
    item = {"Put": {"Item": key_row(("a", "b")) | {"document": {"B": b"x" * 420_000}}}}
    with pytest.raises(StoreUnavailableError, match=r"^ValidationException$"):
        store._table.transact([item], "a-token", time.monotonic() + PATIENCE_S)
    assert store._table.get([("a", "b")], time.monotonic() + PATIENCE_S) == []
