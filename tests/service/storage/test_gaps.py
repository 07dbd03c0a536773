"""What was deleted is nowhere in the data file, not even where rows lay before SQLite moved them."""

import os
import random
import shutil
import time
from pathlib import Path

import pytest

from service.items import Changes
from service.storage import sqlite_file
from service.storage.sqlite import SQLiteStore
from service.storage.sqlite_copies import back_up, inspect, restore
from service.storage.sqlite_gaps import without_gap

CANARY = b"canary"
PAGE = 4_096


def fill(path: Path) -> None:
    """Write into many places until rows have moved between pages, then delete those with the canary."""
    chance = random.Random(0)
    store = SQLiteStore(path)

    def puts(changes: Changes, text: bytes, rows: int) -> None:
        for _ in range(rows):
            filling = b"y" * chance.choice([10, 100, 500, 1_500])
            changes.put(f"event/{chance.randrange(10**6):016}", text + filling)

    for _ in range(60):
        store.write("t", f"a{chance.randrange(20)}", lambda changes: puts(changes, b"noise", 90))
        store.write("t", "a5", lambda changes: puts(changes, CANARY, 5))
    while found := store.read("t", "a5", lambda items: [i for i in items.scan("", "~", 9_000) if CANARY in i.document]):
        store.write("t", "a5", lambda changes, found=found: [changes.delete(item.key) for item in found[:90]])  # type: ignore[misc] # bound at once
    store.close()


def test_nothing_that_was_deleted_is_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "data" / "store.db"
    fill(path)
    assert CANARY not in path.read_bytes()
    assert inspect(path)["integrity"] == "ok"


def test_a_copy_has_no_traces_that_the_file_itself_still_has(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, copy, restored = (tmp_path / name / "store.db" for name in ("data", "copy", "restored"))
    copy.parent.mkdir()
    with monkeypatch.context() as plain:
        plain.setattr(sqlite_file, "traceless_files", lambda: None)
        fill(path)
    assert CANARY in path.read_bytes(), "these writes leave traces when nothing is done about them"
    back_up(path, copy)
    restore(path, restored)
    for file in (copy, restored):
        assert CANARY not in file.read_bytes()
        assert inspect(file)["integrity"] == "ok"


def test_what_was_deleted_just_before_a_crash_is_gone_after_the_next_start(tmp_path: Path) -> None:
    path, killed = (tmp_path / name / "store.db" for name in ("data", "killed"))
    store = SQLiteStore(path)
    store.write("t", "a", lambda changes: changes.put("profile", CANARY))
    store.write("t", "a", lambda changes: changes.delete("profile"))
    # The files as a kill would leave them now.
    shutil.copytree(path.parent, killed.parent)
    store.close()
    log = killed.with_name(killed.name + "-wal")
    assert CANARY in log.read_bytes()
    again = SQLiteStore(killed)
    deadline = time.monotonic() + 60
    while any(CANARY in file.read_bytes() for file in (killed, log)):
        assert time.monotonic() < deadline
        os.sched_yield()
    again.close()


def test_rows_and_pages_of_other_kinds_stay_as_they_are(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    fill(path)
    content = path.read_bytes()
    pages = [content[begin : begin + PAGE] for begin in range(0, len(content), PAGE)]
    assert [without_gap(page, is_first=not number) for number, page in enumerate(pages)] == pages
    leaf = next(page for page in pages[1:] if page[0] == 10)
    rows = int.from_bytes(leaf[3:5], "big")
    begin, end = 8 + 2 * rows, int.from_bytes(leaf[5:7], "big")
    assert end > begin + 10
    traced = leaf[: end - 6] + CANARY + leaf[end:]
    assert without_gap(traced, is_first=False) == leaf
    for first in (0, 1, 255):
        other = bytes([first]) + traced[1:]
        assert without_gap(other, is_first=False) == other
