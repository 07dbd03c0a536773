"""What a lost connection, a silent server and a crash leave, and how soon a call ends."""

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any, TypeVar

import psycopg
import pytest

from service.items import Changes, Item
from service.storage import StoreUnavailableError
from service.storage.postgresql import PostgreSQLStore
from tests.service.storage.suite import appends, deletes, found, puts
from tests.support.postgresql import PostgreSQL
from tests.support.proxy import Fault, Proxy, proxy_to

BOUND_S = 4.0
"""How long a call may take: the 2 s that the service promises, and as much for what else a machine does."""

FOUND_AGAIN_S = 10.0
"""How long it may take until a silent server is found again: an attempt to connect that it cut off takes 2 s."""

_T = TypeVar("_T")


@pytest.fixture
def proxy(postgresql: PostgreSQL) -> Iterator[Proxy]:
    with proxy_to(postgresql.port) as proxy:
        yield proxy


@pytest.fixture
def store(postgresql: PostgreSQL, proxy: Proxy) -> Iterator[PostgreSQLStore]:
    """A store behind the proxy, with a profile of `a`."""
    with (
        postgresql.database() as name,
        closing(PostgreSQLStore(postgresql.address(name, proxy.port), sweep_period=3_600)) as store,
    ):
        store.write("t", "a", puts("profile", b"1"))
        yield store
        proxy.fault = Fault.NONE


@pytest.fixture
def other(store: PostgreSQLStore, postgresql: PostgreSQL) -> Iterator[PostgreSQLStore]:
    """The store as another process has it, before which no proxy is."""
    name = store._database.read(lambda connection: connection.info.dbname)
    with closing(PostgreSQLStore(postgresql.address(name), sweep_period=3_600)) as other:
        yield other


def in_time(call: Callable[[], _T]) -> _T:
    begun = time.monotonic()
    try:
        return call()
    finally:
        assert time.monotonic() - begun < BOUND_S


def appends_to_what_it_scans(changes: Changes) -> Item:
    """Write what takes a transaction of its own."""
    changes.scan("profile", "profile~", 1)
    return appends("profile", b"2")(changes)


@pytest.mark.parametrize("change", [appends("profile", b"2"), appends_to_what_it_scans], ids=["shared", "own"])
def test_a_write_that_was_done_is_acknowledged_though_its_connection_was_lost(
    store: PostgreSQLStore, proxy: Proxy, change: Callable[[Changes], Item]
) -> None:
    proxy.fault = Fault.CUT_AFTER_COMMIT
    written = in_time(lambda: store.write("t", "a", change))
    assert (proxy.commits_met, written.version, written.document) == (1, 2, b"12")
    proxy.fault = Fault.NONE
    assert store.get("t", "a", "profile") == [written]


def test_a_write_that_was_not_done_is_not_acknowledged(store: PostgreSQLStore, proxy: Proxy) -> None:
    proxy.fault = Fault.CUT_BEFORE_COMMIT
    with pytest.raises(StoreUnavailableError):
        in_time(lambda: store.write("t", "a", appends("profile", b"2")))
    assert proxy.commits_met == 1
    proxy.fault = Fault.NONE
    assert found(store, "a", "profile") == b"1"


@pytest.mark.parametrize("fault", [Fault.CUT_AFTER_COMMIT_AND_REFUSE, Fault.SILENCE_AT_COMMIT])
def test_a_write_of_which_nothing_can_be_learnt_is_not_acknowledged(
    store: PostgreSQLStore, proxy: Proxy, fault: Fault
) -> None:
    proxy.fault = fault
    with pytest.raises(StoreUnavailableError):
        in_time(lambda: store.write("t", "a", appends("profile", b"2")))
    proxy.fault = Fault.NONE
    assert found(store, "a", "profile") == b"12"


def test_a_write_after_which_another_one_came_is_not_acknowledged(
    store: PostgreSQLStore, proxy: Proxy, other: PostgreSQLStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    was_committed = store._writes._was_committed

    def another_comes_first(*arguments: Any) -> bool:
        proxy.fault = Fault.NONE
        other.write("t", "a", appends("profile", b"3"))
        return was_committed(*arguments)

    monkeypatch.setattr(store._writes, "_was_committed", another_comes_first)
    proxy.fault = Fault.CUT_AFTER_COMMIT
    with pytest.raises(StoreUnavailableError):
        store.write("t", "a", appends("profile", b"2"))
    assert found(store, "a", "profile") == b"123"


def test_a_deletion_whose_outcome_is_unknown_is_not_acknowledged(store: PostgreSQLStore, proxy: Proxy) -> None:
    proxy.fault = Fault.CUT_AFTER_COMMIT
    with pytest.raises(StoreUnavailableError):
        in_time(lambda: store.write("t", "a", deletes("profile")))
    proxy.fault = Fault.NONE
    assert found(store, "a", "profile") is None


def test_a_silent_server_holds_up_no_call_for_long_and_is_found_again(store: PostgreSQLStore, proxy: Proxy) -> None:
    proxy.fault = Fault.SILENCE
    calls: list[Callable[[], object]] = [
        lambda: store.get("t", "a", "profile"),
        lambda: store.read("t", "a", lambda items: items.get("profile")),
        lambda: store.write("t", "a", puts("profile", b"2")),
    ]
    for call in calls:
        with pytest.raises(StoreUnavailableError):
            in_time(call)
    assert in_time(store.trouble) == "the database cannot be read"
    proxy.fault = Fault.NONE
    deadline = time.monotonic() + FOUND_AGAIN_S
    while store.trouble() is not None:
        assert time.monotonic() < deadline
    assert found(store, "a", "profile") == b"1"


def test_a_server_that_was_restarted_is_found_again(store: PostgreSQLStore, postgresql: PostgreSQL) -> None:
    postgresql.stop()
    with pytest.raises(StoreUnavailableError):
        in_time(lambda: store.write("t", "a", puts("profile", b"2")))
    postgresql.start()
    assert store.write("t", "a", puts("profile", b"2")).version == 2


def test_a_row_that_somebody_holds_holds_up_a_write_no_longer_than_its_bound(
    store: PostgreSQLStore, postgresql: PostgreSQL
) -> None:
    name = store._database.read(lambda connection: connection.info.dbname)
    with psycopg.connect(postgresql.address(name)) as holder:
        holder.execute("UPDATE personalization.actor SET attempt = 'held'")
        with pytest.raises(StoreUnavailableError):
            in_time(lambda: store.write("t", "a", puts("profile", b"2")))
        holder.rollback()
    assert store.write("t", "a", puts("profile", b"2")).version == 2
