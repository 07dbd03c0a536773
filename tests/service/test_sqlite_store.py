import os
import stat
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import apsw
import pytest

from service.storage import Stored, StoreUnavailableError
from service.storage.files import FileLock, HeldError
from service.storage.sqlite import CHECKPOINT_PAGES, NotOurFileError, SQLiteStore


def becomes(document: bytes) -> Callable[[Stored | None], bytes]:
    return lambda _current: document


def appended(text: bytes) -> Callable[[Stored | None], bytes]:
    return lambda current: (current.document if current else b"") + text


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "personalization.db"


def test_what_was_written_is_read_also_after_a_restart(path: Path) -> None:
    store = SQLiteStore(path)
    written = store.write("t", "a", becomes(b"1"))
    assert (written.version, written.document) == (1, b"1")
    assert store.read("t", "a") == written
    store.close()
    again = SQLiteStore(path)
    assert again.read("t", "a") == written
    again.close()


def test_tenants_and_actors_are_kept_apart(store: SQLiteStore) -> None:
    for tenant, actor in (("a", "b/c"), ("a/b", "c"), ("a", "B/c"), ("", "a")):
        store.write(tenant, actor, becomes(f"{tenant}|{actor}".encode()))
    for tenant, actor in (("a", "b/c"), ("a/b", "c"), ("a", "B/c"), ("", "a")):
        stored = store.read(tenant, actor)
        assert stored is not None
        assert stored.document == f"{tenant}|{actor}".encode()
    assert store.read("a", "b") is None


def test_a_change_that_changes_nothing_keeps_the_version(store: SQLiteStore) -> None:
    first = store.write("t", "a", becomes(b"1"))
    assert store.write("t", "a", becomes(b"1")) == first
    assert store.write("t", "a", becomes(b"2")) == Stored(first.life, 2, b"2")


def test_a_change_that_raises_is_the_callers_and_leaves_everything_as_it_was(store: SQLiteStore) -> None:
    def fails(_current: Stored | None) -> bytes:
        raise KeyError("mine")

    first = store.write("t", "a", becomes(b"1"))
    with pytest.raises(KeyError, match="mine"):
        store.write("t", "a", fails)
    assert store.read("t", "a") == first
    assert store.write("t", "a", becomes(b"2")).version == 2


def test_concurrent_writes_of_one_document_lose_nothing(store: SQLiteStore) -> None:
    with ThreadPoolExecutor(16) as pool:
        versions = list(pool.map(lambda _: store.write("t", "a", appended(b"x")).version, range(200)))
    assert sorted(versions) == list(range(1, 201))
    stored = store.read("t", "a")
    assert stored is not None
    assert stored.document == b"x" * 200


def test_what_queues_during_a_write_is_committed_together(store: SQLiteStore, monkeypatch: pytest.MonkeyPatch) -> None:
    entered, go = threading.Event(), threading.Event()
    sizes: list[int] = []
    commit = store._commit

    def counted(batch: list[object]) -> object:
        sizes.append(len(batch))
        return commit(batch)  # type: ignore[arg-type] # it is the batch that was handed in

    monkeypatch.setattr(store, "_commit", counted)

    def held(_current: Stored | None) -> bytes:
        entered.set()
        assert go.wait(10)
        return b"1"

    with ThreadPoolExecutor(6) as pool:
        first = pool.submit(store.write, "t", "a", held)
        assert entered.wait(10)
        others = [pool.submit(store.write, "t", f"a{index}", becomes(b"1")) for index in range(5)]
        while store._jobs.qsize() < 5:
            os.sched_yield()
        go.set()
        assert [future.result().version for future in (first, *others)] == [1] * 6
    assert sizes == [1, 5]


def test_one_refusal_in_a_batch_does_not_touch_the_others(store: SQLiteStore) -> None:
    def fails(_current: Stored | None) -> bytes:
        raise KeyError

    def write(index: int) -> bool:
        try:
            store.write("t", f"a{index}", fails if index % 3 == 0 else becomes(b"1"))
        except KeyError:
            return False
        return True

    with ThreadPoolExecutor(16) as pool:
        outcomes = list(pool.map(write, range(90)))
    assert outcomes == [index % 3 != 0 for index in range(90)]
    assert [store.read("t", f"a{index}") is not None for index in range(90)] == outcomes


def test_a_write_that_fails_halfway_leaves_nothing(store: SQLiteStore, monkeypatch: pytest.MonkeyPatch) -> None:
    changed = store._changed

    def written_and_failed(job: Any) -> Stored:
        stored = changed(job)
        if job.actor == "halfway":
            raise KeyError
        return stored

    monkeypatch.setattr(store, "_changed", written_and_failed)
    with pytest.raises(KeyError):
        store.write("t", "halfway", becomes(b"1"))
    assert store.write("t", "a", becomes(b"1")).version == 1
    assert store.read("t", "halfway") is None


def test_a_statement_that_fails_acknowledges_nothing_and_the_next_one_works(store: SQLiteStore) -> None:
    limit = store._writer.limit(apsw.SQLITE_LIMIT_LENGTH, 1_000)
    with pytest.raises(StoreUnavailableError, match="TooBigError"):
        store.write("t", "a", becomes(b"x" * 2_000))
    store._writer.limit(apsw.SQLITE_LIMIT_LENGTH, limit)
    assert store.write("t", "a", becomes(b"1")).version == 1


