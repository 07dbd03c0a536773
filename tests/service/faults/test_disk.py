"""The simulated disk loses what may be lost, and nothing else."""

import os
import random
from pathlib import Path

import apsw
import pytest

from tests.service.faults.disk import Disk, Event, Named, Record, Resized, Synchronised, Written, recording

FILE, OTHER = 7, 8
OLD, NEW = b"o" * 1_024, b"n" * 1_024


def found(*events: Event) -> set[str]:
    """Return what many power failures leave of the file `/d/f`, which began as OLD: a letter for each of its bytes."""
    record = Record({FILE: OLD, OTHER: NEW}, {"/d/f": FILE}, [("", event) for event in events])
    left = set()
    for seed in range(300):
        disk = Disk(record)
        disk.forward(len(events))
        left.add(disk.survivors(random.Random(seed)).get("/d/f", b"-").decode("latin-1"))
    return left


def test_what_was_not_synchronised_is_there_wholly_in_part_or_not_at_all() -> None:
    left = found(Written(FILE, 0, NEW))
    assert {OLD.decode(), NEW.decode(), "o" * 512 + "n" * 512, "n" * 512 + "o" * 512} <= left
    assert any(text.count("n") % 512 for text in left), "a sector may be torn"
    assert all(text.strip("no") == "" for text in left)


def test_a_torn_sector_is_new_before_one_place_and_old_after_it() -> None:
    for text in found(Written(FILE, 0, NEW[:512])):
        assert text.lstrip("n") == "o" * (1_024 - text.count("n"))


def test_what_was_synchronised_is_there() -> None:
    assert found(Written(FILE, 0, NEW), Synchronised(FILE, 1)) == {NEW.decode()}


def test_what_was_written_while_a_synchronisation_was_under_way_is_not_covered_by_it() -> None:
    first, second = Written(FILE, 0, b"n" * 512), Written(FILE, 512, b"n" * 512)
    left = found(first, second, Synchronised(FILE, 1))
    assert {text[:512] for text in left} == {"n" * 512}
    assert len({text[512:] for text in left}) > 1


def test_the_synchronisation_of_another_file_covers_nothing() -> None:
    assert OLD.decode() in found(Written(FILE, 0, NEW), Synchronised(OTHER, 1), Synchronised("/d", 1))


def test_a_file_has_any_of_the_sizes_it_had() -> None:
    left = found(Resized(FILE, 100), Written(FILE, 2_000, b"n"))
    assert {len(text) for text in left} == {1_024, 100, 2_001}


def test_a_file_whose_end_was_cut_off_in_vain_holds_what_it_held() -> None:
    assert found(Resized(FILE, 0)) == {OLD.decode(), ""}


def test_new_sectors_whose_data_did_not_arrive_are_zeros_or_garbage() -> None:
    ends = {text[1_024:] for text in found(Written(FILE, 1_024, b"n" * 512))}
    assert {"", "n" * 512, "\0" * 512} <= ends
    assert len(ends) > 4


@pytest.mark.parametrize("after", [{"/d/f": OTHER}, {}])
def test_a_name_leads_to_what_it_led_to_until_its_folder_is_synchronised(after: dict[str, int]) -> None:
    new = NEW.decode() if after else "-"
    assert found(Named(after)) == {OLD.decode(), new}
    assert found(Named(after), Synchronised("/e", 1)) == {OLD.decode(), new}
    assert found(Named(after), Synchronised("/d", 1)) == {new}


def test_all_that_is_done_to_a_database_is_recorded(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    with recording(tmp_path) as recorder:
        connection = apsw.Connection(str(path))
        connection.execute("PRAGMA journal_mode = WAL").fetchall()
        connection.execute("PRAGMA synchronous = FULL")
        for _ in range(100):
            connection.execute("CREATE TABLE IF NOT EXISTS t (a)")
            connection.execute("INSERT INTO t VALUES (zeroblob(3000))")
        connection.close()
        descriptor = os.open(tmp_path, os.O_RDONLY)
        os.fsync(descriptor)
        os.close(descriptor)
    disk = Disk(recorder.record)
    disk.forward(len(recorder.record.events))
    assert disk.survivors(random.Random(0)) == {str(path): path.read_bytes()}
    kinds = {type(event) for _, event in recorder.record.events}
    assert kinds >= {Written, Resized, Synchronised, Named}


def test_recording_ends(tmp_path: Path) -> None:
    before = apsw.vfs_names()
    with recording(tmp_path) as recorder:
        assert apsw.vfs_names() != before
    assert apsw.vfs_names() == before
    apsw.Connection(str(tmp_path / "x.db")).execute("CREATE TABLE t (a)").close()
    assert recorder.record.events == []
