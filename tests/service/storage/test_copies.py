"""Copies of the data file, made while a store serves it, and made the data file again."""

import os
import stat
import threading
from pathlib import Path

import apsw
import pytest

from hosting.sqlite_copies import CopyError
from service.items import Item
from service.storage.sqlite import SQLiteStore
from service.storage.sqlite_copies import back_up, inspect, restore
from tests.service.storage.suite import found, puts


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return tmp_path / "backup.db"


def _files(folder: Path) -> set[str]:
    return {file.name for file in folder.iterdir() if file.is_file()}


def _profile(path: Path) -> Item:
    store = SQLiteStore(path)
    (item,) = store.get("t", "a", "profile")
    store.close()
    assert item is not None
    return item


def _written(path: Path) -> Item:
    store = SQLiteStore(path)
    item = store.write("t", "a", puts("profile", b"1"))
    store.close()
    return item


def test_a_backup_of_a_served_file_has_all_that_was_acknowledged_and_is_one_private_file(
    store: SQLiteStore, path: Path, copy: Path
) -> None:
    store.write("t", "a", puts("profile", b"1"))
    before = os.umask(0)
    try:
        back_up(path, copy)
    finally:
        os.umask(before)
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert _files(copy.parent) == {copy.name}
    copied = SQLiteStore(copy)
    assert found(copied, "a", "profile") == found(store, "a", "profile")
    copied.close()


def test_a_backup_ends_while_writes_go_on(store: SQLiteStore, path: Path, copy: Path) -> None:
    enough = threading.Event()
    written: list[int] = []

    def write() -> None:
        while not enough.is_set():
            store.write("t", "a", puts(f"event/{len(written):016}", b"1" * 1_000))
            written.append(1)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for number in range(3):
            before = len(written)
            target = copy.with_name(f"{number}.db")
            back_up(path, target)
            assert inspect(target)["items"].get("event", 0) >= before
    finally:
        enough.set()
        writer.join()


def test_a_backup_replaces_a_file_only_when_it_is_told_to(store: SQLiteStore, path: Path, copy: Path) -> None:
    copy.write_text("precious")
    with pytest.raises(CopyError, match="--force"):
        back_up(path, copy)
    assert copy.read_text() == "precious"
    back_up(path, copy, replace=True)
    assert inspect(copy)["integrity"] == "ok"
    assert _files(copy.parent) == {copy.name}


def test_a_file_is_never_replaced_by_a_copy_of_itself(
    store: SQLiteStore, path: Path, tmp_path: Path, copy: Path
) -> None:
    (tmp_path / "link").symlink_to(path.parent)
    for name in (path, tmp_path / "link" / path.name):
        with pytest.raises(CopyError, match="is the file that is to be copied"):
            back_up(path, name, replace=True)
    store.write("t", "a", puts("profile", b"1"))
    back_up(path, copy)
    before = copy.read_bytes()
    with pytest.raises(CopyError, match="is the data file itself"):
        restore(copy, copy, replace=True)
    assert copy.read_bytes() == before


@pytest.mark.parametrize("content", [b"", b"not a database" * 100])
def test_what_is_no_data_file_is_neither_backed_up_nor_restored(tmp_path: Path, copy: Path, content: bytes) -> None:
    other = tmp_path / "other"
    other.write_bytes(content)
    for attempt in (lambda: back_up(other, copy), lambda: restore(other, copy), lambda: inspect(other)):
        with pytest.raises(CopyError, match="other cannot be used"):
            attempt()
    assert not copy.exists()


def test_what_is_not_there_is_said_to_be_missing(tmp_path: Path, copy: Path) -> None:
    for attempt in (
        lambda: back_up(copy, tmp_path / "x"),
        lambda: restore(copy, tmp_path / "x"),
        lambda: inspect(copy),
    ):
        with pytest.raises(CopyError, match="There is no file"):
            attempt()


