import os
import stat
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import apsw
import pytest

from service.items import Changes, Item
from service.storage import StoreUnavailableError
from service.storage.files import FileLock, HeldError
from service.storage.opening import CannotOpenError, open_store
from service.storage.sqlite import CHECKPOINT_PAGES, SQLiteStore
from service.storage.sqlite_file import SCHEMA_VERSION, NotOurFileError
from tests.service.storage.suite import WORK, Clock, StoreSuite, deletes, found, puts


class TestSQLiteStore(StoreSuite):
    pass


def test_what_was_written_is_read_after_a_restart(path: Path) -> None:
    store = SQLiteStore(path)
    written = [store.write("t", "a", puts(key, b"1")) for key in ("profile", "mark/consent")]
    store.close()
    again = SQLiteStore(path)
    assert again.get("t", "a", "profile", "mark/consent") == written
    again.close()


def test_what_queues_during_a_write_is_committed_together(store: SQLiteStore, monkeypatch: pytest.MonkeyPatch) -> None:
    entered, go = threading.Event(), threading.Event()
    sizes: list[int] = []
    commit = store._commit

    def counted(batch: list[object]) -> object:
        sizes.append(len(batch))
        return commit(batch)  # type: ignore[arg-type] # it is the batch that was handed in

    monkeypatch.setattr(store, "_commit", counted)

    def held(changes: Changes) -> Item:
        entered.set()
        assert go.wait(10)
        return changes.put("k", b"1")

    with ThreadPoolExecutor(6) as pool:
        first = pool.submit(store.write, "t", "a", held)
        assert entered.wait(10)
        others = [pool.submit(store.write, "t", f"a{index}", puts("k", b"1")) for index in range(5)]
        while store._jobs.qsize() < 5:
            os.sched_yield()
        go.set()
        assert [future.result().version for future in (first, *others)] == [1] * 6
    assert sizes == [1, 5]


def test_a_commit_that_fails_acknowledges_nothing_and_the_next_one_works(store: SQLiteStore) -> None:
    store._writer.set_commit_hook(lambda: True)
    with pytest.raises(StoreUnavailableError):
        store.write("t", "a", puts("k", b"1"))
    store._writer.set_commit_hook(None)
    assert found(store, "a", "k") is None
    assert store.write("t", "a", puts("k", b"1")).version == 1


def test_an_error_of_the_database_in_a_change_acknowledges_nothing_and_the_next_one_works(store: SQLiteStore) -> None:
    def breaks(changes: Changes) -> Item:
        item = changes.put("k", b"1")
        store._writer.execute("SELECT nothing")
        return item

    with pytest.raises(StoreUnavailableError, match="SQLError"):
        store.write("t", "a", breaks)
    assert found(store, "a", "k") is None
    assert store.write("t", "a", puts("k", b"1")).version == 1


