"""What only the store in PostgreSQL does."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import psycopg
import pytest

from tama.control_plane import ControlPlane
from tama.control_plane.errors import StoreError
from tama.control_plane.store.postgresql import _STEPS, PostgreSQLStore
from tests.support.postgresql import PostgreSQL
from tests.tama.control_plane.support import Caller


def test_a_database_without_a_control_plane_is_left_alone_when_it_is_only_looked_into(database: str) -> None:
    with pytest.raises(StoreError, match=r"There is no control plane in the database: it has no schema 'tama'\.$"):
        PostgreSQLStore(database, create=False)

    with closing(psycopg.connect(database)) as connection:
        assert connection.execute("SELECT to_regnamespace('tama')").fetchall() == [(None,)]
    PostgreSQLStore(database).close()
    PostgreSQLStore(database, create=False).close()


def test_many_who_open_an_empty_database_at_once_find_it_made_once(database: str) -> None:
    with ThreadPoolExecutor(6) as pool:
        stores = list(pool.map(lambda _: PostgreSQLStore(database), range(6)))

    for number, store in enumerate(stores):
        Caller(ControlPlane(store)).space(f"space {number}")
        store.close()


def test_a_database_of_a_newer_program_is_refused_and_left_alone(database: str) -> None:
    PostgreSQLStore(database).close()
    with closing(psycopg.connect(database, autocommit=True)) as connection:
        connection.execute("UPDATE tama.migration SET version = 99")

        with pytest.raises(StoreError, match=f"has version 99, and this program knows version {len(_STEPS)}"):
            PostgreSQLStore(database)

        assert connection.execute("SELECT version FROM tama.migration").fetchall() == [(99,)]


def test_a_store_beside_tables_of_others_touches_none_of_them(database: str) -> None:
    with closing(psycopg.connect(database, autocommit=True)) as connection:
        connection.execute("CREATE TABLE objects (id text); CREATE TABLE keys (id text); INSERT INTO keys VALUES (1)")
        with closing(PostgreSQLStore(database)) as store:
            space = Caller(ControlPlane(store)).space("Movies")
        assert connection.execute("SELECT * FROM keys").fetchall() == [("1",)]
        assert connection.execute("SELECT id FROM tama.objects").fetchall() == [(space["id"],)]


def test_a_server_that_crashes_is_a_sentence_and_work_goes_on_when_it_is_back(
    postgresql: PostgreSQL, database: str
) -> None:
    with closing(PostgreSQLStore(database)) as store:
        plane = ControlPlane(store)
        space = Caller(plane).space("Movies")
        postgresql.stop()
        try:
            with pytest.raises(StoreError, match=r"^The control plane's database cannot be used: "):
                plane.handle("GET", f"/provision/neural/spaces/{space['id']}")
        finally:
            postgresql.start()

        assert Caller(plane)("GET", f"/provision/neural/spaces/{space['id']}") == space


def test_what_was_to_be_stored_is_in_no_error(database: str) -> None:
    with closing(PostgreSQLStore(database)) as store, closing(psycopg.connect(database, autocommit=True)) as connection:
        connection.execute("ALTER TABLE tama.objects ADD CHECK (document NOT LIKE '%canary%')")

        with pytest.raises(StoreError, match=r"cannot be used: CheckViolation 23514\.$") as refused:
            store.write(lambda transaction: transaction.add("space", [({"id": "a", "key": "canary"}, [], [])]))

        assert refused.value.__cause__ is None
        assert refused.value.__suppress_context__
