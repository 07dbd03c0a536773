"""A hosted control plane, whose objects settle by threads of any process that serves it."""

from __future__ import annotations

import multiprocessing
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import TYPE_CHECKING, Any

import pytest

from tama.control_plane import ControlPlane, derivation, settling, worker
from tama.control_plane.store.addresses import opened
from tests.support.postgresql import PostgreSQL
from tests.tama.control_plane.support import Caller, document, operation
from tests.tama.endpoint import Answer, Endpoint, Request

if TYPE_CHECKING:
    from tama.control_plane.store import Store

IDENTITIES, SPECIFICATIONS = "/provision/sensory/identities", "/provision/sensory/specifications"
PATHS = {"/a": {"get": operation("a")}}
KEY = {"components": {"securitySchemes": {"ApiKey": {"type": "http", "scheme": "bearer"}}}}


@pytest.fixture
def hosted(open_store: Callable[[], Store]) -> Iterator[Caller]:
    plane = ControlPlane(open_store())
    plane.start_worker()
    yield Caller(plane)
    plane.close()


def settled(api: Caller, path: str, seconds: float = 10) -> dict[str, Any]:
    """The object at a path, once it is pending no more."""
    ends = time.monotonic() + seconds
    while (found := api("GET", path))["current_state"] == "pending":
        assert time.monotonic() < ends, found
        time.sleep(0.01)
    return found


def test_a_specification_is_pending_and_then_completed_with_its_actions(hosted: Caller) -> None:
    made = hosted.specification(hosted.space("Movies")["id"], document(PATHS))
    assert made["current_state"] == "pending"

    found = settled(hosted, f"{SPECIFICATIONS}/{made['id']}")

    assert found == {**made, "current_state": "completed"}
    assert hosted.action(made["id"], "a")["path"] == "/a"


def test_a_long_document_is_registered_with_its_many_actions(hosted: Caller) -> None:
    text = "What it is about. " * 200
    paths = {f"/things/{number}": {"get": operation(f"op-{number}", description=text)} for number in range(500)}
    made = hosted.specification(hosted.space("Movies")["id"], document(paths))

    assert settled(hosted, f"{SPECIFICATIONS}/{made['id']}", 60)["current_state"] == "completed"
    assert [one["path"] for one in hosted.plane.objects("action")] == [*paths]
    assert {one["name"] for one in hosted.plane.objects("class")} == {f"op-{number}" for number in range(500)}
    hosted.delete(f"{SPECIFICATIONS}/{made['id']}")
    assert [hosted.plane.objects(kind) for kind in ("action", "class", "class_corpus", "source")] == [[]] * 4


def test_many_specifications_are_declared_at_once(hosted: Caller) -> None:
    space = hosted.space("Movies")["id"]
    with ThreadPoolExecutor(10) as pool:
        made = list(pool.map(lambda _: hosted.specification(space, document(PATHS))["id"], range(100)))

    assert {settled(hosted, f"{SPECIFICATIONS}/{id_}", 60)["current_state"] for id_ in made} == {"completed"}
    assert len(hosted.plane.objects("action")) == 100


def test_a_long_job_ends_among_many_short_requests(hosted: Caller) -> None:
    space, stop = hosted.space("Movies")["id"], threading.Event()
    paths = {f"/things/{number}": {"get": operation(f"op-{number}")} for number in range(500)}

    def make_spaces(thread: int) -> None:
        number = 0
        while not stop.is_set():
            hosted.space(f"space {thread} {number}")
            number += 1

    with ThreadPoolExecutor(8) as pool:
        making = [pool.submit(make_spaces, thread) for thread in range(8)]
        try:
            made = [hosted.specification(space, document(paths))["id"] for _ in range(2)]
            assert {settled(hosted, f"{SPECIFICATIONS}/{id_}", 20)["current_state"] for id_ in made} == {"completed"}
        finally:
            stop.set()
        for one in making:
            one.result()