def test_a_full_disk_acknowledges_nothing(store: SQLiteStore) -> None:
    store.write("t", "a", puts("k", b"1"))
    ((pages,),) = store._writer.execute("PRAGMA page_count").fetchall()
    store._writer.execute(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(StoreUnavailableError, match="FullError"):
        store.write("t", "b", puts("k", b"x" * 100_000))
    assert store.write("t", "a", puts("k", b"2")).version == 2


def test_folder_and_files_are_private_whatever_the_umask(tmp_path: Path) -> None:
    path = tmp_path / "new" / "data" / "personalization.db"
    before = os.umask(0)
    try:
        store = SQLiteStore(path)
        store.write("t", "a", puts("k", b"1"))
        found(store, "a", "k")
        modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
        store.close()
    finally:
        os.umask(before)
    assert modes == dict.fromkeys([path.name + suffix for suffix in ("", "-wal", "-shm", ".lock")], 0o600)
    assert stat.S_IMODE(path.parent.stat().st_mode) == stat.S_IMODE(path.parent.parent.stat().st_mode) == 0o700


def test_the_folder_can_be_reached_through_a_symbolic_link(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    store = SQLiteStore(tmp_path / "link" / "store.db")
    written = store.write("t", "a", puts("profile", b"1"))
    assert store.get("t", "a", "profile") == [written]
    store.close()
    assert (tmp_path / "real" / "store.db").exists()


def test_a_file_that_was_open_to_others_is_closed_to_them(path: Path) -> None:
    SQLiteStore(path).close()
    path.chmod(0o644)
    SQLiteStore(path).close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_second_store_on_the_file_is_refused_and_told_who_holds_it(store: SQLiteStore, path: Path) -> None:
    with pytest.raises(HeldError) as refused:
        SQLiteStore(path)
    assert refused.value.holder == str(os.getpid())


def test_a_file_that_is_no_database_is_left_alone(path: Path) -> None:
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
    later = SCHEMA_VERSION + 1
    connection = apsw.Connection(str(path))
    connection.execute(f"PRAGMA user_version = {later}")
    connection.close()
    with pytest.raises(NotOurFileError, match=f"version {later}, and this service knows version {SCHEMA_VERSION}"):
        SQLiteStore(path)


FILE_OF_VERSION_1 = """
CREATE TABLE profile (
    tenant TEXT NOT NULL,
    actor TEXT NOT NULL,
    life TEXT NOT NULL,
    version INTEGER NOT NULL,
    document BLOB NOT NULL,
    PRIMARY KEY (tenant, actor)
) STRICT;
PRAGMA application_id = 1298492784;
PRAGMA user_version = 1;
INSERT INTO profile VALUES ('t', 'a', 'life-of-a', 3, CAST('{"gender":"male"}' AS BLOB)), ('u', 'b', 'l', 1, x'7b7d');
"""


@pytest.fixture
def old_file(path: Path) -> Path:
    path.parent.mkdir()
    connection = apsw.Connection(str(path))
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute(FILE_OF_VERSION_1)
    connection.close()
    return path


def test_a_file_of_an_earlier_version_is_brought_forward(old_file: Path) -> None:
    for _ in range(2):
        store = SQLiteStore(old_file)
        assert store.get("t", "a", "profile") == [Item("profile", "life-of-a", 3, b'{"gender":"male"}')]
        assert found(store, "b", "profile", "u") == b"{}"
        store.close()


def test_a_file_is_brought_forward_whole_or_not_at_all(old_file: Path) -> None:
    connection = apsw.Connection(str(old_file))
    connection.execute("CREATE TABLE secret (other)")
    before = connection.execute("SELECT * FROM sqlite_schema").fetchall()
    connection.close()
    with pytest.raises(StoreUnavailableError) as refused:
        SQLiteStore(old_file)
    connection = apsw.Connection(str(old_file))
    assert connection.execute("SELECT * FROM sqlite_schema").fetchall() == before
    assert connection.execute("SELECT count(*) FROM profile").fetchall() == [(2,)]
    # The error leads to what failed for as long as it is known, and that holds the file no more.
    assert refused.value.__cause__ is not None
    connection.execute("DROP TABLE secret")
    connection.close()
    store = SQLiteStore(old_file)
    assert found(store, "a", "profile") is not None
    store.close()


@pytest.mark.parametrize(
    ("suffix", "trouble"),
    [("", "the data file was removed or replaced"), (".lock", "the lock of the data file was removed")],
)
def test_files_that_were_removed_make_trouble(store: SQLiteStore, path: Path, suffix: str, trouble: str) -> None:
    path.with_name(path.name + suffix).unlink()
    assert store.trouble() == trouble


@pytest.mark.parametrize("part", ["checkpointer", "sweeper"])
def test_background_work_that_has_ended_makes_trouble(store: SQLiteStore, part: str) -> None:
    assert store.trouble() is None
    getattr(store, f"_{part}").close()
    assert str(store.trouble()).startswith(f"the {part} has ended")


def test_nothing_is_acknowledged_into_a_file_that_was_removed(store: SQLiteStore, path: Path) -> None:
    path.unlink()
    with pytest.raises(StoreUnavailableError):
        store.write("t", "a", puts("k", b"1"))


def test_closing_finishes_what_was_begun(path: Path) -> None:
    store = SQLiteStore(path)
    entered, go = threading.Event(), threading.Event()

    def held(changes: Changes) -> Item:
        entered.set()
        assert go.wait(10)
        return changes.put("k", b"1")

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
        store.write("t", f"a{index}", puts("k", document))
    eventually(lambda: path.stat().st_size > size + 50 * len(document))


def test_nothing_is_left_in_a_log_after_closing(path: Path) -> None:
    store = SQLiteStore(path)
    store.write("t", "a", puts("k", b"canary-of-the-log"))
    store.write("t", "a", puts("k", b"gone"))
    store.close()
    assert sorted(file.name for file in path.parent.iterdir()) == [path.name, path.name + ".lock"]
    assert b"canary-of-the-log" not in path.read_bytes(), "what was overwritten is gone from the file"


def traces(path: Path, text: bytes) -> list[str]:
    return [file.name for file in path.parent.iterdir() if text in file.read_bytes()]


def test_what_was_deleted_leaves_no_trace_in_the_folder(store: SQLiteStore, path: Path) -> None:
    store.write("t", "canary-actor", puts("k", b"canary-document"))
    assert traces(path, b"canary")
    store.write("t", "canary-actor", deletes("k"))
    store.sweep()
    eventually(lambda: not traces(path, b"canary"))


def test_what_has_expired_leaves_no_trace_in_the_folder(store: SQLiteStore, path: Path, clock: Clock) -> None:
    def fill(number: int) -> Callable[[Changes], None]:
        def change(changes: Changes) -> None:
            for index in range(90):
                changes.put(f"canary/{number}/{index}", b"1", expires=clock.now + 10)

        return change

    for number in range(3):
        store.write("t", "a", fill(number))
    store.write("t", "a", puts("k", b"kept", expires=clock.now + 11))
    clock.now += 10
    store.sweep()
    eventually(lambda: not traces(path, b"canary"))
    assert found(store, "a", "k") == b"kept"


def test_a_mark_does_not_name_its_actor(store: SQLiteStore, path: Path) -> None:
    store.write("t", "canary-actor", puts("mark/consent", b"withdrawn"))
    assert traces(path, b"withdrawn")
    assert not traces(path, b"canary-actor")


def test_marks_lie_elsewhere_in_every_file(tmp_path: Path) -> None:
    partitions = set()
    for number in range(2):
        store = SQLiteStore(tmp_path / str(number) / "data")
        store.write("t", "a", puts("mark/k", b"1"))
        partitions |= set(store._writer.execute("SELECT actor FROM item").fetchall())
        store.close()
    assert len(partitions) == 2


def test_scheduled_work_is_done_without_being_asked_for(path: Path) -> None:
    def fill(changes: Changes) -> None:
        changes.put("number/1", b"1")
        changes.schedule("numbers")

    store = SQLiteStore(path, WORK, sweep_period=3_600)
    store.write("t", "a", fill)
    eventually(lambda: found(store, "a", "number/1") is None)
    store.close()


def test_work_outlives_the_process_that_scheduled_it(path: Path) -> None:
    def fill(changes: Changes) -> None:
        changes.put("number/1", b"1")
        changes.schedule("numbers")

    store = SQLiteStore(path)
    store.write("t", "a", fill)
    store.sweep()
    assert found(store, "a", "number/1") == b"1", "a service that does not know the work leaves it"
    store.close()
    again = SQLiteStore(path, WORK, sweep_period=0.01)
    eventually(lambda: found(again, "a", "number/1") is None)
    again.close()


def test_commits_are_synchronised_to_the_disk(store: SQLiteStore) -> None:
    settings = [store._writer.execute(f"PRAGMA {name}").fetchall()[0][0] for name in ("journal_mode", "synchronous")]
    assert settings == ["wal", 2]


def eventually(is_so: Callable[[], bool]) -> None:
    """Wait for what another thread does."""
    for _ in range(100_000):
        if is_so():
            return
        os.sched_yield()
    pytest.fail("it did not come to pass")


def test_a_link_to_a_data_file_is_refused_with_its_reason(tmp_path: Path) -> None:
    (tmp_path / "link.db").symlink_to("data.db")
    with pytest.raises(
        CannotOpenError, match=r"cannot be opened: it is a symbolic link; name the file that it leads to\."
    ):
        open_store(tmp_path / "link.db", {}, {})
