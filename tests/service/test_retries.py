"""Calls with an Idempotency-Key: carried out once, answered as often as they come."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from service.contract import Contract
from service.items import ALL_KEYS
from service.personalization import retries
from service.personalization.retries import LIFETIME_S
from service.storage import StoreUnavailableError
from service.storage.dynamodb import DynamoDBStore
from service.web.app import create_app
from service.web.credentials import Credential, digest
from tests.service.client import Client, ServiceAnswer
from tests.service.server import BASE
from tests.service.stores import AnyStore

pytestmark = pytest.mark.every_store

ANA = {"index": 0, "group": "real", "value": "Ana"}
NAMES = {"names": [ANA]}
Call = Callable[..., ServiceAnswer]


def keyed(key: str = "k", **headers: str) -> dict[str, str]:
    return {"Idempotency-Key": key} | headers


def patch(client: Client, body: object, headers: dict[str, str]) -> ServiceAnswer:
    return client.call("PATCH", f"{BASE}/profile/a", body, headers=headers)


def headers_of(answer: ServiceAnswer) -> dict[str, str]:
    return {
        name: value for name, value in answer.headers.items() if name in {"ETag", "Content-Location", "Content-Type"}
    }


def test_a_call_that_comes_again_is_answered_as_before_and_not_carried_out(client: Client) -> None:
    first = client.put("a", NAMES, headers=keyed())
    client.put("a", {"names": [{**ANA, "value": "Eva"}]})
    again = client.put("a", NAMES, headers=keyed())
    assert (again.status_code, again.data) == (201, first.data)
    assert headers_of(again) == headers_of(first)
    assert client.get("a").json["names"] == [{**ANA, "value": "Eva"}]


def test_a_conditional_write_whose_answer_was_lost_is_not_refused_when_it_comes_again(client: Client) -> None:
    tag = client.put("a", NAMES).headers["ETag"]
    calls = [client.put("a", {"gender": "male"}, headers=keyed(**{"If-Match": tag})) for _ in range(2)]
    assert [answer.status_code for answer in calls] == [200, 200]
    assert calls[0].data == calls[1].data
    patched = [patch(client, {"gender": None}, keyed("p", **{"If-Match": calls[0].headers["ETag"]})) for _ in range(2)]
    assert [answer.status_code for answer in patched] == [200, 200]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("DELETE", "", None),
        ("DELETE", "/names/callable/0", None),
        ("DELETE", "/dates/birth/0", None),
        ("PUT", "/preferences/theme", {"value": "dark"}),
        ("DELETE", "/preferences/language", None),
        ("PUT", "/consent", {"status": "given"}),
    ],
)
def test_every_write_can_come_again(client: Client, method: str, path: str, body: object) -> None:
    dates = [{"index": 0, "significance": "birth", "value": "1990-03-03"}]
    client.put("a", {"names": [ANA, {**ANA, "group": "callable"}], "dates": dates})
    client.call("PUT", f"{BASE}/profile/a/preferences/language", {"value": "pt"})
    calls = [client.call(method, f"{BASE}/profile/a{path}", body, headers=keyed()) for _ in range(2)]
    assert calls[0].status_code in {200, 201, 204}
    assert (calls[1].status_code, calls[1].data) == (calls[0].status_code, calls[0].data)


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        ({"gender": "male"}, keyed()),
        (NAMES, keyed(**{"If-None-Match": "*"})),
        (NAMES, keyed(**{"If-Match": "*"})),
        (b'{"names":[{"index":0,"group":"real","value":"Ana"}]}', keyed()),
        (b"{", keyed()),
        (b"x" * 70_000, keyed()),
        (NAMES, keyed(**{"Content-Type": "text/plain"})),
    ],
)
def test_another_call_under_the_key_is_refused(client: Client, body: object, headers: dict[str, str]) -> None:
    first = client.put("a", NAMES, headers=keyed())
    answer = client.put("a", body, headers=headers)
    assert (answer.status_code, answer.json["code"]) == (422, "idempotency_key_reused")
    assert client.get("a").data == first.data


def test_another_path_under_the_key_is_another_call(client: Client) -> None:
    path = f"{BASE}/profile/a/preferences"
    assert client.call("PUT", f"{path}/theme", {"value": "dark"}, headers=keyed()).status_code == 201
    answer = client.call("PUT", f"{path}/language", {"value": "pt"}, headers=keyed())
    assert answer.json["code"] == "idempotency_key_reused"


def test_a_key_is_of_the_actor_the_operation_and_the_credential(contract: Contract, store: AnyStore) -> None:
    scopes = frozenset(contract.schema("Scope")["enum"])
    keys = ["one" * 11, "two" * 11]
    credentials = [Credential(digest(key), "default", scopes) for key in keys]
    client = Client(contract, create_app(contract, store, credentials, instance="i", main_pid=1))
    assert client.put("a", NAMES, headers=keyed(), key=keys[0]).status_code == 201
    assert client.put("b", NAMES, headers=keyed(), key=keys[0]).status_code == 201
    assert client.put("a", NAMES, headers=keyed(), key=keys[1]).status_code == 200
    answer = client.call("DELETE", f"{BASE}/profile/a", headers=keyed(), key=keys[0])
    assert answer.status_code == 204


def test_what_a_rule_refused_is_answered_again(client: Client) -> None:
    first = client.put("a", {"gender": "male"}, headers=keyed())
    assert first.json["code"] == "name_required"
    client.put("a", NAMES)
    again = client.put("a", {"gender": "male"}, headers=keyed())
    assert (again.status_code, again.data, again.content_type) == (422, first.data, "application/problem+json")
    assert client.get("a").json["gender"] == "other"


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"{", keyed(), 400),
        ({"gender": "woman"}, keyed(), 422),
        (NAMES, keyed(**{"If-Match": '"other.1"'}), 412),
        (NAMES, keyed(**{"Content-Type": "text/plain"}), 415),
        (b" " * 70_000, keyed(), 413),
    ],
)
def test_what_was_refused_before_a_rule_can_be_mended_under_the_key(
    client: Client, body: object, headers: dict[str, str], status: int
) -> None:
    assert client.put("a", body, headers=headers).status_code == status
    assert client.put("a", NAMES, headers=keyed()).status_code == 201


def test_a_failure_is_not_recorded(client: Client, store: AnyStore, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: Any) -> None:
        raise StoreUnavailableError

    with monkeypatch.context() as broken:
        broken.setattr(store, "write", fails)
        assert client.put("a", NAMES, headers=keyed()).status_code == 503
    assert client.put("a", NAMES, headers=keyed()).status_code == 201


def test_the_record_is_written_with_what_it_answers_for(
    client: Client, store: AnyStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    writes = []
    write = store.write

    def counted(*arguments: Any) -> Any:
        writes.append(arguments)
        return write(*arguments)

    monkeypatch.setattr(store, "write", counted)
    client.put("a", NAMES, headers=keyed())
    assert len(writes) == 1


def test_of_calls_that_come_at_once_one_is_carried_out(client: Client) -> None:
    tag = client.put("a", NAMES).headers["ETag"]

    def call(_index: int) -> tuple[int, bytes]:
        answer = client.put("a", {"gender": "male"}, headers=keyed(**{"If-Match": tag}))
        return answer.status_code, answer.data

    with ThreadPoolExecutor(8) as pool:
        answers = set(pool.map(call, range(32)))
    assert {status for status, _ in answers} <= {200, 409}
    assert len({data for status, data in answers if status == 200}) == 1
    assert client.get("a").headers["ETag"].endswith('.2"')


@pytest.mark.parametrize("key", ["k", "!", "~" * 64, "0f8fad5b-d9cb-469f-a165-70867728950e", '"quoted"'])
def test_visible_characters_make_a_key(client: Client, key: str) -> None:
    assert client.put("a", NAMES, headers=keyed(key)).status_code == 201


@pytest.mark.parametrize("key", ["", " ", "a b", "k" * 65, "\u00e9"])
def test_what_is_no_key_is_refused_and_not_passed_over(client: Client, key: str) -> None:
    answer = client.put("a", NAMES, headers=keyed(key))
    assert (answer.status_code, answer.json["code"]) == (400, "invalid_idempotency_key")
    assert client.get("a").status_code == 404


def test_a_key_is_forgotten_after_a_day(client: Client, store: AnyStore, monkeypatch: pytest.MonkeyPatch) -> None:
    client.put("a", NAMES, headers=keyed())
    now = store._clock()
    monkeypatch.setattr(store, "_clock", lambda: now + LIFETIME_S - 5)
    assert client.put("a", NAMES, headers=keyed()).status_code == 201
    monkeypatch.setattr(store, "_clock", lambda: now + LIFETIME_S + 5)
    assert client.put("a", NAMES, headers=keyed()).status_code == 200
    assert (store.backlog() > 0) is not isinstance(store, DynamoDBStore), "DynamoDB deletes what has expired by itself"
    store.sweep()
    assert store.backlog() == 0
    assert store.read("default", "a", lambda items: [item.key for item in items.scan(*ALL_KEYS, 10)]) == ["profile"]


def test_of_an_actor_only_the_latest_keys_are_remembered(
    client: Client, store: AnyStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retries, "KEYS", 20)
    for number in range(1, 20):
        client.put("a", NAMES, headers=keyed(f"k{number}"))
    tag = client.get("a").headers["ETag"]
    for key in ("before", "last"):
        client.put("a", {"gender": "male"}, headers=keyed(key))
    client.put("a", {"gender": "female"})
    assert client.put("a", {"gender": "male"}, headers=keyed("before")).headers["ETag"] != tag
    assert client.get("a").json["gender"] == "female", "the latest keys are remembered"
    records = store.read("default", "a", lambda items: items.scan("idempotency/0", "idempotency/:", 40))
    marks = store.read("default", "a", lambda items: items.scan("mark/key/", "mark/key0", 40))
    assert len(records) == len(marks) == 20


def test_a_key_that_was_used_before_an_erasure_does_nothing(client: Client, store: AnyStore) -> None:
    client.put("a", NAMES, headers=keyed())
    for key in ("profile", "idempotency/0000", "idempotency/next"):
        store.write("default", "a", lambda changes, key=key: changes.delete(key))  # type: ignore[misc] # bound at once
    answer = client.put("a", NAMES, headers=keyed())
    assert (answer.status_code, answer.json["code"]) == (410, "idempotency_key_gone")
    assert client.get("a").status_code == 404
    assert client.put("a", NAMES, headers=keyed("new")).status_code == 201
    assert client.put("a", NAMES, headers=keyed()).status_code == 410, "another call's record is not its own"
