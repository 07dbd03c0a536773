"""A store becomes another one of any kind, whole, and the same again."""

import os
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from service.__main__ import main
from service.credentials import records
from service.items import Changes
from service.personalization.tenants.exporting import export_tenant
from service.storage import Place, Store, TenantFullError
from service.storage.opening import open_store
from tests.service.faults.lengths import length
from tests.service.storage.suite import deletes, found, puts

ACTORS = length("TAMA_MIGRATED", 300)
NAME = b'{"dates":[],"gender":"other","names":[{"group":"real","index":0,"value":"Ana"}],"pronoun":"other"}'


def fill(store: Store) -> None:
    def change(changes: Changes) -> None:
        changes.put("profile", NAME)
        changes.put("mark/k", b'"m"')
        changes.put("idempotency/0000", b"{}", expires=2**40)
        changes.schedule("daily", 2**40)

    for number in range(ACTORS):
        store.write(f"t{number % 3}", f"actor {number} \u00e9\U0001f600", change)
    store.write("t0", "only-a-mark", puts("mark/consent", b'{"since":"2026-01-01"}'))
    records.add(store, "t0", ["profile:read"], "", 0)


def exported(place: Place) -> list[bytes]:
    with closing(open_store(place, {}, {})) as store:
        return [b"".join(_export(store, f"t{number}")) for number in range(3)]


def _export(store: Store, tenant: str) -> list[bytes]:
    def actors(after: str | None, limit: int) -> list[str]:
        return store.actors(tenant, after, limit)

    return list(export_tenant(tenant, None, actors, lambda actor, view: store.read(tenant, actor, view)))


def option(place: Place) -> str:
    return f"sqlite:{place}" if isinstance(place, Path) else place


def migrated(source: Place, target: Place) -> int:
    return main(["migrate", "--from", option(source), "--to", option(target)])


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "source" / "data.db"
    with closing(open_store(path, {}, {})) as store:
        fill(store)
    return path


def test_a_store_goes_to_postgresql_and_back_and_is_the_same(
    source: Path, tmp_path: Path, database: str, capsys: pytest.CaptureFixture[str]
) -> None:
    back = tmp_path / "back" / "data.db"
    assert migrated(source, database) == 0
    assert migrated(database, back) == 0
    printed = capsys.readouterr().out.splitlines()
    assert printed[:3] == printed[3:]
    assert printed[:2] == [f"item: {3 * ACTORS + 2}", f"work: {ACTORS}"]
    assert exported(source) == exported(database) == exported(back)


def test_what_was_migrated_is_served(source: Path, database: str) -> None:
    with closing(open_store(source, {}, {})) as store:
        profile = store.get("t0", "actor 0 \u00e9\U0001f600", "profile")
    assert migrated(source, database) == 0
    with closing(open_store(database, {}, {}, max_actors=ACTORS // 3)) as store:
        assert store.get("t0", "actor 0 \u00e9\U0001f600", "profile") == profile, "an ETag of before still matches"
        assert found(store, "only-a-mark", "mark/consent", "t0") is not None, "who withdrew consent is found again"
        assert len(records.listed(store)) == 1
        store.write("t0", "actor 0 \u00e9\U0001f600", deletes("profile"))
        store.write("t0", "one more", puts("profile", NAME))
        with pytest.raises(TenantFullError):
            store.write("t0", "too many", puts("profile", NAME))


def test_a_copy_that_was_killed_goes_on_where_it_was(
    source: Path, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = [sys.executable, "-c", _SLOW, "migrate", "--from", option(source), "--to", database]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stdout.readline() == b"put\n"
        process.kill()
    before = exported(source)
    assert exported(database) != before
    assert migrated(source, database) == 0
    assert migrated(source, database) == 0, "done again, it changes nothing"
    assert exported(database) == before == exported(source)


_SLOW = """
import sys, time
from service.storage import migrating, postgresql_side
from service.__main__ import main
migrating.BATCH = 100
put = postgresql_side._PostgreSQLSide.put
def put_and_wait(*arguments):
    put(*arguments)
    print("put", flush=True)
    time.sleep(60)
postgresql_side._PostgreSQLSide.put = put_and_wait
sys.exit(main())
"""


def test_a_target_that_holds_something_else_is_left_alone(
    source: Path, database: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with closing(open_store(database, {}, {})) as store:
        store.write("t", "a", puts("profile", b"1"))
    assert migrated(source, database) == 1
    assert "holds something else" in capsys.readouterr().err
    with closing(open_store(database, {}, {})) as store:
        assert found(store, "a", "profile") == b"1"


def test_a_source_that_was_changed_meanwhile_is_noticed(
    source: Path, database: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert migrated(source, database) == 0
    with closing(open_store(source, {}, {})) as store:
        store.write("t0", "!", puts("profile", b"1"))
    assert migrated(source, database) == 1
    assert "is not what the source is now" in capsys.readouterr().err


def test_a_store_that_is_served_is_not_migrated(
    source: Path, database: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with closing(open_store(source, {}, {})):
        assert migrated(source, database) == 1
    assert f"served by process {os.getpid()}" in capsys.readouterr().err


def test_a_source_that_is_not_there_is_not_made(tmp_path: Path, database: str) -> None:
    assert migrated(tmp_path / "none.db", database) == 1
    assert not (tmp_path / "none.db").exists()
    assert main(["migrate", "--from", "mysql:x", "--to", database]) == 2
