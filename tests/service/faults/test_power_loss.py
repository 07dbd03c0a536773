"""A machine that loses power at any moment keeps what was acknowledged, and nothing by halves.

TAMA_CRASHES sets how many power failures there are; TAMA_SEED repeats what is written and what of it is lost. Which
threads get on how far until the power fails is not repeated.
"""

import random
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import apsw
import pytest

from service.storage import sqlite
from service.storage.sqlite_file import connect
from tests.service.faults import outages
from tests.service.faults.disk import Disk
from tests.service.faults.lengths import SEED, length
from tests.service.faults.outages import ACTORS, faults, lay_out, moments, write

CRASHES = length("TAMA_CRASHES", 24)
CRASHES_A_RUN = 4
RUNS_A_FILE = 5
"""After how many power failures a new file is begun, so that the first moments of one are met as well."""


@pytest.fixture(autouse=True)
def checkpoint_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite, "CHECKPOINT_PAGES", 40)
    monkeypatch.setattr(sqlite, "TRUNCATE_PAGES", 300)


def crash(folder: Path, crashes: int, thread: str = "") -> tuple[list[str], Counter[str]]:
    """Have the power fail so often; return what was wrong after one of them, and at what moments they came.

    With a thread, it fails while that one does something.
    """
    chance = random.Random(SEED)
    wrong: list[str] = []
    met: Counter[str] = Counter()
    current = folder / "0"
    for run in range(-(-crashes // CRASHES_A_RUN)):
        if run % RUNS_A_FILE == 0:
            counts = dict.fromkeys(ACTORS, 0)
            shutil.rmtree(current, ignore_errors=True)
            current.mkdir()
        record = write(current, SEED, counts)
        disk = Disk(record)
        for number, moment in enumerate(moments(record, chance, CRASHES_A_RUN, thread)):
            disk.forward(moment.number)
            survivors = disk.survivors(chance)
            left = folder / f"{run + 1}.{number}"
            lay_out(survivors, left)
            left_counts = dict(counts)
            if found := faults(left, SEED, record, moment, left_counts):
                wrong += [f"{left.name} at {moment}: {fault}" for fault in found]
            met[moment.kind] += 1
            shutil.rmtree(left)
        # The next run goes on with what the last power failure left, as it left it.
        shutil.rmtree(current)
        current = folder / str(run + 1)
        lay_out(survivors, current)
        counts = left_counts
    return wrong, met


@pytest.mark.timeout(max(300, 5 * CRASHES))
def test_what_was_acknowledged_survives_a_power_failure_and_nothing_is_half_done(tmp_path: Path) -> None:
    wrong, met = crash(tmp_path, CRASHES)
    print(dict(sorted(met.items())))  # noqa: T201 - shows at what moments the power failed
    assert not wrong
    assert met.total() >= CRASHES
    assert len(met) >= 6


def test_a_store_that_does_not_synchronise_its_commits_is_caught(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def weakly(path: Path, **options: Any) -> apsw.Connection:
        connection = connect(path, **options)
        connection.execute("PRAGMA synchronous = NORMAL")
        return connection

    monkeypatch.setattr(sqlite, "connect", weakly)
    # A checkpoint would synchronise the log.
    monkeypatch.setattr(sqlite, "CHECKPOINT_PAGES", 10_000)
    monkeypatch.setattr(outages, "SWEEP_PERIOD_S", 3_600)
    wrong, _ = crash(tmp_path, 16, "store-writer")
    assert any("writes" in fault for fault in wrong)
    assert not any("half" in fault for fault in wrong), "it loses commits, but whole ones"
