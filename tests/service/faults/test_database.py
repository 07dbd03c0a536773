"""Several processes on one database lose nothing, agree on the order, and outlive crashes of the database.

TAMA_WRITES sets how many writes there are, TAMA_STOPS how often the database crashes.
"""

import random
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.service.faults.fleet import ACTORS, Fleet, history_of, kept_by, processes_on
from tests.service.faults.lengths import SEED, length
from tests.service.faults.verdict import faults
from tests.service.server import RunningService
from tests.support.postgresql import PostgreSQL

WRITES = length("TAMA_WRITES", 400)
STOPS = length("TAMA_STOPS", 2)
PROCESSES = 4
CROWD = ACTORS[:20]
BOUND_S = 4.0
"""How long an exchange may take: the 2 s that the service promises, and as much for what else a machine does."""


@pytest.fixture
def services(tmp_path: Path, database: str) -> Iterator[list[RunningService]]:
    with processes_on(database, tmp_path, PROCESSES) as services:
        yield services


class Readers(threading.Thread):
    """Walks through histories from page to page, and from process to process, while they grow."""

    def __init__(self, services: Sequence[RunningService]) -> None:
        super().__init__()
        self._services = services
        self._over = threading.Event()
        self.walks: list[tuple[str, list[str]]] = []

    def run(self) -> None:
        chance = random.Random(SEED)
        while not self._over.is_set():
            actor = chance.choice(CROWD[:4])
            events = history_of(self._services, actor, limit=7)
            self.walks.append((actor, [event["event_id"] for event in events]))

    def end(self) -> None:
        self._over.set()
        self.join()


def refuse_a_revoked_key(services: Sequence[RunningService], database: str) -> None:
    """Make a key, use it with every process, revoke it, and see it refused by every process within 5 s."""

    def keys(*arguments: str) -> str:
        command = [sys.executable, "-m", "service", "keys", *arguments, "--store", database]
        return subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout.strip()

    key = keys("add", "--scope", "profile:read")
    assert [service.get("nobody", key=key).status for service in services] == [404] * PROCESSES
    keys("revoke", key.split("_")[1])
    revoked = time.monotonic()
    while any(service.get("nobody", key=key).status != 401 for service in services):
        assert time.monotonic() - revoked < 5 + BOUND_S
        time.sleep(0.1)


def passed_over(walk: Sequence[str], left: Sequence[str]) -> set[str]:
    """Return the events that are left in the end, and lie before the last one of a walk that did not come to them."""
    seen = set(walk)
    last = max((place for place, event in enumerate(left) if event in seen), default=-1)
    return set(left[: last + 1]) - seen


@pytest.mark.timeout(max(300, WRITES // 10))
def test_processes_lose_nothing_agree_on_order_and_keys_and_pass_over_no_event(
    services: list[RunningService], database: str
) -> None:
    fleet = Fleet([service.port for service in services], SEED, CROWD)
    fleet.introduce()
    readers = Readers(services)
    readers.start()
    fleet.sail(WRITES)
    refuse_a_revoked_key(services, database)
    fleet.wait()
    readers.end()
    kept, *others = [kept_by(service, CROWD) for service in services]
    print(counted := fleet.log.counted(), f"{len(readers.walks)} walks")  # noqa: T201 - shows what was tried
    assert fleet.log.broken == []
    assert faults(fleet.log.calls, kept) == []
    assert all(other == kept for other in others)
    left = {actor: [event["event_id"] for event in kept[actor].events] for actor in CROWD}
    assert [walk for walk in readers.walks if passed_over(walk[1], left[walk[0]])] == []
    assert counted["profile 412"] > 0, "no two patches ever met"
    assert counted["repeated"] > 0
    assert readers.walks


@pytest.mark.timeout(max(300, 30 * STOPS))
def test_what_was_acknowledged_outlives_crashes_of_the_database(
    services: list[RunningService], postgresql: PostgreSQL
) -> None:
    fleet = Fleet([service.port for service in services], SEED, CROWD)
    fleet.introduce()
    fleet.outlive(postgresql, services[0], STOPS, range(60, 160))
    kept = kept_by(services[0], CROWD)
    print(counted := fleet.log.counted(), fleet.log.statuses, fleet.log.longest)  # noqa: T201 - shows what was tried
    assert fleet.log.broken == []
    assert faults(fleet.log.calls, kept) == []
    assert fleet.log.statuses.keys() <= {200, 201, 204, 412, 503}
    assert fleet.log.statuses[503] > 0
    assert counted["settled"] > 0
    assert fleet.log.longest < BOUND_S
