"""A service that is killed while many write to it comes back with all that it acknowledged, and nothing by halves.

TAMA_KILLS sets how many times it is killed; TAMA_SEED repeats what is written and after how many writes it is killed.
"""

import os
import random
import signal
from pathlib import Path

import pytest

from service.storage.sqlite_copies import inspect
from tests.service.faults.fleet import Fleet, kept_by
from tests.service.faults.lengths import SEED, length
from tests.service.faults.verdict import faults
from tests.service.server import RunningService, wait_until_gone

KILLS = length("TAMA_KILLS", 3)
VICTIMS = ("worker", "main", "group")
PATIENCE_S = 120.0


def kill(service: RunningService, victim: str) -> None:
    """Kill a part of a service, and wait until all of it is gone."""
    worker = service.worker_pid
    if victim == "worker":
        os.kill(worker, signal.SIGKILL)
    elif victim == "main":
        service.process.kill()
    else:
        os.killpg(service.process.pid, signal.SIGKILL)
    service.process.wait(PATIENCE_S)
    assert wait_until_gone(worker)


def write_and_kill(folder: Path, module: str, kills: int) -> tuple[Fleet, list[str]]:
    """Have the fleet write to a service that is killed so often; return it, and what is wrong with what was kept."""
    chance = random.Random(SEED)
    with RunningService(folder, module=module) as service:
        fleet = Fleet([service.port], SEED)
        fleet.introduce()
        fleet.sail()
        for number in range(kills):
            fleet.log.wait_for(chance.randrange(60, 160), PATIENCE_S)
            kill(service, VICTIMS[number % len(VICTIMS)])
            service.__exit__()
            service.__enter__()
            assert service.ready["pid"] == service.process.pid, "the port is its own, and so is the data file"
            fleet.service_is_back()
        fleet.log.wait_for(60, PATIENCE_S)
        fleet.call_back()
        kept = kept_by(service)
    assert inspect(service.store)["integrity"] == "ok"
    return fleet, faults(fleet.log.calls, kept)


@pytest.mark.timeout(max(300, 20 * KILLS))
def test_what_was_acknowledged_survives_kills_and_the_rest_is_there_wholly_or_not_at_all(tmp_path: Path) -> None:
    fleet, wrong = write_and_kill(tmp_path, "service", KILLS)
    log = fleet.log
    print(counted := log.counted())  # noqa: T201 - shows what was tried
    assert log.broken == []
    assert wrong == []
    assert counted["settled"] > 0
    assert counted["unknown"] > 0


def test_a_service_that_acknowledges_before_it_commits_is_caught(tmp_path: Path) -> None:
    _, wrong = write_and_kill(tmp_path, "tests.service.faults.hasty", 2)
    assert any("acknowledged" in fault or "not there" in fault or "two things" in fault for fault in wrong)
