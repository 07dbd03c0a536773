from __future__ import annotations

import multiprocessing
import os
import stat
import subprocess
import sys
import sysconfig
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import apsw
import pytest

from tama.control_plane import ControlPlane
from tama.control_plane.errors import StoreError
from tama.control_plane.store import sqlite
from tama.control_plane.store.sqlite import SQLiteStore
from tests.tama.control_plane.support import Caller

SPACES = "/provision/neural/spaces"
PROCESSES = 8
ROOT = Path(__file__).parents[4]


def make_spaces(arguments: tuple[str, int, int]) -> list[str]:
    folder, process, count = arguments
    plane = ControlPlane(SQLiteStore(folder))
    api = Caller(plane)
    made = []
    for index in range(count):
        space = api.space(f"space {process} {index}")
        api("PATCH", f"{SPACES}/{space['id']}", {"space": {"name": f"renamed {process} {index}"}})
        api.space("shared name")
        made.append(str(space["id"]))
    plane.close()
    return made


def open_and_close(folder: str) -> int:
    plane = ControlPlane(SQLiteStore(folder))
    plane.close()
    return os.getpid()


def test_many_processes_that_write_one_folder_lose_nothing(tmp_path: Path) -> None:
    folder = str(tmp_path / "new" / "tama")
    with multiprocessing.get_context("spawn").Pool(PROCESSES) as pool:
        made = pool.map(make_spaces, [(folder, process, 25) for process in range(PROCESSES)], chunksize=1)

    spaces = ControlPlane(SQLiteStore(folder, create=False)).objects("space")
    assert len(spaces) == PROCESSES * 50
    by_id = {space["id"]: space["name"] for space in spaces}
    for process, ids in enumerate(made):
        assert [by_id[id_] for id_ in ids] == [f"renamed {process} {index}" for index in range(25)]
    slugs = {space["slug"] for space in spaces if space["name"] == "shared name"}
    assert slugs == {"shared-name", *(f"shared-name-{number}" for number in range(2, PROCESSES * 25 + 1))}
    assert apsw.Connection(f"{folder}/tama.db").pragma("integrity_check") == "ok"


def test_many_processes_open_a_fresh_folder_at_once(tmp_path: Path) -> None:
    with multiprocessing.get_context("spawn").Pool(PROCESSES) as pool:
        for number in range(20):
            folder = str(tmp_path / str(number) / "tama")
            pool.map(open_and_close, [folder] * PROCESSES, chunksize=1)
            # When the last two close at the same moment, SQLite lets the side files lie; the next one removes them.
            open_and_close(folder)
            assert os.listdir(folder) == ["tama.db"]  # noqa: PTH208 - names are wanted


def test_threads_share_a_control_plane(tmp_path: Path) -> None:
    plane = ControlPlane(SQLiteStore(str(tmp_path / "tama")))
    with ThreadPoolExecutor(16) as pool:
        made = list(pool.map(lambda number: Caller(plane).space(f"space {number}")["id"], range(100)))

    assert sorted(space["id"] for space in plane.objects("space")) == sorted(made)


def test_the_switch_to_a_log_waits_while_others_answer_busy(tmp_path: Path) -> None:
    path = tmp_path / "tama.db"
    path.touch(0o600)
    busy = apsw.Connection(str(path))
    busy.execute("BEGIN EXCLUSIVE")
    with ThreadPoolExecutor(1) as pool:
        opening = pool.submit(SQLiteStore, str(tmp_path))
        with pytest.raises(TimeoutError):
            opening.result(0.2)
        busy.execute("COMMIT")
        opening.result(10).close()


def test_a_file_that_stays_locked_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    SQLiteStore(str(tmp_path)).close()
    monkeypatch.setattr(sqlite, "BUSY_SECONDS", 0.1)
    opened = SQLiteStore(str(tmp_path))
    other = apsw.Connection(str(tmp_path / "tama.db"))
    other.execute("BEGIN IMMEDIATE")

    with pytest.raises(StoreError, match=r"tama\.db was locked by others for 0\.1 s\.$"):
        opened.write(lambda transaction: transaction.delete("space", "a"))

    other.execute("COMMIT")
    assert opened.write(lambda transaction: transaction.all("space")) == []


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077, 0o777])
def test_folder_and_files_are_their_owners_alone_whatever_the_umask(tmp_path: Path, umask: int) -> None:
    script = (
        "import os, sys; os.umask(int(sys.argv[2])); from tama.control_plane import ControlPlane;"
        "from tama.control_plane.store.sqlite import SQLiteStore;"
        "plane = ControlPlane(SQLiteStore(sys.argv[1])); plane.handle('POST', '/provision/neural/spaces',"
        "{'space': {'name': 'a', 'type': 'root'}});"
        "print({name: oct(os.stat(sys.argv[1] + '/' + name).st_mode & 0o777) for name in os.listdir(sys.argv[1])})"
    )
    folder = tmp_path / "a" / "b"

    ran = subprocess.run(
        [sys.executable, "-c", script, str(folder), str(umask)], cwd=ROOT, capture_output=True, text=True, check=True
    )

    assert eval(ran.stdout) == dict.fromkeys(["tama.db", "tama.db-wal", "tama.db-shm"], "0o600")
    assert [stat.S_IMODE(path.stat().st_mode) for path in (folder, folder.parent)] == [0o700, 0o700]


