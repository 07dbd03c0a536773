"""A search of the whole data folder finds nothing of an actor within a minute of the erasure."""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.service.server import BASE, RunningService

LIMIT_S = 60
ACTOR = "canary-actor@example.com"
VISITOR = "canary-visitor"
TRACES = (b"canary", b"Canarina", b"kanarie")
"""What tells of the actor: ids, names, texts, threads, event ids, idempotency keys all hold one of these."""


@pytest.fixture
def service(tmp_path: Path) -> Iterator[RunningService]:
    with RunningService(tmp_path) as service:
        yield service


def found(folder: Path) -> set[str]:
    """Return the files in a folder that hold a trace."""
    return {
        path.name
        for path in folder.rglob("*")
        if path.is_file() and any(trace in path.read_bytes() for trace in TRACES)
    }


def wait_until_gone(folder: Path, begun: float) -> None:
    while files := found(folder):
        assert time.monotonic() < begun + LIMIT_S, files
        # The service needs the processor more than the search does.
        os.sched_yield()


def tell(service: RunningService, actor: str, word: str, rounds: int = 1) -> None:
    """Tell and change everything that can be told of an actor."""
    path = f"{BASE}/profile/{actor}"
    for number in range(rounds):
        key = {"Idempotency-Key": f"{word}-{number}"}
        dates = [{"index": number, "significance": "wedding", "value": "2020-02-02"}]
        names = [{"index": number, "value": f"Canarina {word} {number}"}]
        assert service.put(actor, {"names": names, "dates": dates}, headers=key).status in {200, 201}
        service.call("PUT", f"{path}/preferences/theme", {"value": "dark"})
        events = [
            {
                "role": "user",
                "content": f"kanarie {word} {number} {each} " + "y" * (each * 300),
                "event_id": f"{word}-{number}-{each}",
                "thread": f"{word}-thread",
            }
            for each in range(12)
        ]
        assert service.call("POST", f"{path}/history", {"events": events}, headers=key).status == 201
    service.call("DELETE", f"{path}/history/{word}-0-3")


def others(service: RunningService, first: int, count: int) -> None:
    """Make other actors, whose rows lie among those of the erased one."""
    for number in range(first, first + count):
        actor = f"{'abcde'[number % 5]}-{number}"
        service.put(actor, {"names": [{"index": 0, "value": "Ana"}]})
        events = [{"role": "user", "content": "x" * (100 * each)} for each in range(12)]
        service.call("POST", f"{BASE}/profile/{actor}/history", {"events": events})


def erase(service: RunningService, actor: str) -> float:
    answer = service.call("POST", f"{BASE}/profile/{actor}/erasure", headers={"Idempotency-Key": "canary-erasure"})
    assert answer.status == 202
    return time.monotonic()


def test_nothing_is_left_of_an_actor_among_others(service: RunningService) -> None:
    for number in range(3):
        others(service, 10 * number, 10)
        tell(service, ACTOR, f"canary{number}", rounds=3)
    service.call("DELETE", f"{BASE}/profile/{ACTOR}")
    assert found(service.store.parent)
    begun = erase(service, ACTOR)
    wait_until_gone(service.store.parent, begun)
    assert service.get("a-0").status == 200
    service.stop()
    assert not found(service.folder), "neither the log of erasures nor what the service prints has anything"
    assert service.store.with_name(service.store.name + ".erasures").exists()


def test_nothing_is_left_when_the_service_is_killed_during_the_deletion(service: RunningService) -> None:
    others(service, 0, 10)
    tell(service, ACTOR, "canary", rounds=10)
    erase(service, ACTOR)
    os.killpg(service.process.pid, signal.SIGKILL)
    service.process.wait()
    with RunningService(service.folder) as again:
        begun = time.monotonic()
        assert again.get(ACTOR).status == 404
        wait_until_gone(again.store.parent, begun)
