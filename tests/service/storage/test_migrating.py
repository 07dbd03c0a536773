"""A store becomes another one of any kind, whole, and the same again."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from hosting import progress
from service.__main__ import main
from service.commands import migrate
from service.contract import Contract
from service.credentials import records
from service.items import Changes
from service.personalization.actors.exporting import export
from service.storage import Place, Store, TenantFullError
from service.storage.dynamodb import DynamoDBStore
from service.storage.migrating import BATCH, Report, Side, compare
from service.storage.opening import CannotOpenError, open_store
from service.storage.postgresql import PostgreSQLStore
from service.web.app import create_app
from service.web.credentials import Credential, digest
from tests.service.client import Client
from tests.service.faults.lengths import length
from tests.service.server import BASE, KEY
from tests.service.storage.suite import deletes, found, puts
from tests.service.stores import database_of
from tests.support.dynamodb import DynamoDB, patience
from tests.support.terminal import terminal

ACTORS = length("TAMA_MIGRATED", 30)
_FEW = 5
"""How many actors of a tenant are exported from DynamoDB, which takes the engine of the tests a while."""

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


def exported(place: Place, number: int = ACTORS) -> list[bytes]:
    """Return the documents of the first actors of each tenant, up to so many."""
    with closing(open_store(place, {}, {})) as store:
        return [
            b"".join(export(actor, partial(store.read, tenant, actor)))
            for tenant in ("t0", "t1", "t2")
            for actor in store.actors(tenant, None, number)
        ]


def option(place: Place) -> str:
    return f"sqlite:{place}" if isinstance(place, Path) else place


def migrated(source: Place, target: Place) -> int:
    return main(["migrate", "--from", option(source), "--to", option(target)])


@pytest.fixture(autouse=True)
def patient() -> Iterator[None]:
    """Give the engine of the tests the time that it takes to list many actors."""
    with patience():
        yield


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "source" / "data.db"
    with closing(open_store(path, {}, {})) as store:
        fill(store)
    return path


@pytest.fixture(params=["postgresql", "dynamodb"])
def target(request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of an empty database of each kind."""
    with database_of(request.param, request) as address:
        yield address


def test_a_store_goes_from_kind_to_kind_and_back_and_is_the_same(
    source: Path, tmp_path: Path, request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]
) -> None:
    before = source.read_bytes()
    kinds = ("postgresql", "dynamodb", "postgresql", "sqlite", "dynamodb", "sqlite")
    with ExitStack() as databases:
        places: list[Place] = [source]
        for number, kind in enumerate(kinds):
            address = databases.enter_context(database_of(kind, request))
            places.append(address or tmp_path / str(number) / "data.db")
            assert migrated(places[-2], places[-1]) == 0
        printed = capsys.readouterr().out.splitlines()
        assert printed[:2] == [f"item: {3 * ACTORS + 2}", f"work: {ACTORS}"]
        assert printed == printed[:3] * len(kinds)
        assert source.read_bytes() == before
        assert exported(source) == exported(places[-1])
        assert exported(source, _FEW) == exported(places[2], _FEW)


def test_callers_notice_nothing(contract: Contract, source: Path, target: str) -> None:
    def client(store: Store) -> Client:
        credentials = [Credential(digest(KEY), "default", frozenset(contract.schema("Scope")["enum"]))]
        return Client(contract, create_app(contract, store, credentials, instance="i", main_pid=1))

    profile, history, keyed = f"{BASE}/profile/ana", f"{BASE}/profile/ana/history", {"Idempotency-Key": "k"}
    names = {"names": [{"index": 0, "group": "real", "value": "Ana"}]}
    events = {"events": [{"role": "user", "content": "Hi", "event_id": f"m-{number}"} for number in range(3)]}
    with closing(open_store(source, {}, {})) as store:
        caller = client(store)
        created = caller.put("ana", names, headers=keyed)
        caller.call("PUT", f"{profile}/preferences/theme", {"value": "dark"})
        caller.call("POST", history, events)
        caller.call("PUT", f"{BASE}/profile/ben/consent", {"status": "withdrawn"})
        cursor = caller.call("GET", history, environ={"QUERY_STRING": "limit=1"}).json["next"]
        document = caller.call("GET", f"{profile}/export").data
    assert migrated(source, target) == 0
    with closing(open_store(target, {}, {})) as store:
        caller = client(store)
        assert caller.get("ana", headers={"If-None-Match": created.headers["ETag"]}).status_code == 304
        again = caller.put("ana", names, headers=keyed)
        assert (again.status_code, again.data) == (201, created.data)
        rest = caller.call("GET", history, environ={"QUERY_STRING": f"cursor={cursor}"}).json["events"]
        assert [event["event_id"] for event in rest] == ["m-1", "m-0"]
        assert caller.call("GET", f"{profile}/export").data == document
        assert caller.put("ben", names).json["code"] == "consent_withdrawn"
        assert caller.call("POST", history, events).status_code == 200, "the events are there already"
        assert caller.call("GET", f"{BASE}/actors").json == {"actors": [{"actor_id": "ana"}]}


