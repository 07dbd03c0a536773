import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from typing import Any

import pytest

from service.__main__ import main
from service.items import Changes
from service.storage import StoreUnavailableError
from service.storage.dynamodb import CLAIM_S, DynamoDBStore
from tests.service.storage.suite import TASKS, WORK, Clock, StoreSuite, appends, deletes, found, puts
from tests.support.dynamodb import DynamoDB, patience

OpenStore = Callable[[], DynamoDBStore]


@pytest.fixture
def table(dynamodb: DynamoDB) -> Iterator[str]:
    """The name of an empty table."""
    with dynamodb.database() as name:
        yield name


@pytest.fixture
def open_store(dynamodb: DynamoDB, table: str, clock: Clock) -> Iterator[OpenStore]:
    """Opens the store as another process has it, which makes no rounds by itself, so that a test decides when."""
    with patience(), ExitStack() as closes:

        def open_store() -> DynamoDBStore:
            store = DynamoDBStore(dynamodb.address(table), WORK, tasks=TASKS, clock=clock, sweep_period=3_600)
            closes.callback(store.close)
            return store

        yield open_store


@pytest.fixture
def store(open_store: OpenStore) -> DynamoDBStore:
    return open_store()


@pytest.fixture
def limited_store(dynamodb: DynamoDB) -> Iterator[DynamoDBStore]:
    with (
        patience(),
        dynamodb.database() as name,
        closing(DynamoDBStore(dynamodb.address(name), sweep_period=3_600, max_actors=3)) as store,
    ):
        yield store


class TestDynamoDBStore(StoreSuite):
    pass


def rows(dynamodb: DynamoDB, table: str) -> list[Any]:
    items: list[Any] = dynamodb.client.scan(TableName=table)["Items"]
    return items


def test_every_process_reads_what_another_wrote(store: DynamoDBStore, open_store: OpenStore) -> None:
    written = [store.write("t", "a", puts(key, b"1")) for key in ("profile", "mark/consent")]
    assert open_store().get("t", "a", "profile", "mark/consent") == written


def test_writes_of_several_processes_lose_nothing(store: DynamoDBStore, open_store: OpenStore) -> None:
    stores = [store, *(open_store() for _ in range(3))]

    def write(number: int) -> int:
        return stores[number % 4].write("t", f"a{number % 5}", appends("k", b"x")).version

    with ThreadPoolExecutor(4) as threads:
        versions = list(threads.map(write, range(60)))
    assert sorted(versions) == sorted(list(range(1, 13)) * 5)
    assert [found(stores[2], f"a{number}", "k") for number in range(5)] == [b"x" * 12] * 5


def test_a_mark_does_not_name_its_actor(store: DynamoDBStore, dynamodb: DynamoDB, table: str) -> None:
    store.write("t", "canary", puts("mark/consent", b"withdrawn"))
    assert "canary" not in str(rows(dynamodb, table))


def test_nothing_names_an_actor_who_was_deleted(
    store: DynamoDBStore, dynamodb: DynamoDB, table: str, clock: Clock
) -> None:
    store.write("t", "canary", puts("profile", b"1"))
    store.write("t", "canary", puts("idempotency/0", b"1", expires=clock.now + 10))
    store.write("t", "canary", lambda changes: changes.schedule("daily", clock.now + 10))
    store.write("t", "canary", lambda changes: changes.unschedule())
    store.write("t", "canary", deletes("profile"))
    assert store.actors("t", None, 10) == ["canary"]
    store.write("t", "canary", deletes("idempotency/0"))
    assert store.actors("t", None, 10) == []
    assert "canary" not in str(rows(dynamodb, table))


def test_all_that_names_an_actor_expires_with_the_last_item(
    store: DynamoDBStore, dynamodb: DynamoDB, table: str, clock: Clock
) -> None:
    store.write("t", "canary", puts("profile", b"1"))
    store.write("t", "canary", puts("idempotency/0", b"1", expires=clock.now + 10))
    store.write("t", "canary", deletes("profile"))
    naming = [row for row in rows(dynamodb, table) if "canary" in str(row)]
    assert [row["expires"]["N"] for row in naming] == [str(clock.now + 10)] * 2
    clock.now += 10
    assert store.actors("t", None, 10) == []


