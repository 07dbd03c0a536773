"""Several processes on one table of DynamoDB lose nothing, agree on the order, and outlive kills of the engine.

TAMA_WRITES sets how many writes there are, TAMA_STOPS how often the engine is killed.
"""

import random
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

import pytest

from tests.service.faults.fleet import ACTORS, Fleet, kept_by, processes_on
from tests.service.faults.lengths import SEED, length
from tests.service.faults.verdict import faults
from tests.support.dynamodb import CUT, LOST, Answer, DynamoDB, FaultyDynamoDB, error, running

WRITES = length("TAMA_WRITES", 200)
STOPS = length("TAMA_STOPS", 1)
PROCESSES = 4
FEWER_PROCESSES = 2
CROWD = ACTORS[:20]
BOUND_S = 4.0
"""How long an exchange may take: the 2 s that the service promises, and as much for what else a machine does."""

FAULTS: Sequence[Answer] = (
    CUT,
    LOST,
    error("ProvisionedThroughputExceededException"),
    error("ThrottlingException"),
    error("InternalServerError", 500),
    error("InternalServerError", 500, is_done=True),
)
FAULTY = 0.1
"""How many of the requests meet a fault."""


def by_chance() -> Callable[[str], Answer | None]:
    """Return what chooses faults for requests."""
    chance = random.Random(SEED)
    return lambda _operation: chance.choice(FAULTS) if chance.random() < FAULTY else None


@pytest.mark.timeout(max(300, WRITES // 5))
def test_processes_lose_nothing_and_agree_on_the_order(dynamodb: DynamoDB, tmp_path: Path) -> None:
    with (
        dynamodb.database() as table,
        processes_on(dynamodb.address(table), tmp_path, PROCESSES, "tests.service.faults.patient") as services,
    ):
        fleet = Fleet([service.port for service in services], SEED, CROWD)
        fleet.introduce()
        fleet.sail(WRITES)
        fleet.wait()
        kept, *others = [kept_by(service, CROWD) for service in services]
    print(counted := fleet.log.counted())  # noqa: T201 - shows what was tried
    assert fleet.log.broken == []
    assert faults(fleet.log.calls, kept) == []
    assert all(other == kept for other in others)
    assert WRITES < 1_000 or counted["profile 412"] > 0, "no two patches ever met"


@pytest.mark.timeout(max(300, 60 * STOPS))
def test_what_was_acknowledged_outlives_kills_of_the_engine_and_faults_between(tmp_path: Path) -> None:
    with (
        running(lasting=True) as engine,
        engine.database() as table,
        closing(FaultyDynamoDB(engine.port)) as faulty,
        processes_on(engine.address(table, faulty.port), tmp_path, FEWER_PROCESSES) as services,
    ):
        fleet = Fleet([service.port for service in services], SEED, CROWD)
        fleet.introduce()
        faulty.choose = by_chance()
        fleet.outlive(engine, services[0], STOPS, range(30, 80))
        faulty.choose = lambda _operation: None
        kept = kept_by(services[0], CROWD)
    print(counted := fleet.log.counted(), fleet.log.statuses, fleet.log.longest)  # noqa: T201 - shows what was tried
    assert fleet.log.broken == []
    assert faults(fleet.log.calls, kept) == []
    assert fleet.log.statuses.keys() <= {200, 201, 204, 412, 429, 503}
    assert fleet.log.statuses[503] > 0
    assert counted["settled"] > 0
    assert fleet.log.longest < BOUND_S
