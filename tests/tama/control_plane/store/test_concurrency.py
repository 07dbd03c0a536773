"""Many processes on one store, each with many threads."""

from __future__ import annotations

import multiprocessing
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.pool import Pool
from typing import TYPE_CHECKING, Any

import pytest

from tama.control_plane import ControlPlane
from tama.control_plane.clients import Clients
from tama.control_plane.creates import CreateKey
from tama.control_plane.store.addresses import opened
from tests.tama.control_plane.support import Caller

if TYPE_CHECKING:
    from tama.control_plane.store import Store

PROCESSES, THREADS = 4, 16
SPACES = "/provision/neural/spaces"
Request = tuple[Any, ...]


def send(arguments: tuple[str, list[Request]]) -> list[tuple[int, Any]]:
    """Answers to requests that a process sends all at once."""
    address, requests = arguments
    plane = ControlPlane(opened(address))
    try:
        with ThreadPoolExecutor(THREADS) as pool:
            return list(pool.map(lambda request: plane.handle(*request), requests))
    finally:
        plane.close()


@pytest.fixture(scope="module")
def pool() -> Any:
    with multiprocessing.get_context("spawn").Pool(PROCESSES) as pool:
        yield pool


@pytest.fixture
def all_at_once(pool: Pool, address: str) -> Callable[[list[Request]], list[tuple[int, Any]]]:
    def run(requests: list[Request]) -> list[tuple[int, Any]]:
        parts = [(address, requests[process::PROCESSES]) for process in range(PROCESSES)]
        return [answer for answers in pool.map(send, parts, chunksize=1) for answer in answers]

    return run


def test_of_many_who_make_what_only_one_may_be_one_does(api: Caller, space: dict[str, Any], all_at_once: Any) -> None:
    given = {"name": "a", "type": "model", "endpoint": "https://a.example", "credential": {"api_key": "k"}}
    source = api("POST", f"/provision/sensory/spaces/{space['id']}/sources", {"source": given})
    limit = {"limit": {"scale_unit": "hours", "scale_count": 1, "count": 1}}

    answers = all_at_once([("POST", f"/provision/sensory/sources/{source['id']}/limits", limit)] * PROCESSES * THREADS)

    refused = {"errors": {"source_id": ["has already been taken"]}}
    assert Counter(status for status, _ in answers) == {201: 1, 422: PROCESSES * THREADS - 1}
    assert all(body == refused for status, body in answers if status == 422)
    assert len(api.plane.objects("source_limit")) == 1


def test_a_create_that_is_sent_many_times_at_once_makes_one_object(api: Caller, all_at_once: Any) -> None:
    create = ("POST", SPACES, {"space": {"name": "Movies", "type": "root"}}, CreateKey("client", "key"))

    answers = all_at_once([create] * PROCESSES * THREADS)

    (space,) = api.plane.objects("space")
    assert all(answer == (201, {"data": space}) for answer in answers)


def test_many_who_take_the_next_place_take_one_each(api: Caller, space: dict[str, Any], all_at_once: Any) -> None:
    chain = api("POST", f"/provision/perception/spaces/{space['id']}/chains", {"chain": {"name": "a"}})
    thought = {"thought": {"relation": "r", "module": {"reference": "tama/agentic/reply"}}}

    answers = all_at_once([("POST", f"/provision/perception/chains/{chain['id']}/thoughts", thought)] * 24)

    assert sorted(body["data"]["index"] for _, body in answers) == list(range(24))


def test_what_has_one_name_gets_a_slug_each(api: Caller, space: dict[str, Any], all_at_once: Any) -> None:
    class_ = api("POST", f"{SPACES}/{space['id']}/classes", {"class": {"schema": {"title": "a", "description": "b"}}})
    corpora = f"/provision/neural/classes/{class_['id']}/corpora"
    slugs = {"same", *(f"same-{number}" for number in range(2, 25))}

    spaces = all_at_once([("POST", SPACES, {"space": {"name": "Same", "type": "root"}})] * 24)
    assert {body["data"]["slug"] for _, body in spaces} == slugs
    made = all_at_once([("POST", corpora, {"corpus": {"name": "Same", "template": "t"}})] * 24)
    assert {body["data"]["slug"] for _, body in made} == slugs


def test_servers_that_start_together_sign_with_one_key(open_store: Callable[[], Store]) -> None:
    stores = [open_store() for _ in range(6)]
    together = threading.Barrier(6)

    def key(store: Store) -> bytes:
        together.wait()
        return Clients(store).signing_key()

    with ThreadPoolExecutor(6) as pool:
        assert len(set(pool.map(key, stores))) == 1


def test_a_session_may_be_ended_by_several_at_once(open_store: Callable[[], Store]) -> None:
    stores = [open_store() for _ in range(6)]
    together = threading.Barrier(6)

    def end(store: Store) -> bool:
        together.wait()
        Clients(store).end_session("a", int(time.time()) + 60)
        return Clients(store).has_ended_session("a")

    with ThreadPoolExecutor(6) as pool:
        assert all(pool.map(end, stores))


def test_no_child_outlives_a_parent_that_is_deleted_while_it_is_made(api: Caller, all_at_once: Any) -> None:
    spaces = [api.space(f"space {number}")["id"] for number in range(4)]
    schema = {"class": {"schema": {"title": "a", "description": "b"}}}
    requests: list[Request] = []
    for _ in range(12):
        requests += [("POST", f"{SPACES}/{space}/classes", schema) for space in spaces]
    requests[24:24] = [("DELETE", f"{SPACES}/{space}", None) for space in spaces]

    answers = all_at_once(requests)

    assert {status for status, _ in answers} <= {201, 204, 404}
    assert [status for status, _ in answers].count(204) == 4
    assert api.plane.objects("class") == []


def test_of_many_changes_of_one_object_each_is_made_on_the_one_before(
    api: Caller, space: dict[str, Any], all_at_once: Any
) -> None:
    path = f"/provision/system/queues/{api('POST', '/provision/system/queues', QUEUE)['id']}"
    fields: list[dict[str, Any]] = [{"name": "new"}, {"role": "scribe"}, {"concurrency": 9}]

    answers = all_at_once([("PATCH", path, {"queue": field}) for field in fields * 8])

    assert {status for status, _ in answers} == {200}
    assert api("GET", path).items() >= {"name": "new", "role": "scribe", "concurrency": 9}.items()


QUEUE = {"queue": {"name": "old", "role": "oracle", "concurrency": 1}}