def test_a_file_that_others_could_read_is_closed_to_them_and_the_users_folder_is_left_alone(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    SQLiteStore(str(tmp_path)).close()
    (tmp_path / "tama.db").chmod(0o644)

    SQLiteStore(str(tmp_path)).close()

    assert stat.S_IMODE((tmp_path / "tama.db").stat().st_mode) == 0o600
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o755


def test_the_database_acknowledges_what_is_on_the_disk_and_wipes_what_is_deleted(tmp_path: Path) -> None:
    connection = SQLiteStore(str(tmp_path))._connection

    pragmas = ("journal_mode", "synchronous", "foreign_keys", "secure_delete", "user_version")
    assert [connection.pragma(name) for name in pragmas] == ["wal", 2, 1, 1, sqlite.SCHEMA_VERSION]


def test_a_file_of_a_newer_program_is_refused_and_left_alone(tmp_path: Path) -> None:
    newer = apsw.Connection(str(tmp_path / "tama.db"))
    newer.pragma("user_version", 99)
    newer.close()

    with pytest.raises(StoreError, match="has schema 99, and this program knows 2: a newer version wrote it"):
        SQLiteStore(str(tmp_path))

    assert apsw.Connection(str(tmp_path / "tama.db")).pragma("user_version") == 99


def test_a_file_of_an_older_program_is_brought_up_to_date_with_what_it_holds(tmp_path: Path) -> None:
    older = apsw.Connection(str(tmp_path / "tama.db"))
    older.execute(sqlite._SCHEMAS[0])
    older.execute("INSERT INTO objects VALUES ('a', 'space', '{\"id\": \"a\"}')")
    older.pragma("user_version", 1)
    older.close()

    store = SQLiteStore(str(tmp_path))
    store.write(lambda transaction: transaction.keep_create("client", "key", "digest", "a", 60))
    assert store.read(lambda transaction: transaction.find_create("client", "key")) == ("digest", "a")
    assert store.read(lambda transaction: transaction.get("space", "a")) == {"id": "a"}


def test_a_folder_without_a_control_plane_is_not_made_when_it_is_only_looked_into(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="There is no control plane in"):
        SQLiteStore(str(tmp_path / "tama"), create=False)

    assert list(tmp_path.iterdir()) == []


def test_what_is_no_database_and_what_is_no_folder_are_sentences(tmp_path: Path) -> None:
    (tmp_path / "tama.db").write_text("no database" * 1000)
    with pytest.raises(StoreError, match="cannot be used: "):
        SQLiteStore(str(tmp_path))
    with pytest.raises(StoreError, match=r"cannot be made: Not a directory\.$"):
        SQLiteStore(str(tmp_path / "tama.db" / "below"))


def test_a_control_plane_that_was_closed_says_so(tmp_path: Path) -> None:
    plane = ControlPlane(SQLiteStore(str(tmp_path)))
    plane.close()

    with pytest.raises(StoreError, match="cannot be used"):
        plane.handle("GET", f"{SPACES}/a")


def test_what_was_deleted_is_in_no_file_after_closing_also_while_another_process_reads(tmp_path: Path) -> None:
    other = SQLiteStore(str(tmp_path))
    opened = SQLiteStore(str(tmp_path))
    opened.write(lambda transaction: transaction.add("space", [({"id": "a", "secret": "canary"}, [], [])]))
    assert opened.write(lambda transaction: transaction.delete("space", "a"))
    assert b"canary" in (tmp_path / "tama.db-wal").read_bytes()

    opened.close()

    assert all(b"canary" not in file.read_bytes() for file in tmp_path.iterdir())
    other.close()
    assert [file.name for file in tmp_path.iterdir()] == ["tama.db"]


def test_an_embedded_control_plane_imports_nothing_that_is_slow(tmp_path: Path) -> None:
    """A launch of the provider that has something to do pays for it."""
    code = (
        "import sys; sys.path += sys.argv[2:]; from tama.client import connect;"
        "client = connect('embedded:' + sys.argv[1]); body = {'space': {'name': 'a', 'type': 'root'}};"
        "client.request('POST', '/provision/neural/spaces', body); client.close(); print(*sys.modules)"
    )
    command = [sys.executable, "-I", "-S", "-c", code, str(tmp_path / "tama"), str(ROOT), sysconfig.get_path("purelib")]

    loaded = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()

    slow = {"dataclasses", "hashlib", "hosting", "logging", "pathlib", "psycopg", "requests", "threading", "typing"}
    assert slow.isdisjoint(loaded)
    assert "tama.control_plane.store.postgresql" not in loaded
