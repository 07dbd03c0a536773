import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest

from hosting.postgresql import WORK_S, Connection, Database, DatabaseError
from hosting.postgresql_address import refuse_password
from tests.support.postgresql import PostgreSQL


@pytest.fixture
def opened(database: str) -> Iterator[Database]:
    opened = Database(database, connections=4)
    opened.transact(lambda connection: connection.execute("CREATE TABLE counter (id int PRIMARY KEY, count int)"))
    opened.transact(lambda connection: connection.execute("INSERT INTO counter VALUES (1, 0), (2, 0)"))
    yield opened
    opened.close()


def count(opened: Database, counter: int = 1) -> Any:
    statement = "SELECT count FROM counter WHERE id = %s"
    return opened.read(lambda connection: connection.execute(statement, (counter,)).fetchall()[0][0])


def raise_count(connection: Connection) -> None:
    ((value,),) = connection.execute("SELECT count FROM counter WHERE id = 1").fetchall()
    connection.execute("UPDATE counter SET count = %s WHERE id = 1", (value + 1,))


def test_a_serialization_failure_is_repeated(opened: Database) -> None:
    meet = threading.Barrier(2)
    calls: list[int] = []

    def work(connection: Connection) -> None:
        first = len(calls) < 2
        calls.append(1)
        connection.execute("SELECT count FROM counter WHERE id = 1")
        if first:
            meet.wait(10)
        raise_count(connection)

    with ThreadPoolExecutor(2) as threads:
        for done in [threads.submit(opened.transact, work, isolation="SERIALIZABLE") for _ in range(2)]:
            done.result()
    assert count(opened) == 2
    assert len(calls) > 2


def test_a_deadlock_is_repeated(database: str, opened: Database) -> None:
    meet = threading.Barrier(2)
    with psycopg.connect(database, autocommit=True) as other:
        other.execute(f"ALTER DATABASE {other.info.dbname} SET deadlock_timeout = '20ms'".encode())
    quick = Database(database)
    calls: list[int] = []

    def work(first: int, second: int) -> None:
        def change(connection: Connection) -> None:
            calls.append(1)
            meets = len(calls) <= 2
            connection.execute("UPDATE counter SET count = count + 1 WHERE id = %s", (first,))
            if meets:
                meet.wait(10)
            connection.execute("UPDATE counter SET count = count + 1 WHERE id = %s", (second,))

        quick.transact(change)

    with ThreadPoolExecutor(2) as threads:
        for done in [threads.submit(work, 1, 2), threads.submit(work, 2, 1)]:
            done.result()
    quick.close()
    assert (count(opened, 1), count(opened, 2), len(calls)) == (2, 2, 3)


def test_what_work_raises_undoes_it_and_is_raised(opened: Database) -> None:
    def work(connection: Connection) -> None:
        raise_count(connection)
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        opened.transact(work)
    with pytest.raises(psycopg.errors.UniqueViolation):
        opened.transact(lambda connection: connection.execute("INSERT INTO counter VALUES (1, 1)"))
    assert count(opened) == 0


def test_a_transaction_whose_error_was_passed_over_is_not_taken_for_a_success(opened: Database) -> None:
    def work(connection: Connection) -> None:
        raise_count(connection)
        with pytest.raises(psycopg.errors.DivisionByZero):
            connection.execute("SELECT 1 / 0")

    with pytest.raises(DatabaseError, match="rolled back"):
        opened.transact(work)


def test_a_statement_ends_in_time(opened: Database) -> None:
    begun = time.monotonic()
    with pytest.raises(DatabaseError, match=r"QueryCanceled|WaitTimeout"):
        opened.transact(lambda connection: connection.execute("SELECT pg_sleep(60)"))
    assert time.monotonic() - begun < WORK_S + 1
    assert count(opened) == 0


def test_nothing_waits_longer_than_its_bound_for_a_connection(opened: Database) -> None:
    held = threading.Semaphore(0)
    release = threading.Event()

    def hold(_connection: Connection) -> None:
        held.release()
        release.wait(30)

    with ThreadPoolExecutor(4) as threads:
        holding = [threads.submit(opened.read, hold) for _ in range(4)]
        for _ in holding:
            held.acquire()
        with pytest.raises(DatabaseError, match="no connection"):
            count(opened)
        release.set()
    assert count(opened) == 0


def test_after_a_crash_of_the_server_everything_goes_on_by_itself(opened: Database, postgresql: PostgreSQL) -> None:
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda _: opened.read(lambda connection: connection.execute("SELECT pg_sleep(0.05)")), "1234"))
    postgresql.stop()
    with pytest.raises(DatabaseError):
        opened.transact(raise_count)
    postgresql.start()
    opened.transact(raise_count)
    assert count(opened) == 1


def test_a_crash_that_nobody_noticed_is_not_noticed(opened: Database, postgresql: PostgreSQL) -> None:
    postgresql.stop()
    postgresql.start()
    opened.transact(raise_count)
    assert count(opened) == 1


def test_what_cannot_be_opened_is_said_without_the_password(postgresql: PostgreSQL) -> None:
    for address in (
        f"postgresql://tests:canary@127.0.0.1:{postgresql.port}/postgres",
        "postgresql://tests:canary@127.0.0.1:1/postgres",
        "postgresql://tests:can%ary@127.0.0.1:5432/postgres",
        "postgresql://tests:x@canary:canary/postgres?canary=canary",
    ):
        with pytest.raises(DatabaseError) as caught:
            Database(address)
        assert "canary" not in str(caught.value).replace('host "canary"', "")


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://a:secret@host/db",
        "postgresql://a@host/db?sslmode=require&password=secret",
        "postgresql://a@host/db?sslpassword=secret",
        "postgresql://a:secret@[host/db",
    ],
)
def test_an_address_with_a_password_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match=r"password file|no URI") as refused:
        refuse_password(address)
    assert "secret" not in str(refused.value)


def test_an_address_may_name_a_password_file() -> None:
    refuse_password("postgresql://a@host/db?passfile=/etc/pgpass")
