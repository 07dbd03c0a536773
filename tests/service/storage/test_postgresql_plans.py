"""Every access has its index, whose first column is the tenant.

TAMA_ROWS sets how many rows of each kind there are.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import psycopg
import pytest

from hosting.postgresql import Connection
from service.items import Changes
from service.storage.postgresql import PostgreSQLStore
from service.storage.rounds import RETRY_S
from tests.service.faults.lengths import length
from tests.service.storage.suite import Clock, puts
from tests.support.postgresql import PostgreSQL

ROWS = length("TAMA_ROWS", 50_000)
PLACES = "'t' || number % 5, 'actor-' || number / 20"
FILL = f"""
INSERT INTO personalization.actor SELECT 't' || number % 5, 'actor-' || number, '', true
FROM generate_series(1, {ROWS}) AS number;
INSERT INTO personalization.item SELECT {PLACES}, 'event/' || number, 'life', 1, '1', NULL
FROM generate_series(1, {ROWS}) AS number;
INSERT INTO personalization.item SELECT {PLACES}, 'idempotency/' || number, 'life', 1, '1', {Clock.now} + number
FROM generate_series(1, {ROWS}) AS number;
INSERT INTO personalization.work SELECT {PLACES}, 'daily' || number, {Clock.now} + number
FROM generate_series(1, {ROWS}) AS number;
INSERT INTO personalization.erasure SELECT 't' || number % 5, number, 'erasure', now()
FROM generate_series(1, {ROWS}) AS number;
"""


class Watched:
    """What was executed, with its values."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.statements: dict[bytes, Any] = {}
        execute = psycopg.Connection.execute

        def watched(connection: Any, statement: Any, values: Any = None, **options: Any) -> Any:
            text = statement if isinstance(statement, bytes) else statement.encode()
            if not text.startswith((b"BEGIN", b"COMMIT")):
                self.statements[text] = values
            return execute(connection, statement, values, **options)

        monkeypatch.setattr(Connection, "execute", watched)


@pytest.fixture(scope="module")
def filled(postgresql: PostgreSQL) -> Iterator[str]:
    with postgresql.database() as name:
        address = postgresql.address(name)
        PostgreSQLStore(address).close()
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute(FILL.encode())
            connection.execute("VACUUM ANALYZE")
        yield address


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=[None, 10**6], ids=["any number of actors", "a limit"])
def store(filled: str, clock: Clock, request: pytest.FixtureRequest) -> Iterator[PostgreSQLStore]:
    with closing(
        PostgreSQLStore(filled, {"daily7": lambda _: None}, clock=clock, sweep_period=3_600, max_actors=request.param)
    ) as store:
        yield store


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for part in plan.get("Plans", ()):
        yield from nodes(part)


def scans(address: str, statements: dict[bytes, Any]) -> list[tuple[str, str, str]]:
    """Return how each statement looks into each table: the kind of node, the table, and the condition of its index.

    What is sorted was read as a whole first, so that is a way of its own.
    """
    found = []
    with psycopg.connect(address) as connection:
        for statement, values in statements.items():
            ((plan,),) = connection.execute(b"EXPLAIN (FORMAT JSON) " + statement, values).fetchall()
            found += [
                (node["Node Type"], node.get("Relation Name", ""), node.get("Index Cond", ""))
                for node in nodes(plan[0]["Plan"])
                if node["Node Type"] == "Sort" or ("Relation Name" in node and node["Node Type"] != "ModifyTable")
            ]
        connection.rollback()
    return found


def changes_all(changes: Changes) -> None:
    changes.get_all("event/1", "event/2", "mark/consent")
    changes.scan("event/", "event0", 10)
    changes.put("event/1", b"2")
    changes.put("mark/consent", b"2")
    changes.delete("event/20")
    changes.schedule("daily7", Clock.now + 1)
    changes.unschedule("daily")


@pytest.mark.parametrize(
    "call",
    [
        pytest.param(lambda store: store.get("t1", "actor-7", "profile", "standing", "mark/consent"), id="get"),
        pytest.param(
            lambda store: store.read(
                "t1", "actor-7", lambda items: items.scan("event/", "event0", 9, newest_first=True)
            ),
            id="scan",
        ),
        pytest.param(lambda store: store.write("t1", "actor-7", changes_all), id="write"),
        pytest.param(lambda store: store.write("t1", "actor-6", puts("event/1", b"3")), id="write together"),
        pytest.param(lambda store: store.write("t1", f"new {time.time()}", puts("profile", b"1")), id="a new actor"),
        pytest.param(lambda store: store.write("t1", "marked", puts("mark/k", b"1")), id="nobody"),
        pytest.param(lambda store: store.actors("t1", "actor-7", 100), id="actors"),
    ],
)
def test_every_call_is_answered_from_an_index_of_the_tenant(
    filled: str, store: PostgreSQLStore, monkeypatch: pytest.MonkeyPatch, call: Callable[[PostgreSQLStore], object]
) -> None:
    watched = Watched(monkeypatch)
    call(store)
    monkeypatch.undo()
    found = scans(filled, watched.statements)
    assert found
    assert {node for node, _, _ in found} <= {"Index Scan", "Index Only Scan"}
    assert all("tenant" in condition for _, _, condition in found), found


def test_rounds_look_at_what_has_expired_and_is_due_and_at_nothing_else(
    filled: str, store: PostgreSQLStore, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock.now += RETRY_S
    watched = Watched(monkeypatch)
    store.sweep()
    monkeypatch.undo()
    found = scans(filled, watched.statements)
    assert {node for node, table, _ in found if table} <= {"Index Scan", "Index Only Scan", "Bitmap Heap Scan"}, found


def test_the_tenant_comes_first_in_every_index(filled: str) -> None:
    with psycopg.connect(filled) as connection:
        indexes = connection.execute(
            "SELECT tablename, indexdef FROM pg_indexes WHERE schemaname = 'personalization'"
        ).fetchall()
    assert len(indexes) > 5
    others = [index for table, index in indexes if table not in {"secret", "migration"} and "(tenant" not in index]
    assert others == []
