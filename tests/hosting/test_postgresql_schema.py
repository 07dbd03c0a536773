from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing

import psycopg
import pytest

from hosting.postgresql import Database, DatabaseError
from hosting.postgresql_schema import bring_forward

STEPS = ("CREATE TABLE house.one (a int); SELECT pg_sleep(0.1)", "CREATE TABLE house.two (a int); SELECT pg_sleep(0.1)")


@pytest.fixture
def opened(database: str) -> Iterator[Database]:
    with closing(Database(database)) as opened:
        yield opened


def tables(opened: Database) -> set[str]:
    statement = b"SELECT tablename FROM pg_tables WHERE schemaname = 'house'"
    return {name for (name,) in opened.read(lambda connection: connection.execute(statement).fetchall())}


def execute(opened: Database, statement: bytes) -> None:
    opened.transact(lambda connection: connection.execute(statement))


def test_each_step_is_taken_once_however_many_come_at_once(database: str, opened: Database) -> None:
    with ExitStack() as closes, ThreadPoolExecutor(6) as threads:
        processes = [closes.enter_context(closing(Database(database, connections=2))) for _ in range(6)]
        list(threads.map(lambda process: bring_forward(process, "house", STEPS), processes))
    assert tables(opened) == {"migration", "one", "two"}


def test_older_tables_are_brought_forward(opened: Database) -> None:
    bring_forward(opened, "house", STEPS[:1])
    bring_forward(opened, "house", STEPS)
    assert tables(opened) == {"migration", "one", "two"}


def test_a_step_that_fails_leaves_what_there_was_and_the_way_free(opened: Database) -> None:
    bring_forward(opened, "house", STEPS[:1])
    with pytest.raises(psycopg.errors.DuplicateTable):
        bring_forward(opened, "house", (STEPS[0], "CREATE TABLE house.three (a int); CREATE TABLE house.one (a int)"))
    assert tables(opened) == {"migration", "one"}
    bring_forward(opened, "house", STEPS)


def test_who_ended_in_the_middle_keeps_nobody_from_going_on(opened: Database) -> None:
    bring_forward(opened, "house", STEPS[:1])
    execute(opened, b"UPDATE house.migration SET holder = 'gone', until = now() + interval '1 second'")
    bring_forward(opened, "house", STEPS)
    assert tables(opened) == {"migration", "one", "two"}


def test_tables_of_a_later_version_are_left_alone(opened: Database) -> None:
    bring_forward(opened, "house", STEPS)
    with pytest.raises(DatabaseError, match="version 2, and this program knows version 1"):
        bring_forward(opened, "house", STEPS[:1])


def test_a_role_that_may_make_nothing_is_told_so(database: str) -> None:
    with (
        closing(Database(f"{database}&options=-crole%3Dpg_monitor")) as guest,
        pytest.raises(DatabaseError, match="the role may not make the schema house in it"),
    ):
        bring_forward(guest, "house", STEPS)


def test_a_role_that_may_not_use_what_was_made_is_told_so(database: str, opened: Database) -> None:
    bring_forward(opened, "house", STEPS)
    with (
        closing(Database(f"{database}&options=-crole%3Dpg_monitor")) as guest,
        pytest.raises(DatabaseError, match="the role may not use the schema house in it"),
    ):
        bring_forward(guest, "house", STEPS)
