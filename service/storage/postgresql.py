"""The store on PostgreSQL, or on an engine that speaks its protocol, served by any number of processes.

A write is one transaction, in which the row of its actor is changed first: writes of one actor come one after the
other, and of different actors at the same time. So a history gets its places in the order in which they are committed.
"""

import secrets
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import psycopg

from hosting.postgresql import WORK_S, Connection, Database, DatabaseError, OutcomeUnknownError
from hosting.postgresql_schema import bring_forward
from service.items import Changes, Item, Items, Work
from service.storage import StoreUnavailableError, Task
from service.storage.background import SWEEP_PERIOD_S, Sweeper
from service.storage.owner import Owner
from service.storage.postgresql_items import PostgreSQLChanges, PostgreSQLItems
from service.storage.postgresql_schema import SCHEMA, STEPS
from service.storage.postgresql_sweeping import backlog, delete_expired, due
from service.storage.rounds import Due, Rounds

CLAIM_S = 60
"""How long a task that a process has begun is left to it."""

_ONE_STATE = "REPEATABLE READ READ ONLY"
_MAKE_MARKS_KEY = "INSERT INTO personalization.secret VALUES ('marks', %s) ON CONFLICT DO NOTHING"
_MARKS_KEY = "SELECT value FROM personalization.secret WHERE name = 'marks'"
_ACTORS = """
SELECT actor FROM personalization.actor WHERE tenant = %s AND (tenant, actor) > (%s, %s) ORDER BY tenant, actor LIMIT %s
"""
_ATTEMPT = "SELECT attempt FROM personalization.actor WHERE tenant = %s AND actor = %s FOR UPDATE"
_RECORD_ERASURE = """
INSERT INTO personalization.erasure VALUES (%s, %s, %s, now())
ON CONFLICT (tenant, pseudonym) DO UPDATE SET erasure = excluded.erasure, at = excluded.at
WHERE erasure.erasure <> excluded.erasure
"""

_T = TypeVar("_T")


