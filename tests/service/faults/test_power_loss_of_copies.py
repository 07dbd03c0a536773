"""A machine that loses power while a backup is made or restored finds what was there before, or all that comes after.

TAMA_CRASHES sets how many power failures there are; TAMA_SEED repeats what is lost.
"""

import random
import shutil
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from service.storage.sqlite import SQLiteStore
from service.storage.sqlite_copies import back_up, inspect, restore
from service.storage.sqlite_file import connect, refuse_other_files
from tests.service.faults.disk import Disk, Record, Said, hurrying, recording
from tests.service.faults.lengths import SEED, length
from tests.service.faults.outages import NAME, lay_out
from tests.service.storage.suite import puts

CRASHES = length("TAMA_CRASHES", 30)
COPY = "backup.db"
BEGUN, REPORTED = "begun", "reported"
EARLIER, LATER = (b"1" * 1_500, b"2" * 1_500)


def fill(path: Path, document: bytes) -> SQLiteStore:
    store = SQLiteStore(path)
    for number in range(20):
        store.write("t", f"actor-{number}", puts("profile", document))
    return store


def held(path: Path) -> set[bytes]:
    """Return the documents that a data file holds, which is whole."""
    assert inspect(path)["integrity"] == "ok"
    with closing(connect(path)) as connection:
        rows: list[Any] = connection.execute("SELECT document, count(*) FROM item GROUP BY document").fetchall()
    assert all(count == 20 for _, count in rows)
    return {document for document, _ in rows}


def while_copying(record: Record, folder: Path, check: Callable[[Path, bool], None]) -> None:
    """Let the power fail at moments between beginning and end, and tell the check whether the end was reported."""
    said = {event.what: number for number, (_, event) in enumerate(record.events) if isinstance(event, Said)}
    chance = random.Random(SEED)
    moments = chance.choices(range(said[BEGUN], len(record.events) + 1), k=CRASHES)
    # The files change places in the last moments before that is reported.
    moments += [said[REPORTED] - 1] * CRASHES + [said[REPORTED] + 1] * 6
    disk = Disk(record)
    for number, moment in enumerate(sorted(moments)):
        disk.forward(moment)
        left = folder / f"left-{number}"
        lay_out(disk.survivors(chance), left)
        with hurrying():
            check(left, moment > said[REPORTED])
        shutil.rmtree(left)


@pytest.mark.parametrize("replace", [False, True])
def test_a_backup_is_whole_when_it_was_reported_and_never_half(tmp_path: Path, replace: bool) -> None:
    def check(left: Path, is_reported: bool) -> None:
        copy = left / COPY
        if is_reported:
            assert held(copy) == {LATER}
        elif replace:
            assert held(copy) in [{EARLIER}, {LATER}]
        else:
            assert not copy.exists() or held(copy) == {LATER}
        refuse_other_files(left / NAME)
        SQLiteStore(left / NAME).close()
        assert held(left / NAME) == {LATER}

    folder = tmp_path / "data"
    fill(folder / NAME, EARLIER).close()
    if replace:
        back_up(folder / NAME, folder / COPY)
    with closing(fill(folder / NAME, LATER)), recording(folder) as recorder:
        recorder.say(BEGUN)
        back_up(folder / NAME, folder / COPY, replace=replace)
        recorder.say(REPORTED)
    while_copying(recorder.record, tmp_path, check)


@pytest.mark.parametrize("is_killed", [False, True])
def test_a_data_file_is_the_restored_one_when_that_was_reported_and_never_half(tmp_path: Path, is_killed: bool) -> None:
    def check(left: Path, is_reported: bool) -> None:
        refuse_other_files(left / NAME)
        SQLiteStore(left / NAME).close()
        assert held(left / NAME) in ([{EARLIER}] if is_reported else [{EARLIER}, {LATER}])

    served, folder = tmp_path / "served", tmp_path / "data"
    fill(served / NAME, EARLIER).close()
    folder.mkdir()
    back_up(served / NAME, folder / COPY)
    fill(served / NAME, LATER).close()
    store = SQLiteStore(served / NAME)
    for document in (EARLIER, LATER):
        # So that the log holds some pages of the file, which fit no other one.
        store.write("t", "actor-7", puts("profile", document))
    if not is_killed:
        store.close()
    for file in served.glob(f"{NAME}*"):
        shutil.copyfile(file, folder / file.name)
    store.close()
    with recording(folder) as recorder:
        recorder.say(BEGUN)
        restore(folder / COPY, folder / NAME, replace=True)
        recorder.say(REPORTED)
    while_copying(recorder.record, tmp_path, check)
