"""Several processes on one table of DynamoDB lose nothing, and agree on the order.

TAMA_WRITES sets how many writes there are. Nobody reads meanwhile: a page of a history takes the engine of the tests
longer than a call may take, where the machine is busy.
"""

from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.service.faults.fleet import ACTORS, Fleet, kept_by
from tests.service.faults.lengths import SEED, length
from tests.service.faults.verdict import faults
from tests.service.server import RunningService
from tests.support.dynamodb import DynamoDB

WRITES = length("TAMA_WRITES", 200)
PROCESSES = 4
CROWD = ACTORS[:20]


@pytest.mark.timeout(max(300, WRITES // 5))
def test_processes_lose_nothing_and_agree_on_the_order(dynamodb: DynamoDB, tmp_path: Path) -> None:
    with dynamodb.database() as table, ExitStack() as running:
        services = []
        for number in range(PROCESSES):
            (folder := tmp_path / str(number)).mkdir()
            services.append(running.enter_context(RunningService(folder, database=dynamodb.address(table))))
        fleet = Fleet([service.port for service in services], SEED, CROWD)
        fleet.introduce()
        fleet.sail(WRITES)
        fleet.wait()
        kept, *others = [kept_by(service, CROWD) for service in services]
    print(counted := fleet.log.counted())  # noqa: T201 - shows what was tried
    assert fleet.log.broken == []
    assert faults(fleet.log.calls, kept) == []
    assert all(other == kept for other in others)
    assert counted["profile 412"] > 0, "no two patches ever met"