def test_a_commit_that_fails_acknowledges_nothing_and_the_next_one_works(store: SQLiteStore) -> None:
    store._writer.set_commit_hook(lambda: True)
    with pytest.raises(StoreUnavailableError):
        store.write("t", "a", becomes(b"1"))
    store._writer.set_commit_hook(None)
    assert store.read("t", "a") is None
    assert store.write("t", "a", becomes(b"1")).version == 1


def test_a_full_disk_acknowledges_nothing(store: SQLiteStore) -> None:
    store.write("t", "a", becomes(b"1"))
    ((pages,),) = store._writer.execute("PRAGMA page_count").fetchall()
    store._writer.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(StoreUnavailableError, match="FullError"):
        store.write("t", "b", becomes(b"x" * 100_000))
    stored = store.read("t", "a")
    assert stored is not None
    assert store.write("t", "a", becomes(b"2")).version == 2


@pytest.mark.parametrize("umask", [0o000, 0o777])
def test_folder_and_files_are_private_whatever_the_umask(tmp_path: Path, umask: int) -> None:
    path = tmp_path / "new" / "data" / "personalization.db"
    before = os.umask(umask)
    try:
        store = SQLiteStore(path)
        store.write("t", "a", becomes(b"1"))
        store.read("t", "a")
        modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
        store.close()
    finally:
        os.umask(before)
    assert modes == dict.fromkeys([path.name + suffix for suffix in ("", "-wal", "-shm", ".lock")], 0o600)
    assert stat.S_IMODE(path.parent.stat().st_mode) == stat.S_IMODE(path.parent.parent.stat().st_mode) == 0o700


def test_a_file_that_was_open_to_others_is_closed_to_them(path: Path) -> None:
    SQLiteStore(path).close()
    path.chmod(0o644)
    SQLiteStore(path).close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_second_store_on_the_file_is_refused_and_told_who_holds_it(store: SQLiteStore, path: Path) -> None:
    with pytest.raises(HeldError) as refused:
        SQLiteStore(path)
    assert refused.value.holder == str(os.getpid())
    assert store.trouble() is None


def test_a_store_that_could_not_be_opened_does_not_keep_the_lock(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"not a database" * 100)
    with pytest.raises(NotOurFileError, match="not an SQLite file"):
        SQLiteStore(path)
    FileLock(path).close()


@pytest.mark.parametrize(
    ("statement", "reason"),
    [("CREATE TABLE other (a)", "another program"), ("PRAGMA application_id = 7", "another program")],
)
def test_a_file_of_another_program_is_left_alone(path: Path, statement: str, reason: str) -> None:
    path.parent.mkdir()
    connection = apsw.Connection(str(path))
    connection.execute(statement)
    connection.close()
    with pytest.raises(NotOurFileError, match=reason):
        SQLiteStore(path)


def test_a_file_of_a_later_version_is_left_alone(path: Path) -> None:
    SQLiteStore(path).close()
    connection = apsw.Connection(str(path))
    connection.execute("PRAGMA user_version = 2")
    connection.close()
    with pytest.raises(NotOurFileError, match="version 2, and this service knows version 1"):
        SQLiteStore(path)


@pytest.mark.parametrize(
    ("suffix", "trouble"),
    [("", "the data file was removed or replaced"), (".lock", "the lock of the data file was removed")],
)
def test_files_that_were_removed_make_trouble(store: SQLiteStore, path: Path, suffix: str, trouble: str) -> None:
    path.with_name(path.name + suffix).unlink()
    assert store.trouble() == trouble


def test_nothing_is_acknowledged_into_a_file_that_was_removed(store: SQLiteStore, path: Path) -> None:
    path.unlink()
    with pytest.raises(StoreUnavailableError):
        store.write("t", "a", becomes(b"1"))


def test_a_closed_store_is_no_longer_available(path: Path) -> None:
    store = SQLiteStore(path)
    store.close()
    assert store.trouble() == "the store is closed"
    with pytest.raises(StoreUnavailableError):
        store.write("t", "a", becomes(b"1"))


def test_closing_finishes_what_was_begun(path: Path) -> None:
    store = SQLiteStore(path)
    entered, go = threading.Event(), threading.Event()

    def held(_current: Stored | None) -> bytes:
        entered.set()
        assert go.wait(10)
        return b"1"

    with ThreadPoolExecutor(2) as pool:
        writing = pool.submit(store.write, "t", "a", held)
        assert entered.wait(10)
        closing = pool.submit(store.close)
        go.set()
        closing.result(10)
        assert writing.result(10).version == 1


def test_the_log_is_copied_back_in_the_background(store: SQLiteStore, path: Path) -> None:
    size = path.stat().st_size
    document = b"x" * 40_000
    for index in range(CHECKPOINT_PAGES // 8):
        store.write("t", f"a{index}", becomes(document))
    for _ in range(1_000_000):
        if path.stat().st_size > size + 50 * len(document):
            break
        os.sched_yield()
    else:
        pytest.fail("the pages stayed in the log")


def test_nothing_is_left_in_a_log_after_closing(path: Path) -> None:
    store = SQLiteStore(path)
    store.write("t", "a", becomes(b"canary-of-the-log" * 2_000))
    store.write("t", "a", becomes(b"gone"))
    store.close()
    assert sorted(file.name for file in path.parent.iterdir()) == [path.name, path.name + ".lock"]
    assert b"canary-of-the-log" not in path.read_bytes(), "what was overwritten is gone from the file"


def test_commits_are_synchronised_to_the_disk(store: SQLiteStore) -> None:
    settings = [store._writer.execute(f"PRAGMA {name}").fetchall()[0][0] for name in ("journal_mode", "synchronous")]
    assert settings == ["wal", 2]
