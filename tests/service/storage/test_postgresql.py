import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, closing
from typing import Any

import psycopg
import pytest

from service.items import Changes
from service.storage import Store, StoreUnavailableError, TenantFullError
from service.storage.opening import open_beside
from service.storage.postgresql import CLAIM_S, PostgreSQLStore
from tests.service.storage.suite import TASKS, WORK, Clock, StoreSuite, appends, deletes, found, puts
from tests.support.postgresql import PostgreSQL


@pytest.fixture
def store(database: str, clock: Clock) -> Iterator[PostgreSQLStore]:
    """A store that makes no rounds by itself, so that a test decides when."""
    store = PostgreSQLStore(database, WORK, tasks=TASKS, clock=clock, sweep_period=3_600)
    yield store
    store.close()


@pytest.fixture
def limited_store(postgresql: PostgreSQL) -> Iterator[PostgreSQLStore]:
    with postgresql.database() as name:
        store = PostgreSQLStore(postgresql.address(name), sweep_period=3_600, max_actors=3)
        yield store
        store.close()


class TestPostgreSQLStore(StoreSuite):
    pass


@pytest.fixture
def other(store: PostgreSQLStore, database: str, clock: Clock) -> Iterator[PostgreSQLStore]:
    """The store as another process has it."""
    with closing(PostgreSQLStore(database, WORK, tasks=TASKS, clock=clock, sweep_period=3_600)) as other:
        yield other


def rows(database: str, table: str) -> list[Any]:
    with psycopg.connect(database) as connection:
        return connection.execute(f"SELECT * FROM personalization.{table}".encode()).fetchall()


def test_every_process_reads_what_another_wrote(store: PostgreSQLStore, other: PostgreSQLStore) -> None:
    written = [store.write("t", "a", puts(key, b"1")) for key in ("profile", "mark/consent")]
    assert other.get("t", "a", "profile", "mark/consent") == written


def test_a_mark_does_not_name_its_actor(store: PostgreSQLStore, database: str) -> None:
    store.write("t", "canary", puts("mark/consent", b"withdrawn"))
    assert "canary" not in str([rows(database, table) for table in ("actor", "item", "work")])


def test_nothing_names_an_actor_who_was_deleted_or_whose_items_have_expired(
    store: PostgreSQLStore, database: str, clock: Clock
) -> None:
    store.write("t", "canary-1", puts("profile", b"1"))
    store.write("t", "canary-1", lambda changes: changes.schedule("daily", clock.now + 10))
    store.write("t", "canary-1", deletes("profile"))
    store.write("t", "canary-1", lambda changes: changes.unschedule())
    for tenant in ("t", "u"):
        store.write(tenant, "canary-2", puts("idempotency/0", b"1", expires=clock.now + 10))
    store.write("t", "canary-3", lambda changes: changes.get("profile"))
    clock.now += 10
    assert store.backlog() == 2
    store.sweep()
    assert "canary" not in str([rows(database, table) for table in ("actor", "item", "work")])


def test_what_is_stored_anew_while_it_is_swept_stays(
    store: PostgreSQLStore, other: PostgreSQLStore, clock: Clock
) -> None:
    store.write("t", "a", puts("k", b"1", expires=clock.now + 10))
    clock.now += 10
    stored, go = threading.Event(), threading.Event()

    def stores_anew(changes: Changes) -> None:
        changes.put("k", b"2")
        changes.scan("k", "l", 1)  # which has it sent
        stored.set()
        assert go.wait(10)

    with ThreadPoolExecutor(2) as threads:
        writing = threads.submit(store.write, "t", "a", stores_anew)
        assert stored.wait(10)
        sweeping = threads.submit(other.sweep)
        time.sleep(0.1)
        go.set()
        writing.result()
        sweeping.result()
    assert found(store, "a", "k") == b"2"
    assert store.actors("t", None, 10) == ["a"]


def test_a_task_is_not_begun_by_two_processes(database: str, clock: Clock) -> None:
    begun, go, calls = threading.Event(), threading.Event(), []

    def task(_store: Store, _tenant: str, actor: str) -> None:
        calls.append(actor)
        begun.set()
        assert go.wait(10)
        _store.write("t", actor, lambda changes: changes.unschedule("task"))

    with ExitStack() as closes, ThreadPoolExecutor(2) as threads:
        one, two = (
            closes.enter_context(closing(PostgreSQLStore(database, tasks={"task": task}, clock=clock)))
            for _ in range(2)
        )
        one.write("t", "a", lambda changes: changes.schedule("task", clock.now + 1))
        clock.now += 1
        sweeping = threads.submit(one.sweep)
        assert begun.wait(10)
        two.sweep()
        go.set()
        sweeping.result()
    assert calls == ["a"]


