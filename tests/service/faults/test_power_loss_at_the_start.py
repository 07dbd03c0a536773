"""A machine that loses power while a data file is made, or brought forward, finds it usable.

TAMA_SEED repeats what is lost. With TAMA_CRASHES the power fails at every moment, so many hundred times at each.
"""

import os
import random
import shutil
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from unittest.mock import patch

import apsw
import pytest

from service.storage.sqlite import SQLiteStore
from service.storage.sqlite_beside import SQLiteBeside
from service.storage.sqlite_copies import inspect
from service.storage.sqlite_file import SCHEMA_VERSION, refuse_other_files
from tests.service.faults.disk import Disk, Record, Written, hurrying, recording
from tests.service.faults.lengths import SEED, length
from tests.service.faults.outages import NAME, lay_out
from tests.service.storage.suite import found, puts
from tests.service.storage.test_sqlite import FILE_OF_VERSION_1

FATES = -(-length("TAMA_CRASHES", 0) // 100)
PROFILES = 30
MAGIC = b"SQLite format 3\0"


def opened(folder: Path) -> Record:
    """Open and close the store, and return what was done."""
    with recording(folder) as recorder:
        SQLiteStore(folder / NAME).close()
    return recorder.record


def at_every_moment(record: Record, folder: Path, check: Callable[[Path], None]) -> int:
    """Let the power fail before every event, or some of them, and return how many there are."""
    chance = random.Random(SEED)
    disk = Disk(record)
    for number in range(len(record.events) + 1):
        disk.forward(number)
        for fate in range(FATES or chance.choice([0, 0, 1])):
            left = folder / f"left-{number}-{fate}"
            lay_out(disk.survivors(chance), left)
            with hurrying():
                check(left / NAME)
            shutil.rmtree(left)
    return len(record.events)


def serves(path: Path) -> None:
    refuse_other_files(path)
    store = SQLiteStore(path)
    store.write("t", "a", puts("k", b"1"))
    assert found(store, "a", "k") == b"1"
    store.close()
    assert inspect(path)["integrity"] == "ok"


def lets_commands_in(path: Path) -> None:
    with SQLiteBeside(path, lambda: 0) as beside:
        beside.write("t", "a", puts("k", b"1"))


@pytest.mark.parametrize("check", [serves, lets_commands_in])
def test_a_new_file_is_usable_whenever_the_power_failed_while_it_was_made(
    tmp_path: Path, check: Callable[[Path], None]
) -> None:
    new = tmp_path / "new"
    new.mkdir()
    assert at_every_moment(opened(new), tmp_path, check) > 30


@pytest.mark.parametrize("check", [serves, lets_commands_in])
def test_a_new_file_whose_first_page_is_torn_is_usable(tmp_path: Path, check: Callable[[Path], None]) -> None:
    new = tmp_path / "new"
    new.mkdir()
    record = opened(new)
    first_page = next(
        number
        for number, (_, event) in enumerate(record.events)
        if isinstance(event, Written) and event.data.startswith(MAGIC)
    )
    disk = Disk(record)
    disk.forward(first_page + 1)
    left = [disk.survivors(random.Random(seed)) for seed in range(200)]
    torn = [found for found in left if found[str(new / NAME)][: len(MAGIC)] not in {b"", MAGIC}]
    assert torn
    for number, survivors in enumerate(torn):
        lay_out(survivors, tmp_path / f"left-{number}")
        with hurrying():
            check(tmp_path / f"left-{number}" / NAME)


def test_a_folder_that_was_made_is_on_the_disk_before_anything_in_it_is(tmp_path: Path) -> None:
    synchronised: list[int] = []
    with patch("os.fsync", lambda descriptor: synchronised.append(os.fstat(descriptor).st_ino)):
        SQLiteStore(tmp_path / "new" / "data" / NAME).close()
    assert synchronised[:2] == [tmp_path.stat().st_ino, (tmp_path / "new").stat().st_ino]


@pytest.mark.parametrize("mode", ["WAL", "DELETE"])
def test_a_file_is_brought_forward_wholly_or_not_at_all_whenever_the_power_failed(tmp_path: Path, mode: str) -> None:
    def check(path: Path) -> None:
        refuse_other_files(path)
        store = SQLiteStore(path)
        for number in range(PROFILES):
            assert found(store, f"actor-{number}", "profile") == b"%d" % number * 1_000
        store.close()
        report = inspect(path)
        assert (report["integrity"], report["schema_version"]) == ("ok", SCHEMA_VERSION)

    old = tmp_path / "old"
    old.mkdir()
    with closing(apsw.Connection(str(old / NAME))) as connection:
        connection.execute(f"PRAGMA journal_mode = {mode}").fetchall()
        connection.execute(FILE_OF_VERSION_1)
        for number in range(PROFILES):
            values = (f"actor-{number}", b"%d" % number * 1_000)
            connection.execute("INSERT INTO profile VALUES ('t', ?, 'life', 1, ?)", values)
    assert at_every_moment(opened(old), tmp_path, check) > 30
