"""How many requests and capacity units an operation takes on DynamoDB; docs/stores.md says the same.

TAMA_ERASED sets how many events an actor has who is erased.
"""

import math
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from service.items import MAX_CHANGES
from service.personalization.erasure.tenants import TASKS
from service.storage.dynamodb import DynamoDBStore
from tests.service.client import Client
from tests.service.faults.lengths import length
from tests.service.server import BASE
from tests.support.dynamodb import DynamoDB, patience

ERASED = length("TAMA_ERASED", 100)
DOCS = Path(__file__).parents[2] / "docs" / "stores.md"
READ_BYTES, WRITTEN_BYTES = 4_096, 1_024
NAMES = {"names": [{"index": 0, "value": "Ana"}]}


class Cost(NamedTuple):
    requests: int
    reads: int
    writes: int


class Meter:
    """Adds up what the calls of a store cost.

    A strongly consistent read of 4 KiB is one unit, a write of 1 KiB is one; in a transaction each is two. What is
    deleted or updated is taken for small.
    """

    def __init__(self, store: DynamoDBStore) -> None:
        self._costs: list[Cost] = []
        events = store._table._client.meta.events
        events.register("before-parameter-build.dynamodb", self._begin)
        events.register("after-call.dynamodb", self._end)

    def read(self) -> Cost:
        """Return what was taken since the last reading."""
        costs, self._costs = self._costs, []
        return Cost(*map(sum, zip(Cost(0, 0, 0), *costs, strict=True)))

    def _begin(self, params: Mapping[str, Any], context: dict[str, Any], **_: Any) -> None:
        context["sent"] = params

    def _end(self, parsed: Mapping[str, Any], model: Any, context: Mapping[str, Any], **_: Any) -> None:
        sent, reads, writes = context["sent"], 0, 0
        match model.name:
            case "Query":
                reads = _units(sum(map(_size, parsed["Items"])), READ_BYTES)
            case "BatchGetItem":
                asked = sum(len(table["Keys"]) for table in sent["RequestItems"].values())
                found = [item for items in parsed["Responses"].values() for item in items]
                reads = asked - len(found) + sum(_units(_size(item), READ_BYTES) for item in found)
            case "TransactGetItems":
                reads = 2 * sum(_units(_size(each.get("Item", {})), READ_BYTES) for each in parsed["Responses"])
            case "TransactWriteItems":
                items = [each.get("Put", {}).get("Item", {}) for each in sent["TransactItems"]]
                writes = 2 * sum(_units(_size(item), WRITTEN_BYTES) for item in items)
            case "BatchWriteItem":
                items = [put["PutRequest"]["Item"] for puts in sent["RequestItems"].values() for put in puts]
                writes = sum(_units(_size(item), WRITTEN_BYTES) for item in items)
            case other:
                raise AssertionError(other)
        self._costs.append(Cost(1, reads, writes))


def _units(size: int, unit: int) -> int:
    return max(1, math.ceil(size / unit))


def _size(item: Mapping[str, Any]) -> int:
    """Return about how many bytes an item has."""
    return sum(len(name) + len(str(*value.values()).encode()) for name, value in item.items())


@pytest.fixture
def store(dynamodb: DynamoDB, monkeypatch: pytest.MonkeyPatch) -> Iterator[DynamoDBStore]:
    """A store that makes rounds when a test says so."""
    with (
        patience(),
        dynamodb.database() as name,
        closing(DynamoDBStore(dynamodb.address(name), tasks=TASKS, sweep_period=3_600)) as store,
    ):
        monkeypatch.setattr(store._sweeper, "wake", lambda: None)
        yield store


@pytest.fixture
def meter(store: DynamoDBStore) -> Meter:
    return Meter(store)


def call(client: Client, method: str, path: str, body: object = None, **options: Any) -> None:
    assert client.call(method, f"{BASE}/profile/ana{path}", body, **options).status_code < 300


def events(first: int, last: int) -> dict[str, Any]:
    return {"events": [{"event_id": f"m-{number}", "role": "user", "content": "hi"} for number in range(first, last)]}


def told(name: str) -> Cost:
    """Return what the docs say that something takes."""
    (row,) = (line for line in DOCS.read_text().splitlines() if line.startswith(f"| {name} |"))
    return Cost(*map(int, row.split("|")[2:5]))


def test_an_operation_takes_as_many_requests_and_capacity_units_as_the_docs_say(
    client: Client, store: DynamoDBStore, meter: Meter
) -> None:
    def cost(method: str, path: str, body: object = None, **options: Any) -> Cost:
        meter.read()
        call(client, method, path, body, **options)
        return meter.read()

    keyed = {"headers": {"Idempotency-Key": "k"}}
    measured = {
        "create a profile": cost("PUT", "", NAMES),
        "get a profile": cost("GET", ""),
        "change a profile": cost("PUT", "", {"gender": "female"}),
        "the same with an `Idempotency-Key`": cost("PUT", "", {"gender": "male"}, **keyed),
        "the same once more": cost("PUT", "", {"gender": "male"}, **keyed),
        "append the first event": cost("POST", "/history", events(0, 1)),
        "append another event": cost("POST", "/history", events(1, 2)),
        "append 40 events": cost("POST", "/history", events(2, 42)),
        "the context, of 42 events": cost("GET", "/context"),
        "delete a profile": cost("DELETE", ""),
        "erase an actor": cost("POST", "/erasure"),
    }
    store.sweep()
    meter.read()
    store.sweep()
    measured["look for work that is due, every 10 s in each process"] = meter.read()
    assert measured == {name: told(name) for name in measured}


@pytest.mark.timeout(max(300, ERASED // 10))
def test_an_erasure_deletes_in_steps_that_take_as_much_as_the_docs_say(
    client: Client, store: DynamoDBStore, meter: Meter
) -> None:
    call(client, "PUT", "", NAMES)
    for first in range(0, ERASED, 40):
        call(client, "POST", "/history", events(first, min(first + 40, ERASED)))
    call(client, "POST", "/erasure")
    meter.read()
    store.sweep()
    taken, step = meter.read(), told("then, behind it, for each 46 events")
    print(taken)  # noqa: T201 - what the docs say of 10,000 events
    # Each event is two items; beside them are the profile, the head of the history, and what hides it all.
    steps = math.ceil((2 * ERASED + 3) / MAX_CHANGES)
    beside, too_few = Cost(9, 9, 8), MAX_CHANGES * steps - 2 * ERASED
    assert taken.requests == beside.requests + step.requests * steps
    assert taken.writes == beside.writes + step.writes * steps - 2 * too_few
    assert taken.reads <= beside.reads + step.reads * steps