class PostgreSQLStore:
    """A store in a database, whose tables are made if need be; older ones are brought forward.

    Args:
        address: of the database, see `hosting.postgresql.Database`.
        work: what each kind of scheduled work does that is done by single changes.
        tasks: what each other kind of scheduled work does.
        clock: the time, in seconds since the epoch, by which items expire and work is due.
        sweep_period: seconds between two looks for what has expired or is due.
        on_batch: told of each write that was committed: 1, and how many seconds it took.
        max_actors: how many actors a tenant can have, see `Store`; None for any number.
        prepares: whether statements are prepared, which few poolers bear.

    Raises:
        StoreUnavailableError: it cannot be opened.

    """

    def __init__(
        self,
        address: str,
        work: Mapping[str, Work] | None = None,
        *,
        tasks: Mapping[str, Task] | None = None,
        clock: Callable[[], float] = time.time,
        sweep_period: float = SWEEP_PERIOD_S,
        on_batch: Callable[[int, float], None] | None = None,
        max_actors: int | None = None,
        prepares: bool = False,
    ) -> None:
        self._clock = clock
        self._on_batch = on_batch
        self._max_actors = max_actors
        with _translated():
            self._database = Database(address, prepares=prepares)
            try:
                prepare(self._database)
                self._marks_key = marks_key(self._database)
            except BaseException:
                self._database.close()
                raise
        self._rounds = Rounds(self, work or {}, tasks or {}, claim_s=CLAIM_S)
        self._sweeping = threading.Lock()
        self._sweeper = Sweeper(self.sweep, sweep_period)
        self._sweeper.start()

    def get(self, tenant: str, actor: str, *keys: str) -> list[Item | None]:
        """See `ItemStore.get`."""
        owner, now = Owner(tenant, actor, self._marks_key), int(self._clock())
        with _translated():
            return self._database.read(lambda connection: PostgreSQLItems(connection, owner, now).get_all(*keys))

    def read(self, tenant: str, actor: str, view: Callable[[Items], _T]) -> _T:
        """See `ItemStore.read`."""
        owner, now = Owner(tenant, actor, self._marks_key), int(self._clock())
        with _translated():
            return self._database.transact(
                lambda connection: view(PostgreSQLItems(connection, owner, now)), isolation=_ONE_STATE
            )

    def write(self, tenant: str, actor: str, change: Callable[[Changes], _T]) -> _T:
        """See `ItemStore.write`."""
        return self.change(tenant, actor, change)

    def change(self, tenant: str, actor: str, change: Callable[[PostgreSQLChanges], _T]) -> _T:
        """See `SweptStore.change`."""
        begun = time.perf_counter()
        owner, attempt = Owner(tenant, actor, self._marks_key), secrets.token_urlsafe(9)
        done: tuple[_T, PostgreSQLChanges] | None = None

        def run(connection: Connection) -> tuple[_T, PostgreSQLChanges]:
            nonlocal done
            changes = PostgreSQLChanges(connection, owner, int(self._clock()), attempt)
            result = change(changes)
            changes.finish(self._max_actors)
            done = result, changes
            return done

        with _translated():
            try:
                result, changes = self._database.transact(run)
            except OutcomeUnknownError:
                if done is None or not self._was_committed(owner, attempt, WORK_S - (time.perf_counter() - begun)):
                    raise
                result, changes = done
        if changes.is_due:
            self._sweeper.wake()
        if self._on_batch is not None:
            self._on_batch(1, time.perf_counter() - begun)
        return result

    def actors(self, tenant: str, after: str | None, limit: int) -> list[str]:
        """See `Store.actors`."""
        actors = [actor for (actor,) in self._rows(_ACTORS, (tenant, tenant, after or "", limit))]
        # Where no tenant is, names with a slash lie, which no actor has.
        return [actor for actor in actors if "/" not in actor]

    def sweep(self) -> None:
        """Delete what has expired and do what is due, in steps that hold up a request no longer than a write does.

        Raises:
            StoreUnavailableError: something of it was not done, and the next round will try again.

        """
        with self._sweeping:
            self._rounds.make(int(self._clock()), self._sweeper.is_closing)

    def delete_expired(self, now: int) -> bool:
        """See `SweptStore.delete_expired`."""
        with _translated():
            return self._database.transact(lambda connection: delete_expired(connection, now))

    def due(self, names: Sequence[str], now: int) -> list[Due]:
        """See `SweptStore.due`."""
        with _translated():
            return self._database.read(lambda connection: due(connection, names, now))

    def record_erasure(self, tenant: str, actors: Sequence[str], erasure: str) -> None:
        """See `Store.record_erasure`; here it lies in the same database, which is what its backups are to keep."""
        rows = [(tenant, Owner(tenant, actor, self._marks_key).pseudonym, erasure) for actor in sorted(actors)]
        with _translated():
            self._database.transact(lambda connection: connection.cursor().executemany(_RECORD_ERASURE, rows))

    def trouble(self) -> str | None:
        """See `Store.trouble`."""
        if not self._sweeper.is_alive():
            return "the sweeper has ended, and what has expired would stay"
        try:
            self.get("", "", "")
        except StoreUnavailableError:
            return "the database cannot be read"
        return None

    def log_pages(self) -> int:
        """See `Store.log_pages`; the log of a server is the server's."""
        return 0

    def backlog(self) -> int:
        """See `Store.backlog`."""
        with _translated():
            return self._database.read(lambda connection: backlog(connection, int(self._clock())))

    def close(self) -> None:
        """See `Store.close`."""
        self._sweeper.close()
        self._database.close()

    def _rows(self, statement: str, values: Sequence[object]) -> list[Any]:
        with _translated():
            return self._database.read(lambda connection: connection.execute(statement.encode(), values).fetchall())

    def _was_committed(self, owner: Owner, attempt: str, seconds: float) -> bool:
        """Return whether a write of unknown outcome is known to have been done.

        It waits for the row of the actor, which that write holds as long as it may still be done. A write that came in
        between, or one after which nothing is left of the actor, says nothing; it is then better not acknowledged.
        """

        def read(connection: Connection) -> bool:
            return connection.execute(_ATTEMPT, (owner.tenant, owner.actor)).fetchall() == [(attempt,)]

        return self._database.read(read, seconds=seconds)


def prepare(database: Database) -> None:
    """Make the tables of an empty database, or bring older ones forward.

    Raises:
        DatabaseError: it was not done.

    """
    ((encoding,),) = database.read(lambda connection: connection.execute("SHOW server_encoding").fetchall())
    if encoding != "UTF8":
        raise DatabaseError(f"its encoding is {encoding}, and an actor's id can be any text: it must be UTF8")
    bring_forward(database, SCHEMA, STEPS)
    database.transact(lambda connection: connection.execute(_MAKE_MARKS_KEY, (secrets.token_bytes(32),)))


def marks_key(database: Database) -> bytes:
    """Return the key of the hashes that lead to marks."""
    ((key,),) = database.read(lambda connection: connection.execute(_MARKS_KEY).fetchall())
    return bytes(key)


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except DatabaseError as error:
        raise StoreUnavailableError(str(error)) from error
    except psycopg.Error as error:
        raise StoreUnavailableError(type(error).__name__) from error