def test_what_was_migrated_is_kept_up(source: Path, target: str) -> None:
    actor = "actor 0 \u00e9\U0001f600"
    with closing(open_store(source, {}, {})) as store:
        store.write("t0", "nobody", lambda changes: changes.schedule("daily", 1))
    assert migrated(source, target) == 0
    done: list[str] = []

    def work(_changes: Changes) -> int | None:
        done.append("daily")
        return None

    with closing(open_store(target, {"daily": work}, {}, max_actors=len(range(0, ACTORS, 3)))) as store:
        assert len(records.listed(store)) == 1
        assert found(store, "only-a-mark", "mark/consent", "t0") is not None, "who withdrew consent is found again"
        assert isinstance(store, PostgreSQLStore | DynamoDBStore)
        store.sweep()
        assert done == ["daily"]
        store.write("t0", actor, deletes("profile"))
        store.write("t0", "one more", puts("profile", NAME))
        with pytest.raises(TenantFullError):
            store.write("t0", "too many", puts("profile", NAME))
        store.write("t0", actor, lambda changes: changes.unschedule())
        store.write("t0", actor, deletes("idempotency/0000"))
        assert actor not in store.actors("t0", None, _FEW)
        assert store.backlog() == 0


def test_a_table_that_was_copied_is_as_if_it_had_been_written(dynamodb: DynamoDB) -> None:
    def rows(name: str) -> tuple[int, dict[tuple[str, str], Any]]:
        scanned = dynamodb.client.scan(TableName=name, ConsistentRead=True)["Items"]
        found = {(row["pk"]["S"], row["sk"]["S"]): row for row in scanned}
        kept = sum(int(row["kept"]["N"]) for (pk, _), row in found.items() if pk == "kept.t")
        # Which write came last is each table's own, and so is over which items a number is spread.
        others = {key: row for key, row in found.items() if not key[0].startswith(("kept.", "secret"))}
        return kept, {key: {**row, "attempt": None} for key, row in others.items()}

    def expiring(changes: Changes) -> None:
        changes.put("idempotency/0001", b"{}", expires=2**40)
        changes.put("profile", NAME)
        changes.delete("profile")

    with dynamodb.database() as written, dynamodb.database() as copied:
        with closing(open_store(dynamodb.address(written), {}, {})) as store:
            store.write("t", "a", puts("profile", NAME))
            store.write("t", "a", puts("event/1", b"{}"))
            store.write("t", "a", lambda changes: changes.schedule("daily", 2**40))
            store.write("t", "b", expiring)
            store.write("t", "c", puts("mark/consent", b"{}"))
            store.write("t", "d", lambda changes: changes.schedule("daily", 2**40))
            store.write("", "/credentials", puts("credential/x", b"{}"))
        assert migrated(dynamodb.address(written), dynamodb.address(copied)) == 0
        (kept, before), (kept_after, after) = rows(written), rows(copied)
        assert kept == kept_after == 1
        # The head of whom nothing but a mark is left goes by itself.
        gone = [key for key in before if key not in after]
        assert [sk for _, sk in gone] == ["head"]
        assert after == {key: row for key, row in before.items() if key not in gone}


@pytest.mark.parametrize(
    ("begun", "kind", "where"),
    [
        ("sqlite", "postgresql", "told"),
        ("sqlite", "dynamodb", "told"),
        ("sqlite", "dynamodb", "complete"),
        ("postgresql", "sqlite", "told"),
        ("postgresql", "dynamodb", "told"),
        ("dynamodb", "sqlite", "told"),
    ],
)
def test_a_copy_that_was_killed_goes_on_where_it_was(
    source: Path,
    tmp_path: Path,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
    begun: str,
    kind: str,
    where: str,
) -> None:
    with database_of(begun, request) as first, database_of(kind, request) as second:
        target = second or tmp_path / "target" / "data.db"
        if first is not None:
            assert migrated(source, first) == 0
        command = [sys.executable, "-c", _SLOW, where, str(min(ACTORS, BATCH))]
        command += ["migrate", "--from", option(first or source), "--to", option(target)]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
            assert process.stdout
            assert process.stdout.readline() == b"reached\n"
            process.kill()
        copied: list[int] = []
        monkeypatch.setattr(migrate, "_tell", copied.append)
        assert migrated(first or source, target) == 0
        assert max(copied, default=0) < 4 * ACTORS
        copied.clear()
        assert migrated(first or source, target) == 0
        assert copied == []
        number = _FEW if kind == "dynamodb" else ACTORS
        assert exported(target, number) == exported(source, number)


