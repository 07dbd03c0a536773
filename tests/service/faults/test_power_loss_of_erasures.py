"""A machine that loses power knows of every erasure that was recorded, and goes on recording.

TAMA_CRASHES sets how many power failures there are; TAMA_SEED repeats what is lost.
"""

import random
import shutil
from pathlib import Path

from service.storage.erasure_file import ErasureFile, read_erasures
from tests.service.faults.disk import Disk, Said, hurrying, recording
from tests.service.faults.lengths import SEED, length
from tests.service.faults.outages import NAME, lay_out

CRASHES = length("TAMA_CRASHES", 60)
ERASURES = 12


def pseudonyms(erasure: int) -> list[str]:
    """Return who is erased by an erasure: one actor, or enough of them to fill several sectors of a disk."""
    return [f"{erasure:02}-{number:032}" for number in range(1 if erasure % 3 else 40)]


def test_an_erasure_that_was_recorded_is_known_after_a_power_failure(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    with recording(folder) as recorder:
        log = ErasureFile(folder / NAME)
        for erasure in range(ERASURES):
            log.append(pseudonyms(erasure), str(erasure))
            recorder.say(erasure)
    events = recorder.record.events
    chance = random.Random(SEED)
    disk = Disk(recorder.record)
    for number, moment in enumerate(sorted(chance.choices(range(len(events) + 1), k=CRASHES))):
        disk.forward(moment)
        left = tmp_path / f"left-{number}"
        lay_out(disk.survivors(chance), left)
        recorded = [event.what for _, event in events[:moment] if isinstance(event, Said) and event.what is not None]
        known = read_erasures(left / NAME)
        assert {each: str(erasure) for erasure in recorded for each in pseudonyms(erasure)}.items() <= known.items()
        assert known.keys() <= {each for erasure in range(ERASURES) for each in pseudonyms(erasure)}
        with hurrying():
            ErasureFile(left / NAME).append(["later"], "later")
        assert read_erasures(left / NAME) == {**known, "later": "later"}
        shutil.rmtree(left)
