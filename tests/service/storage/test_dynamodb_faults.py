"""What throttling, lost answers and errors of the engine leave, and how soon a call ends."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from itertools import cycle
from typing import TypeVar

import pytest

from service.storage import StoreUnavailableError
from service.storage.dynamodb import DynamoDBStore
from tests.service.storage.suite import appends, found, puts
from tests.support.dynamodb import CUT, LOST, Answer, DynamoDB, FaultyDynamoDB, error

BOUND_S = 2.5
"""The 2 s that are promised, and what a busy machine takes besides."""

THROTTLED = error("ThrottlingException")
CONFLICT = Answer(
    400,
    {
        "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
        "CancellationReasons": [{"Code": "TransactionConflict"}],
    },
)
_T = TypeVar("_T")


@pytest.fixture
def faulty(dynamodb: DynamoDB) -> Iterator[FaultyDynamoDB]:
    with closing(FaultyDynamoDB(dynamodb.port)) as faulty:
        yield faulty


@pytest.fixture
def store(dynamodb: DynamoDB, faulty: FaultyDynamoDB) -> Iterator[DynamoDBStore]:
    """A store behind the proxy, with a profile of `a`."""
    with (
        dynamodb.database() as name,
        closing(DynamoDBStore(dynamodb.address(name, faulty.port), sweep_period=3_600)) as store,
    ):
        store.write("t", "a", puts("profile", b"1"))
        faulty.requests.clear()
        yield store


def in_time(call: Callable[[], _T]) -> _T:
    begun = time.monotonic()
    try:
        return call()
    finally:
        assert time.monotonic() - begun < BOUND_S


def tokens(faulty: FaultyDynamoDB) -> list[str]:
    return [request["ClientRequestToken"] for name, request in faulty.requests if name == "TransactWriteItems"]


@pytest.mark.parametrize(
    "answer",
    [LOST, CUT, error("InternalServerError", 500), error("InternalServerError", 500, is_done=True), THROTTLED],
)
def test_a_write_that_is_sent_again_has_the_same_token_and_is_done_once(
    store: DynamoDBStore, faulty: FaultyDynamoDB, answer: Answer
) -> None:
    faulty.meets("TransactWriteItems", answer)
    written = in_time(lambda: store.write("t", "a", appends("profile", b"2")))
    assert (written.version, written.document) == (2, b"12")
    assert store.get("t", "a", "profile") == [written]
    sent = tokens(faulty)
    assert len(sent) == 2
    assert len(set(sent)) == 1


def test_a_write_that_was_cancelled_by_another_one_is_decided_anew(
    store: DynamoDBStore, faulty: FaultyDynamoDB
) -> None:
    faulty.meets("TransactWriteItems", CONFLICT)
    assert in_time(lambda: store.write("t", "a", appends("profile", b"2"))).document == b"12"
    assert len(set(tokens(faulty))) == 2


def test_a_write_that_was_done_is_acknowledged_though_the_engine_has_forgotten_its_token(
    store: DynamoDBStore, faulty: FaultyDynamoDB
) -> None:
    faulty.meets("TransactWriteItems", LOST, CONFLICT)
    assert in_time(lambda: store.write("t", "a", appends("profile", b"2"))).version == 2
    assert found(store, "a", "profile") == b"12"


def test_a_write_of_which_nothing_can_be_learnt_is_not_acknowledged(
    store: DynamoDBStore, faulty: FaultyDynamoDB
) -> None:
    faulty.meets("TransactWriteItems", CUT, CONFLICT)
    with pytest.raises(StoreUnavailableError, match="not known"):
        in_time(lambda: store.write("t", "a", appends("profile", b"2")))
    faulty.choose = lambda name: LOST if name == "TransactWriteItems" else None
    with pytest.raises(StoreUnavailableError):
        in_time(lambda: store.write("t", "a", appends("profile", b"2")))


def test_an_engine_that_fails_all_the_time_holds_up_no_call_for_long(
    store: DynamoDBStore, faulty: FaultyDynamoDB
) -> None:
    answers = cycle((THROTTLED, CUT, error("InternalServerError", 500)))
    faulty.choose = lambda _operation: next(answers)
    calls: list[Callable[[], object]] = [
        lambda: store.get("t", "a", "profile", "standing"),
        lambda: store.read("t", "a", lambda items: items.get("profile")),
        lambda: store.write("t", "a", puts("profile", b"2")),
    ]
    for call in calls:
        with pytest.raises(StoreUnavailableError):
            in_time(call)
    assert in_time(store.trouble) == "the table cannot be read"
    faulty.choose = lambda _operation: None
    assert found(store, "a", "profile") == b"1"
    assert store.trouble() is None


def test_a_call_that_reached_no_engine_is_made_again(
    store: DynamoDBStore, faulty: FaultyDynamoDB, dynamodb: DynamoDB
) -> None:
    faulty.close()
    with ExitStack() as closes:
        calls: list[None] = []

        def come_back(**_: object) -> None:
            calls.append(None)
            if len(calls) == 2:
                closes.enter_context(closing(FaultyDynamoDB(dynamodb.port, faulty.port)))

        store._table._client.meta.events.register("before-send.dynamodb", come_back)
        assert in_time(lambda: store.get("t", "a", "profile"))[0] is not None
    assert len(calls) == 2


@pytest.mark.parametrize("code", ["AccessDeniedException", "ResourceNotFoundException", "UnrecognizedClientException"])
def test_what_cannot_help_is_not_tried_again_and_its_words_are_not_told(
    store: DynamoDBStore, faulty: FaultyDynamoDB, code: str
) -> None:
    faulty.choose = lambda _operation: error(code)
    with pytest.raises(StoreUnavailableError, match=rf"\({code}\)$") as refused:
        store.get("t", "a", "profile")
    assert "canary" not in str(refused.value)
    assert len(faulty.requests) == 1


def test_a_read_that_met_a_write_is_made_again(store: DynamoDBStore, faulty: FaultyDynamoDB) -> None:
    faulty.meets("TransactGetItems", CONFLICT)
    assert store.get("t", "a", "profile", "standing")[0] is not None
    assert len(faulty.requests) == 2


def test_keys_and_items_that_the_engine_left_over_are_sent_again(store: DynamoDBStore, faulty: FaultyDynamoDB) -> None:
    # The engine of the tests leaves none over.
    key = {"pk": {"S": "1.ta"}, "sk": {"S": "profile"}}
    left = {"RequestItems": {store._table.name: {"Keys": [key], "ConsistentRead": True}}}
    faulty.meets("BatchGetItem", Answer(200, {"Responses": {}, "UnprocessedKeys": left["RequestItems"]}))
    assert found(store, "a", "profile") == b"1"
    put = {"PutRequest": {"Item": {"pk": {"S": "erasures.t"}, "sk": {"S": "left"}}}}
    faulty.meets("BatchWriteItem", Answer(200, {"UnprocessedItems": {store._table.name: [put]}}))
    store.record_erasure("t", ["a"], "erasure")
    assert [request["RequestItems"][store._table.name] for _, request in faulty.requests][-1] == [put]


def test_a_write_that_was_cancelled_for_itself_is_not_tried_again(store: DynamoDBStore, faulty: FaultyDynamoDB) -> None:
    reasons = [{"Code": "None"}, {"Code": "ValidationError", "Message": "canary"}]
    faulty.choose = lambda name: (
        Answer(400, CONFLICT.body | {"CancellationReasons": reasons}) if name == "TransactWriteItems" else None
    )
    with pytest.raises(StoreUnavailableError, match=r"^TransactionCanceledException ValidationError$"):
        store.write("t", "a", puts("profile", b"2"))
    assert len(tokens(faulty)) == 1
