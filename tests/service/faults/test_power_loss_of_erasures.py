"""A machine that loses power knows of every erasure that was recorded, goes on recording, and ends what it began.

TAMA_CRASHES sets how many power failures there are; TAMA_SEED repeats what is lost.
"""

import random
import shutil
from contextlib import closing
from pathlib import Path

from service.items import Changes
from service.personalization.erasure import erasing
from service.personalization.erasure.tenants import TASKS
from service.storage.erasure_file import ErasureFile, read_erasures
from service.storage.sqlite import SQLiteStore
from service.storage.sqlite_copies import back_up, restore
from tests.service.faults.disk import Disk, Said, hurrying, recording
from tests.service.faults.lengths import SEED, length
from tests.service.faults.outages import NAME, lay_out

CRASHES = length("TAMA_CRASHES", 60)
ERASURES = 12
ITEMS = 80
COPY = "backup.db"


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


def erasing_store(folder: Path) -> SQLiteStore:
    return SQLiteStore(folder / NAME, tasks=TASKS, sweep_period=3_600)


def test_who_was_erased_stays_erased_after_a_power_failure_and_a_restore(tmp_path: Path) -> None:
    def fill(changes: Changes) -> None:
        for number in range(ITEMS):
            changes.put(f"n/{number}", b"1" * 500)

    folder = tmp_path / "data"
    with closing(erasing_store(folder)) as store:
        for actor in ("gone", "stays"):
            store.write("t", actor, fill)
    back_up(folder / NAME, folder / COPY)
    with recording(folder) as recorder, closing(erasing_store(folder)) as store:
        store.write("t", "gone", erasing.begin)
        erasing.prepare(store, "t", "gone")
        recorder.say("erased")
        store.sweep()
    events = recorder.record.events
    erased = next(number for number, (_, event) in enumerate(events) if event == Said("erased"))
    chance = random.Random(SEED)
    disk = Disk(recorder.record)
    moments = [*chance.choices(range(len(events) + 1), k=CRASHES), erased, erased + 1]
    for number, moment in enumerate(sorted(moments)):
        disk.forward(moment)
        left = tmp_path / f"left-{number}"
        lay_out(disk.survivors(chance), left)
        with hurrying():
            kept = left_of(left)
            restore(left / COPY, left / NAME, replace=True)
            restored = left_of(left)
        assert kept["stays"] == restored["stays"] == ITEMS
        assert kept["gone"] in ({0} if moment > erased else {0, ITEMS})
        # Whose erasure was recorded is erased again; before that the backup is as it was.
        assert restored["gone"] in ({0} if moment > erased else {0, ITEMS})
        shutil.rmtree(left)


def left_of(folder: Path) -> dict[str, int]:
    """Return how many items each actor has once the background work is done."""
    with closing(erasing_store(folder)) as store:
        store.sweep()
        return {
            actor: store.read("t", actor, lambda items: len(items.scan("n/", "n0", ITEMS + 1)))
            for actor in ("gone", "stays")
        }