def test_a_change_is_processed_again_and_keeps_ids(hosted: Caller) -> None:
    made = hosted.specification(hosted.space("Movies")["id"], document(PATHS))
    path = f"{SPECIFICATIONS}/{made['id']}"
    settled(hosted, path)
    action = hosted.action(made["id"], "a")

    bad = hosted("PATCH", path, {"specification": {"schema": {"swagger": "2.0"}}})
    assert bad["current_state"] == "pending"
    assert settled(hosted, path)["current_state"] == "failed"
    assert hosted.gone(f"/provision/motor/specifications/{made['id']}/actions/a")
    again = hosted("PATCH", path, {"specification": {"schema": document(PATHS)}})
    assert "reason" not in again
    assert settled(hosted, path)["current_state"] == "completed"
    assert hosted.action(made["id"], "a").keys() == action.keys()


def test_an_identity_settles_without_a_reader(hosted: Caller, endpoint: Endpoint) -> None:
    probed = threading.Event()

    def answer(request: Request) -> Answer:
        probed.set()
        return Answer(204)

    endpoint.answer = answer
    made = hosted.specification(hosted.space("Movies")["id"], document(PATHS, **KEY), endpoint.url)
    identity = hosted.identity(made["id"])
    assert identity["current_state"] == "pending"

    assert probed.wait(10)
    found = settled(hosted, f"{IDENTITIES}/{identity['id']}")

    assert (found["current_state"], found["reason"]) == ("failed", "GET /whoami answered 204, not 200.")
    assert len(endpoint.requests) == 1


def test_a_class_operation_is_pending_and_then_processed_with_the_nodes_it_had(hosted: Caller) -> None:
    space = hosted.space("Movies")["id"]
    given = {"class": {"schema": {"title": "a", "description": "b"}}}
    class_ = hosted("POST", f"/provision/neural/spaces/{space}/classes", given)["id"]
    chain = hosted("POST", f"/provision/perception/spaces/{space}/chains", {"chain": {"name": "a"}})["id"]
    node = {"node": {"type": "reactive", "class_id": class_, "chain_id": chain}}
    node_id = hosted("POST", f"/provision/neural/spaces/{space}/nodes", node)["id"]
    path = f"/provision/neural/classes/{class_}/operations"

    made = hosted("POST", path, {"operation": {"chain_ids": [chain], "node_type": "reactive"}})

    assert (made["current_state"], made["node_ids"]) == ("pending", [node_id])
    assert settled(hosted, f"{path}/{made['id']}") == {**made, "current_state": "processed"}