def test_a_task_whose_process_ended_in_the_middle_is_done_by_another(database: str, clock: Clock) -> None:
    done = []

    def ends(_store: Store, _tenant: str, _actor: str) -> None:
        raise SystemExit

    def task(store: Store, tenant: str, actor: str) -> None:
        done.append(actor)
        store.write(tenant, actor, lambda changes: changes.unschedule("task"))

    with closing(PostgreSQLStore(database, tasks={"task": ends}, clock=clock, sweep_period=3_600)) as one:
        one.write("t", "a", lambda changes: changes.schedule("task", clock.now))
        with pytest.raises(SystemExit):
            one.sweep()
    with closing(PostgreSQLStore(database, tasks={"task": task}, clock=clock, sweep_period=3_600)) as two:
        two.sweep()
        assert done == []
        clock.now += CLAIM_S
        two.sweep()
    assert done == ["a"]


def test_an_erasure_is_recorded_once_and_names_nobody(store: PostgreSQLStore, database: str) -> None:
    for erasure in ("first", "first", "second"):
        store.record_erasure("t", ["canary", "other"], erasure)
    recorded = rows(database, "erasure")
    assert [(tenant, erasure) for tenant, _, erasure, _ in recorded] == [("t", "second")] * 2
    assert "canary" not in str(recorded)


@pytest.mark.parametrize("encoding", ["LATIN1", "SQL_ASCII"])
def test_a_database_whose_text_is_not_utf_8_is_refused(postgresql: PostgreSQL, encoding: str) -> None:
    with postgresql.database(encoding) as name, pytest.raises(StoreUnavailableError, match="encoding is not UTF8, and"):
        PostgreSQLStore(postgresql.address(name))


def test_a_database_that_takes_no_writes_is_said_to_be_one(database: str) -> None:
    for _ in range(2):
        with pytest.raises(StoreUnavailableError, match="it takes no writes; name a server that is no standby"):
            PostgreSQLStore(f"{database}&options=-cdefault_transaction_read_only%3Don")
        PostgreSQLStore(database).close()


def test_a_command_prepares_nothing_that_a_pooler_would_not_know(database: str) -> None:
    with open_beside(database) as store:
        for _ in range(9):
            store.get("t", "a", "profile")
        assert isinstance(store, PostgreSQLStore)
        statement = b"SELECT count(*) FROM pg_prepared_statements"
        assert store._database.read(lambda connection: connection.execute(statement).fetchall()) == [(0,)]


def test_a_write_over_the_limit_does_not_hold_up_others_for_long(limited_store: PostgreSQLStore) -> None:
    with ThreadPoolExecutor(8) as threads:
        outcomes = list(threads.map(lambda number: is_let_in(limited_store, f"a{number}"), range(40)))
    assert 3 <= outcomes.count(True) <= 3 + 8
    assert len(limited_store.actors("t", None, 100)) == outcomes.count(True)


class Together:
    """Writes that wait until one that is under way ends, and are then done together; each is by its name."""

    def __init__(self, store: PostgreSQLStore, threads: ThreadPoolExecutor) -> None:
        self._store = store
        self._threads = threads
        self._begun, self._go = threading.Event(), threading.Event()
        self._writes: list[Future[Any]] = [threads.submit(store.write, "t", "first", self._wait)]
        assert self._begun.wait(10)

    def add(self, actor: str, change: Callable[[Changes], Any]) -> None:
        self._writes.append(self._threads.submit(self._store.write, "t", actor, change))
        deadline = time.monotonic() + 10
        while len(self._store._writes._batches._queue) < len(self._writes) - 1:
            assert time.monotonic() < deadline
            time.sleep(0.001)

    def outcomes(self) -> list[Any]:
        """Have them done, and return what became of each: what it returned, or what it raised."""
        return [write.exception(10) or write.result() for write in self.results()]

    def results(self) -> list["Future[Any]"]:
        """Have them done, and return what will become of each."""
        self._go.set()
        return self._writes[1:]

    def _wait(self, _changes: Changes) -> None:
        self._begun.set()
        assert self._go.wait(10)