def test_of_an_actor_who_stays_only_what_expires_does(
    store: DynamoDBStore, dynamodb: DynamoDB, table: str, clock: Clock
) -> None:
    store.write("t", "a", puts("idempotency/0", b"1", expires=clock.now + 10))
    store.write("t", "a", puts("profile", b"1"))
    assert [row["sk"]["S"] for row in rows(dynamodb, table) if "expires" in row] == ["idempotency/0"]


def test_a_task_is_not_begun_by_two_processes(dynamodb: DynamoDB, table: str, clock: Clock) -> None:
    begun, go, calls = threading.Event(), threading.Event(), []

    def task(store: Any, _tenant: str, actor: str) -> None:
        calls.append(actor)
        begun.set()
        assert go.wait(20)
        store.write("t", actor, lambda changes: changes.unschedule("task"))

    with ExitStack() as closes, ThreadPoolExecutor(2) as threads:
        one, two = (
            closes.enter_context(closing(DynamoDBStore(dynamodb.address(table), tasks={"task": task}, clock=clock)))
            for _ in range(2)
        )
        one.write("t", "a", lambda changes: changes.schedule("task", clock.now + 1))
        clock.now += 1
        sweeping = threads.submit(one.sweep)
        assert begun.wait(20)
        two.sweep()
        clock.now += CLAIM_S - 1
        two.sweep()
        go.set()
        sweeping.result()
    assert calls == ["a"]


def test_an_erasure_is_recorded_once_and_names_nobody(store: DynamoDBStore, dynamodb: DynamoDB, table: str) -> None:
    for erasure in ("first", "first", "second"):
        store.record_erasure("t", ["canary", *map(str, range(30))], erasure)
    recorded = [row for row in rows(dynamodb, table) if row["pk"]["S"] == "erasures.t"]
    assert [row["erasure"]["S"] for row in recorded] == ["second"] * 31
    assert "canary" not in str(recorded)


def test_a_write_is_decided_anew_when_another_process_came_first(store: DynamoDBStore, open_store: OpenStore) -> None:
    other = open_store()
    # The first time there is no head, and then there is one.
    for before in (b"", b"12"):
        calls: list[None] = []

        def change(changes: Changes, calls: list[None] = calls) -> None:
            appends("k", b"2")(changes)
            calls.append(None)
            if len(calls) == 1:
                other.write("t", "a", appends("k", b"1"))

        store.write("t", "a", change)
        assert (found(store, "a", "k"), len(calls)) == (before + b"12", 2)


def test_a_refusal_that_was_decided_on_two_states_is_decided_anew(store: DynamoDBStore, open_store: OpenStore) -> None:
    other, seen = open_store(), []

    def refuses(changes: Changes) -> None:
        seen.append(changes.get("one"))
        other.write("t", "a", puts("one", b"1"))
        raise KeyError(len(seen))

    with pytest.raises(KeyError, match="2"):
        store.write("t", "a", refuses)
    assert [item and item.document for item in seen] == [None, b"1"]


def test_a_table_is_made_by_the_command_and_can_be_served(
    dynamodb: DynamoDB, capsys: pytest.CaptureFixture[str]
) -> None:
    address = dynamodb.address("made-by-command")
    with pytest.raises(StoreUnavailableError, match="ResourceNotFoundException"):
        DynamoDBStore(address)
    try:
        for _ in range(2):
            assert main(["tables", "create", "--store", address, "--point-in-time-recovery"]) == 0
        with closing(DynamoDBStore(address)) as store:
            assert store.trouble() is None
        name = {"TableName": "made-by-command"}
        table = dynamodb.client.describe_table(**name)["Table"]
        assert table["BillingModeSummary"]["BillingMode"] == "PAY_PER_REQUEST"
        ttl = dynamodb.client.describe_time_to_live(**name)["TimeToLiveDescription"]
        assert (ttl["TimeToLiveStatus"], ttl["AttributeName"]) == ("ENABLED", "expires")
        backups = dynamodb.client.describe_continuous_backups(**name)["ContinuousBackupsDescription"]
        assert backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "ENABLED"
    finally:
        dynamodb.client.delete_table(TableName="made-by-command")
    assert main(["tables", "create", "--store", "sqlite:x"]) == 2
    assert "dynamodb://REGION/TABLE" in capsys.readouterr().err
