"""What export-tenant sends, how it goes on, and that nobody waits for it."""

import http.client
import time
import tracemalloc
from collections.abc import Iterator
from functools import partial
from typing import Any

import orjson
import pytest
from flask import Flask

from service.contract import Contract
from service.items import Changes
from service.personalization.standing import Standing
from service.personalization.tenants import exporting
from service.personalization.tenants.exporting import export_tenant
from service.personalization.tenants.turns import MAX_TURNS
from service.storage import StoreUnavailableError
from service.storage.sqlite import SQLiteStore
from service.web.app import create_app
from service.web.credentials import Credential, digest
from service.web.streams import BLOCK_BYTES
from tests.service.client import Client, ServiceAnswer
from tests.service.server import BASE, KEY, RunningService
from tests.service.stores import AnyStore

pytestmark = pytest.mark.every_store

EXPORT = f"{BASE}/actors/export"
SCOPES = frozenset({"admin", "profile:read", "profile:write", "history:write", "actor:erase"})


def export(client: Client, cursor: str | None = None, **options: Any) -> ServiceAnswer:
    query = f"cursor={cursor}" if cursor else ""
    return client.call("GET", EXPORT, environ={"QUERY_STRING": query}, **options)


def lines(body: bytes) -> list[Any]:
    assert body.endswith(b"\n")
    return [orjson.loads(line) for line in body.splitlines()]


def documents(told: list[Any]) -> list[str]:
    return [line["actor_id"] for line in told if "actor_id" in line]


def add(store: AnyStore, *actors: str, size: int = 10, tenant: str = "default") -> None:
    """Add actors with a preference of so many characters."""
    preference = orjson.dumps({"type": "note", "value": "x" * size, "changed_at": "2026-01-01T00:00:00Z"})
    for actor in actors:
        store.write(tenant, actor, lambda changes: changes.put("preference/note", preference))


def test_a_tenant_without_actors_is_one_line(client: Client) -> None:
    answer = export(client)
    assert (answer.status_code, answer.mimetype) == (200, "application/jsonl")
    assert answer.data == b'{"actors":0,"end":true}\n'


def test_each_line_is_the_document_of_an_actor(client: Client, store: AnyStore) -> None:
    ids = ("ana", "b\u00e9b\u00e9", "withdrawn")
    for actor in ids:
        client.put(actor, {"names": [{"index": 0, "value": actor}]})
        events = [{"role": "user", "content": f"{number}\nHi"} for number in range(40)]
        for _ in range(4):
            client.call("POST", f"{BASE}/profile/{actor}/history", {"events": events})
    client.call("PUT", f"{BASE}/profile/withdrawn/consent", {"status": "withdrawn"})
    store.write("default", "an-alias", Standing(alias_of="ana").store)
    add(store, "stranger", tenant="other")
    told = export(client).data.splitlines(keepends=True)
    assert told[:3] == [client.call("GET", f"{BASE}/profile/{actor}/export").data + b"\n" for actor in ids]
    assert [list(orjson.loads(line)) for line in told[3:]] == [["next"], ["actors", "end"]]
    assert orjson.loads(told[-1]) == {"actors": 3, "end": True}


def test_an_export_goes_on_after_each_of_its_marks_and_after_a_page_of_the_list(
    client: Client, store: AnyStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporting, "PAGE", 5)
    everyone = [f"actor-{number:03}" for number in range(12)]
    add(store, *everyone)
    told = lines(export(client).data)
    assert documents(told) == everyone
    assert told[-1] == {"actors": len(everyone), "end": True}
    marks = [at for at, line in enumerate(told) if "next" in line]
    assert len(marks) == 3
    for at in marks:
        rest = lines(export(client, told[at]["next"]).data)
        assert documents(told[:at]) + documents(rest) == everyone
        assert rest[-1] == {"actors": len(documents(rest)), "end": True}
    page = client.call("GET", f"{BASE}/actors", environ={"QUERY_STRING": "limit=7"}).json
    assert documents(lines(export(client, page["next"]).data)) == everyone[7:]