def refuses(changes: Changes) -> None:
    changes.put("profile", b"canary")
    raise KeyError("mine")


def moves(changes: Changes) -> bytes:
    """Do what a transaction that others share does not do."""
    (found,) = changes.scan("profile", "profile~", 1)
    changes.delete("profile")
    return changes.put("preference/a", found.document).document


def test_writes_that_wait_together_are_one_transaction_and_each_is_done_or_not_by_itself(
    database: str, clock: Clock
) -> None:
    batches: list[int] = []
    with (
        closing(
            PostgreSQLStore(
                database, WORK, clock=clock, sweep_period=3_600, on_batch=lambda writes, _: batches.append(writes)
            )
        ) as store,
        ThreadPoolExecutor(9) as threads,
    ):
        for actor in ("a", "b", "moved"):
            store.write("t", actor, puts("profile", b"1"))
        batches.clear()
        together = Together(store, threads)
        for actor, change in (
            ("a", appends("profile", b"2")),
            ("a", refuses),
            ("a", appends("profile", b"3")),
            ("b", appends("mark/b", b"2")),
            ("b", lambda changes: changes.schedule("daily", clock.now + 1)),
            ("new", puts("profile", b"1")),
            ("refused", refuses),
            ("moved", moves),
        ):
            together.add(actor, change)
        a2, refused, a3, mark, scheduled, new, refused_new, moved = together.outcomes()
        assert (a2.version, a2.document, a3.version, a3.document) == (2, b"12", 3, b"123")
        assert isinstance(refused, KeyError)
        assert isinstance(refused_new, KeyError)
        assert (scheduled, moved) == (None, b"1")
        assert store.get("t", "a", "profile") == [a3]
        assert store.get("t", "b", "profile", "mark/b")[1] == mark
        assert store.get("t", "new", "profile") == [new]
        assert store.get("t", "moved", "profile", "preference/a")[0] is None
        assert store.actors("t", None, 10) == ["a", "b", "moved", "new"]
        assert batches == [7, 1]
        clock.now += 1
        store.sweep()
        assert found(store, "b", "days") == b"|"
    assert "refused" not in str(rows(database, "actor"))


def test_a_row_that_another_process_holds_holds_up_the_writes_of_nobody_else(
    store: PostgreSQLStore, database: str
) -> None:
    for actor in ("a", "b"):
        store.write("t", actor, puts("profile", b"1"))
    with ThreadPoolExecutor(3) as threads, psycopg.connect(database) as holder:
        holder.execute("UPDATE personalization.actor SET attempt = 'held' WHERE actor = 'a'")
        together = Together(store, threads)
        together.add("a", appends("profile", b"2"))
        together.add("b", appends("profile", b"2"))
        held, free = together.results()
        assert free.result(10).document == b"12"
        assert not held.done()
        holder.rollback()
        assert held.result(10).document == b"12"


def test_what_one_write_has_stored_that_the_database_refuses_fails_no_other(store: PostgreSQLStore) -> None:
    for actor in ("a", "b"):
        store.write("t", actor, puts("profile", b"1"))
    with ThreadPoolExecutor(3) as threads:
        together = Together(store, threads)
        together.add("a", puts("event/\0", b"2"))
        together.add("b", appends("profile", b"2"))
        refused, written = together.outcomes()
    assert isinstance(refused, StoreUnavailableError)
    assert written.document == b"12"


def test_reads_that_wait_together_are_each_answered(store: PostgreSQLStore) -> None:
    written = {
        actor: [store.write("t", actor, puts(key, actor.encode())) for key in ("profile", "mark/k")]
        for actor in map(str, range(8))
    }
    with ThreadPoolExecutor(8) as threads:
        read = list(
            threads.map(
                lambda number: store.get("t", str(number % 8), "profile", "none", "mark/k"),
                range(400),
            )
        )
    for number, (profile, none, mark) in enumerate(read):
        assert [profile, mark] == written[str(number % 8)]
        assert none is None


def is_let_in(store: Store, actor: str) -> bool:
    try:
        store.write("t", actor, puts("profile", b"1"))
    except TenantFullError:
        return False
    return True