def test_a_damaged_file_is_found_out_and_never_becomes_a_backup(path: Path, copy: Path) -> None:
    store = SQLiteStore(path)
    for number in range(200):
        store.write("t", f"a{number}", puts("profile", b"1" * 2_000))
    store.close()
    with path.open("r+b") as file:
        file.seek(4_096 * 20)
        file.write(b"\xff" * 4_096 * 20)
    with pytest.raises(CopyError, match="damaged"):
        inspect(path)
    with pytest.raises(CopyError, match="damaged"):
        back_up(path, copy)
    with pytest.raises(CopyError, match="damaged"):
        restore(path, copy)
    assert not copy.exists()


def test_a_restore_brings_back_what_was_and_gives_everything_a_new_life(path: Path, copy: Path) -> None:
    before = _written(path)
    back_up(path, copy)
    store = SQLiteStore(path)
    later = store.write("t", "a", puts("profile", b"2"))
    store.close()
    restore(copy, path, replace=True)
    restored = _profile(path)
    store = SQLiteStore(path)
    again = store.write("t", "a", puts("profile", b"3"))
    store.close()
    assert (restored.document, restored.version) == (before.document, before.version)
    # The version of what was written after the backup is given again, and so the life must be another.
    assert again.version == later.version
    assert restored.life not in {before.life, later.life}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_log_that_a_killed_service_left_is_not_taken_for_one_of_the_restored_file(
    path: Path, copy: Path, tmp_path: Path
) -> None:
    _written(path)
    back_up(path, copy)
    store = SQLiteStore(path)
    store.write("t", "a", puts("profile", b"2"))
    killed = tmp_path / "killed"
    killed.mkdir()
    for suffix in ("", "-wal"):
        (killed / f"p.db{suffix}").write_bytes(path.with_name(path.name + suffix).read_bytes())
    store.close()
    restore(copy, killed / "p.db", replace=True)
    assert _files(killed) == {"p.db", "p.db.lock"}
    assert _profile(killed / "p.db").document == b"1"


def test_a_restore_is_refused_while_the_file_is_served(store: SQLiteStore, path: Path, copy: Path) -> None:
    back_up(path, copy)
    with pytest.raises(CopyError, match=f"is served by process {os.getpid()}"):
        restore(copy, path, replace=True)


def test_a_restore_replaces_a_data_file_only_when_it_is_told_to(path: Path, copy: Path) -> None:
    _written(path)
    back_up(path, copy)
    content = path.read_bytes()
    with pytest.raises(CopyError, match="--force"):
        restore(copy, path)
    assert path.read_bytes() == content


def test_a_restore_makes_the_folder_that_is_not_there(path: Path, copy: Path, tmp_path: Path) -> None:
    _written(path)
    back_up(path, copy)
    restore(copy, tmp_path / "new" / "p.db")
    assert inspect(tmp_path / "new" / "p.db")["items"] == {"profile": 1}


def test_a_backup_of_an_older_version_is_brought_forward(path: Path, copy: Path) -> None:
    old = apsw.Connection(str(copy))
    old.execute(
        "CREATE TABLE profile (tenant TEXT, actor TEXT, life TEXT, version INTEGER, document BLOB);"
        "INSERT INTO profile VALUES ('t', 'a', 'old', 7, CAST('1' AS BLOB));"
        "PRAGMA application_id = 0x4D656D70; PRAGMA user_version = 1"
    )
    old.close()
    restore(copy, path)
    restored = _profile(path)
    assert (restored.document, restored.version) == (b"1", 7)
    assert restored.life != "old"


def test_a_check_counts_what_there_is_and_names_nobody(store: SQLiteStore, path: Path) -> None:
    for actor in ("canary@example.com", "b"):
        store.write("t", actor, puts("profile", b"1"))
        store.write("t", actor, puts("preference/theme", b"1"))
    store.write("t", "canary@example.com", puts("mark/consent", b"1"))
    report = inspect(path)
    assert report["items"] == {"marks": 1, "preference": 2, "profile": 2}
    assert (report["integrity"], report["tenants"], report["actors"]) == ("ok", 1, 2)
    assert "canary" not in repr(report)