def test_marks_come_sooner_when_documents_are_long(
    client: Client, store: AnyStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporting, "MARK_BYTES", 20_000)
    add(store, *"abcde", size=10_000)
    told = lines(export(client).data)
    assert ["actor_id" if "actor_id" in line else next(iter(line)) for line in told] == [
        "actor_id", "actor_id", "next", "actor_id", "actor_id", "next", "actor_id", "next", "actors"
    ]  # fmt: skip


def test_what_is_no_cursor_of_the_tenant_is_refused(client: Client, contract: Contract, store: AnyStore) -> None:
    add(store, "a", "b")
    cursor = lines(export(client).data)[-2]["next"]
    other = create_app(contract, store, [Credential(digest(KEY), "other", SCOPES)], instance="i", main_pid=1)
    for caller, sent in ((client, "x"), (Client(contract, other), cursor)):
        answer = export(caller, sent)
        assert (answer.status_code, answer.json["code"]) == (422, "invalid_cursor")
    assert client.call("GET", EXPORT, environ={"QUERY_STRING": "after=a"}).json["code"] == "invalid_query"


def _begin(app: Flask, method: str = "GET") -> Any:
    """Begin an export, of which nothing is read yet."""
    headers = {"Authorization": f"Bearer {KEY}"}
    return app.test_client().open(EXPORT, method=method, headers=headers, buffered=False)


def test_one_export_of_a_tenant_is_sent_at_a_time_and_a_few_in_all(contract: Contract, store: AnyStore) -> None:
    keys = [f"{KEY}-{number}" for number in range(MAX_TURNS + 1)]
    credentials = [Credential(digest(key), f"tenant-{number}", SCOPES) for number, key in enumerate(keys)]
    app = create_app(contract, store, credentials, instance="i", main_pid=1)

    def begin(key: str) -> Any:
        return app.test_client().get(EXPORT, headers={"Authorization": f"Bearer {key}"}, buffered=False)

    under_way = [begin(key) for key in keys[:MAX_TURNS]]
    assert [answer.status_code for answer in under_way] == [200] * MAX_TURNS
    for key in (keys[0], keys[-1]):
        refused = Client(contract, app).call("GET", EXPORT, key=key)
        assert (refused.status_code, refused.json["code"], refused.headers["Retry-After"]) == (
            429,
            "rate_limited",
            "10",
        )
    under_way[0].close()
    again = begin(keys[0])
    assert again.status_code == 200
    for answer in (*under_way, again):
        answer.close()


@pytest.mark.parametrize("how", ["read", "unread", "head"])
def test_a_place_is_given_back_however_an_export_ends(contract: Contract, store: AnyStore, how: str) -> None:
    add(store, "a")
    app = create_app(contract, store, [Credential(digest(KEY), "default", SCOPES)], instance="i", main_pid=1)
    for _ in range(MAX_TURNS + 1):
        answer = _begin(app, "HEAD" if how == "head" else "GET")
        assert answer.status_code == 200
        if how == "read":
            assert b"end" in answer.data
        answer.close()