def test_a_deletion_while_it_is_processed_is_no_error(
    hosted: Caller, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    arrived, go_on = threading.Event(), threading.Event()
    settle = derivation.settle

    def slow(specification: dict[str, Any]) -> Any:
        arrived.set()
        assert go_on.wait(10)
        return settle(specification)

    monkeypatch.setitem(settling.AT_ONCE, "specification", slow)
    made = hosted.specification(hosted.space("Movies")["id"], document(PATHS))
    assert arrived.wait(10)
    hosted.delete(f"{SPECIFICATIONS}/{made['id']}")
    go_on.set()

    hosted.plane.close()
    assert caplog.records == []


def test_a_job_that_breaks_fails_its_object_and_is_logged(
    hosted: Caller, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(settling.AT_ONCE, "specification", lambda _: 1 / 0)
    made = hosted.specification(hosted.space("Movies")["id"], document(PATHS))

    found = settled(hosted, f"{SPECIFICATIONS}/{made['id']}")

    assert found["current_state"] == "failed"
    assert [record.getMessage() for record in caplog.records] == ["a job failed"]


def test_one_identity_that_hangs_keeps_no_specification_waiting(hosted: Caller, endpoint: Endpoint) -> None:
    go_on = threading.Event()

    def answer(request: Request) -> Answer:
        assert go_on.wait(10)
        return Answer(200)

    endpoint.answer = answer
    space = hosted.space("Movies")["id"]
    made = hosted.specification(space, document(PATHS, **KEY), endpoint.url)
    identities = [hosted.identity(made["id"])["id"] for _ in range(3)]

    other = hosted.specification(space, document(PATHS))
    assert settled(hosted, f"{SPECIFICATIONS}/{other['id']}")["current_state"] == "completed"
    assert hosted("GET", f"{IDENTITIES}/{identities[0]}")["current_state"] == "pending"
    go_on.set()
    assert {settled(hosted, f"{IDENTITIES}/{id_}")["current_state"] for id_ in identities} == {"active"}


def test_what_was_left_pending_is_settled_by_an_embedded_reader(
    hosted: Caller, open_store: Callable[[], Store]
) -> None:
    space = hosted.space("Movies")["id"]
    hosted.plane._worker.stop()  # type: ignore[union-attr] # it was started
    made = hosted.specification(space, document(PATHS))
    embedded = Caller(ControlPlane(open_store()))

    assert embedded("GET", f"{SPECIFICATIONS}/{made['id']}")["current_state"] == "completed"
    assert embedded.action(made["id"], "a")["path"] == "/a"


def work_on(address: str, parent: Connection) -> None:
    plane = ControlPlane(opened(address))
    plane.start_worker()
    parent.send("started")
    with suppress(EOFError):
        parent.recv()
    plane.close()


@pytest.fixture
def others(address: str) -> Iterator[list[BaseProcess]]:
    """Processes that serve the store too."""
    spawn = multiprocessing.get_context("spawn")
    pipes = [spawn.Pipe() for _ in range(2)]
    processes: list[BaseProcess] = [spawn.Process(target=work_on, args=(address, theirs)) for _, theirs in pipes]
    for process, (ours, theirs) in zip(processes, pipes, strict=True):
        process.start()
        theirs.close()
        assert ours.poll(30)
    yield processes
    for process, (ours, _) in zip(processes, pipes, strict=True):
        ours.close()
        process.join(20)
        process.kill()
        process.join()


def test_of_many_processes_one_does_each_job(others: list[BaseProcess], hosted: Caller, endpoint: Endpoint) -> None:
    made = hosted.specification(hosted.space("Movies")["id"], document(PATHS, **KEY), endpoint.url)
    paths = [f"/check/{number}" for number in range(40)]
    identities = [
        hosted.identity(made["id"], validation={"path": path, "method": "GET", "codes": [200]})["id"] for path in paths
    ]

    assert {settled(hosted, f"{IDENTITIES}/{id_}")["current_state"] for id_ in identities} == {"active"}
    assert Counter(request.target for request in endpoint.requests) == Counter(paths)


def test_the_job_of_a_process_that_was_killed_is_done_by_another(
    others: list[BaseProcess], api: Caller, endpoint: Endpoint, open_store: Callable[[], Store]
) -> None:
    arrived, go_on = threading.Event(), threading.Event()

    def answer(request: Request) -> Answer:
        if not arrived.is_set():
            arrived.set()
            go_on.wait(20)
        return Answer(200)

    endpoint.answer = answer
    # Declared where nothing settles what is not asked for, so that one of the others takes it.
    identity = api.identity(api.specification(api.space("Movies")["id"], document(PATHS, **KEY), endpoint.url)["id"])
    assert arrived.wait(20)
    for process in others:
        process.kill()
    for process in others:
        process.join()
    go_on.set()

    plane = ControlPlane(open_store())
    plane.start_worker()
    try:
        found = settled(Caller(plane), f"{IDENTITIES}/{identity['id']}", worker.CLAIM_SECONDS + 10)
    finally:
        plane.close()
    assert found["current_state"] == "active"
    assert len(endpoint.requests) == 2


def test_work_goes_on_when_the_database_is_back(postgresql: PostgreSQL, database: str) -> None:
    plane = ControlPlane(opened(database))
    plane.start_worker()
    hosted = Caller(plane)
    space = hosted.space("Movies")["id"]
    postgresql.stop()
    time.sleep(1)
    postgresql.start()
    made = hosted.specification(space, document(PATHS))

    assert settled(hosted, f"{SPECIFICATIONS}/{made['id']}")["current_state"] == "completed"
    plane.close()
