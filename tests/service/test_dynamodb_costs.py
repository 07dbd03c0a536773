"""How many requests and capacity units an operation takes on DynamoDB; docs/stores.md says the same."""

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from service.storage.dynamodb import DynamoDBStore
from tests.service.client import Client
from tests.service.server import BASE
from tests.support.dynamodb import DynamoDB, FaultyDynamoDB

_WRITES = ("Put", "Update", "Delete")


@pytest.fixture
def proxy(dynamodb: DynamoDB) -> Iterator[FaultyDynamoDB]:
    with closing(FaultyDynamoDB(dynamodb.port)) as proxy:
        yield proxy


@pytest.fixture
def store(dynamodb: DynamoDB, proxy: FaultyDynamoDB) -> Iterator[DynamoDBStore]:
    with (
        dynamodb.database() as name,
        closing(DynamoDBStore(dynamodb.address(name, proxy.port), sweep_period=3_600)) as store,
    ):
        yield store


def cost(requests: list[tuple[str, dict[str, Any]]]) -> tuple[int, int, int]:
    """Return how many requests there are, and what they cost in read and write units where every item is small.

    A strongly consistent read of up to 4 KB is one unit, a write of up to 1 KB is one; in a transaction each is two.
    """
    reads = writes = 0
    for operation, request in requests:
        if operation == "BatchGetItem":
            reads += sum(len(table["Keys"]) for table in request["RequestItems"].values())
        elif operation == "Query":
            reads += 1
        elif operation == "TransactGetItems":
            reads += 2 * len(request["TransactItems"])
        elif operation == "TransactWriteItems":
            writes += 2 * len(request["TransactItems"])
        else:
            raise AssertionError(operation)
    return len(requests), reads, writes


def events(first: int, last: int) -> dict[str, Any]:
    return {"events": [{"event_id": f"m-{number}", "role": "user", "content": "hi"} for number in range(first, last)]}


def test_an_operation_takes_as_many_requests_and_capacity_units_as_the_docs_say(
    client: Client, proxy: FaultyDynamoDB, store: DynamoDBStore
) -> None:
    def costs(method: str, path: str, body: object = None) -> tuple[int, int, int]:
        proxy.requests.clear()
        assert client.call(method, f"{BASE}/profile/ana{path}", body).status_code < 300
        return cost(proxy.requests)

    measured = {
        "create": costs("PUT", "", {"names": [{"index": 0, "value": "Ana"}]}),
        "update": costs("PUT", "", {"gender": "female"}),
        "get": costs("GET", ""),
        "first event": costs("POST", "/history", events(0, 1)),
        "next event": costs("POST", "/history", events(1, 2)),
        "40 events": costs("POST", "/history", events(2, 42)),
        "context": costs("GET", "/context"),
        "erase": costs("DELETE", ""),
    }
    assert measured == {
        "create": (4, 4, 8),
        "update": (4, 4, 4),
        "get": (1, 6, 0),
        "first event": (5, 6, 10),
        "next event": (5, 6, 8),
        "40 events": (5, 84, 164),
        "context": (8, 24, 0),
        "erase": (4, 4, 4),
    }