def test_a_store_that_fails_at_the_beginning_is_an_error_and_takes_no_place(
    client: Client, store: AnyStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> list[str]:
        raise StoreUnavailableError

    with monkeypatch.context() as patch:
        patch.setattr(store, "actors", fails)
        for _ in range(MAX_TURNS + 1):
            assert export(client).json["code"] == "store_unavailable"
    assert export(client).status_code == 200


def test_what_breaks_off_has_no_last_line(
    client: Client, store: AnyStore, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(exporting, "PAGE", 10)
    add(store, *(f"actor-{number:03}" for number in range(11)))
    read = store.read

    def fails_late(tenant: str, actor: str, view: Any) -> Any:
        if actor == "actor-010":
            raise StoreUnavailableError("canary")
        return read(tenant, actor, view)

    monkeypatch.setattr(store, "read", fails_late)
    told = lines(export(client).data)
    assert documents(told) == [f"actor-{number:03}" for number in range(10)]
    assert "next" in told[-1]
    monkeypatch.undo()
    rest = lines(export(client, told[-1]["next"]).data)
    assert (documents(rest), rest[-1]) == (["actor-010"], {"actors": 1, "end": True})
    assert "an answer broke off" in caplog.text
    assert "actor-010" not in caplog.text


def test_who_is_erased_meanwhile_is_left_out(store: AnyStore) -> None:
    add(store, "a", "b", "c")
    erased: list[str] = []

    def read(actor: str, view: Any) -> Any:
        if actor == "b" and not erased:
            erased.append(actor)
            store.write("default", actor, Standing(erasure="e-1").store)
        return store.read("default", actor, view)

    told = lines(b"".join(export_tenant("default", None, partial(store.actors, "default"), read)))
    assert documents(told) == ["a", "c"]
    assert erased == ["b"]


# 3,000 actors take the engine of the tests five minutes.
@pytest.mark.every_store(but="dynamodb")
def test_it_takes_no_more_memory_for_more_actors(store: AnyStore) -> None:
    preference = orjson.dumps({"type": "note", "value": "x" * 20_000})

    def actors(after: str | None, limit: int) -> list[str]:
        first = int(after or 0) + 1
        return [f"{number:06}" for number in range(first, min(first + limit, 3_001))]

    def fill(changes: Changes) -> None:
        changes.put("preference/note", preference)

    store.write("t", "a", fill)

    def read(_actor: str, view: Any) -> Any:
        return store.read("t", "a", view)

    tracemalloc.start()
    try:
        size = sum(len(piece) for piece in export_tenant("t", None, actors, read))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert size > 60_000_000
    assert peak < 2_000_000


@pytest.fixture(scope="module")
def full_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    """Start the service on a file with more than a socket's buffers take."""
    service = RunningService(tmp_path_factory.mktemp("export"))
    store = SQLiteStore(service.store)
    add(store, *(f"actor-{number:03}" for number in range(400)), size=60_000)
    store.close()
    with service:
        yield service


def _open(service: RunningService) -> tuple[http.client.HTTPConnection, http.client.HTTPResponse]:
    connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=20)
    connection.request("GET", EXPORT, headers={"Authorization": f"Bearer {KEY}"})
    return connection, connection.getresponse()


def test_a_running_service_sends_it_in_chunks_and_serves_others_meanwhile(full_service: RunningService) -> None:
    connection, answer = _open(full_service)
    assert (answer.status, answer.headers["Transfer-Encoding"]) == (200, "chunked")
    first = answer.read(BLOCK_BYTES)
    # The reader stops, and the export with it; it holds up nobody.
    for number in range(100):
        assert full_service.put(f"new-{number % 3}", {"names": [{"index": number % 9, "value": "Ana"}]}).status in {
            200,
            201,
        }
        assert full_service.get("new-0").status == 200
    refused = full_service.call("GET", EXPORT)
    assert (refused.status, refused.json["code"]) == (429, "rate_limited")
    told = lines(first + answer.read())
    connection.close()
    assert [actor for actor in documents(told) if actor.startswith("actor-")] == [f"actor-{n:03}" for n in range(400)]
    assert told[-1]["end"] is True


def test_a_reader_who_leaves_takes_the_export_along(full_service: RunningService) -> None:
    connection, answer = _open(full_service)
    answer.read(BLOCK_BYTES)
    answer.close()
    connection.close()
    deadline = time.monotonic() + 30
    while (again := full_service.call("GET", EXPORT)).status == 429:
        assert time.monotonic() < deadline
    assert again.body.endswith(b'"end":true}\n')
