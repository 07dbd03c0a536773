"""Many connections that write at the same time lose nothing, and nothing is done twice.

TAMA_WRITES sets how many writes there are; TAMA_SEED repeats what is written, though not when.
"""

from pathlib import Path

from tests.service.faults.fleet import ACTORS, Fleet, kept_by
from tests.service.faults.lengths import SEED, length
from tests.service.faults.verdict import faults
from tests.service.server import RunningService

WRITES = length("TAMA_WRITES", 1000)


def test_no_update_is_lost_and_no_event_is_missing_or_there_twice(tmp_path: Path) -> None:
    with RunningService(tmp_path) as service:
        fleet = Fleet([service.port], SEED)
        fleet.introduce()
        fleet.sail(WRITES)
        fleet.wait()
        kept = kept_by(service)
    log = fleet.log
    print(counted := log.counted())  # noqa: T201 - shows what was tried
    assert log.broken == []
    assert faults(log.calls, kept) == []
    assert len(log.calls) >= WRITES + len(ACTORS)
    assert counted["repeated"] > WRITES // 20
    assert counted["profile 412"] > 0, "no two patches ever met"
    assert {call.kind for call in log.calls if call.is_acknowledged} == {"profile", "preference", "append", "remove"}