_SLOW = """
import sys, time
from service.commands import migrate
from service.storage import dynamodb_side, sql_side
from service.__main__ import main

def wait(*_):
    print("reached", flush=True)
    time.sleep(60)

where = sys.argv.pop(1)
dynamodb_side.BATCH = sql_side.BATCH = int(sys.argv.pop(1))
if where == "told":
    migrate._tell = wait
else:
    dynamodb_side._DynamoDBSide._with_schedules = wait
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


def test_a_store_is_not_copied_into_itself(source: Path, target: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert migrated(target, target) == 2
    assert "--to: it is the store that --from names" in capsys.readouterr().err
    assert migrated(source, target) == 0
    # What the copy was made of is not overwritten by it, either.
    assert migrated(target, source) == 1
    assert "the store that the source is a copy of" in capsys.readouterr().err


def test_a_store_under_two_names_is_not_copied_into_itself(database: str, capsys: pytest.CaptureFixture[str]) -> None:
    with closing(open_store(database, {}, {})) as store:
        store.write("t", "a", puts("profile", b"1"))
    assert migrated(database, f"{database}&application_name=other") == 1
    assert "The target is the source itself" in capsys.readouterr().err


def test_a_source_that_holds_nothing_leaves_the_target_to_another(
    source: Path, tmp_path: Path, target: str, capsys: pytest.CaptureFixture[str]
) -> None:
    open_store(tmp_path / "mistyped.db", {}, {}).close()
    assert migrated(tmp_path / "mistyped.db", target) == 1
    assert "The source holds nothing" in capsys.readouterr().err
    assert migrated(source, target) == 0


@pytest.mark.parametrize("kind", ["sqlite", "postgresql", "dynamodb"])
def test_a_copy_that_was_cut_off_is_neither_served_nor_a_source(
    source: Path,
    tmp_path: Path,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    kind: str,
) -> None:
    def interrupt(_copied: int) -> None:
        raise KeyboardInterrupt

    with database_of(kind, request) as database:
        copy = database or tmp_path / "copy.db"
        with monkeypatch.context() as patch:
            patch.setattr(migrate, "_tell", interrupt)
            assert migrated(source, copy) == 130
        with pytest.raises(CannotOpenError, match="it is a copy that was cut off"):
            open_store(copy, {}, {})
        assert migrated(copy, tmp_path / "other.db") == 1
        assert "itself a copy that was cut off" in capsys.readouterr().err
        assert migrated(source, copy) == 0
        open_store(copy, {}, {}).close()
        assert migrated(copy, tmp_path / "other.db") == 0


def test_a_store_that_cannot_be_reached_is_named(source: Path, capsys: pytest.CaptureFixture[str]) -> None:
    nowhere = "postgresql://u@127.0.0.1:1/d"
    for pair in ((source, nowhere), (nowhere, source)):
        assert migrated(*pair) == 1
        said = capsys.readouterr().err
        assert said.startswith(f"personalization: The database {nowhere} cannot be used: ")
        assert "What was copied" not in said


def test_who_waits_for_the_comparison_is_told(source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with terminal(80) as (writer, shown), open(os.dup(writer), "w") as errors:  # noqa: PTH123 - a descriptor

        def compare_slowly(*sides: Side) -> Report:
            deadline = time.monotonic() + 10
            while b"comparing both stores (0 s)" not in b"".join(shown) and time.monotonic() < deadline:
                time.sleep(0.01)
            return compare(*sides)

        monkeypatch.setattr(sys, "stderr", errors)
        monkeypatch.setattr(progress, "_PATIENCE_S", 0.05)
        monkeypatch.setattr(migrate, "compare", compare_slowly)
        assert migrated(source, tmp_path / "copy.db") == 0
    assert b"comparing both stores (0 s)" in b"".join(shown)
