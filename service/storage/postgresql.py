"""The store on PostgreSQL, or on an engine that speaks its protocol, served by any number of processes.

A write is one transaction, in which the row of its actor is changed first: writes of one actor come one after the
other, and of different actors at the same time. So a history gets its places in the order in which they are committed.
"""

import secrets
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from typing import Any, TypeVar

import psycopg

from hosting.postgresql import Database, DatabaseError
from hosting.postgresql_schema import bring_forward
from service.items import Changes, Item, Items, Work
from service.storage import StoreUnavailableError, Task
from service.storage.background import SWEEP_PERIOD_S, Sweeper
from service.storage.migrating import refuse_unfinished
from service.storage.owner import Owner
from service.storage.postgresql_items import PostgreSQLChanges, PostgreSQLItems
from service.storage.postgresql_reads import Reads
from service.storage.postgresql_schema import SCHEMA, STEPS
from service.storage.postgresql_sweeping import backlog, delete_expired, due
from service.storage.postgresql_writes import Writes
from service.storage.rounds import Due, Rounds

CLAIM_S = 60
"""How long a task that a process has begun is left to it."""

_ONE_STATE = "REPEATABLE READ READ ONLY"
_IS_UTF8 = "SELECT current_setting('server_encoding') = 'UTF8'"
_MAKE_MARKS_KEY = "INSERT INTO personalization.secret VALUES ('marks', %s) ON CONFLICT DO NOTHING"
_IS_MADE = "SELECT FROM pg_namespace WHERE nspname = 'personalization'"
_MARKS_KEY = "SELECT value FROM personalization.secret WHERE name = 'marks'"
_POSITION = "SELECT value FROM personalization.secret WHERE name = 'copied'"
_ACTORS = """
SELECT actor FROM personalization.actor WHERE tenant = %s AND (tenant, actor) > (%s, %s) ORDER BY tenant, actor LIMIT %s
"""
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
        on_batch: told of each transaction that was committed: how many writes it had, and how many seconds it took.
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
        with _translated():
            self._database = Database(address, prepares=prepares)
            try:
                prepare(self._database)
                refuse_unfinished(position(self._database))
                self._marks_key = marks_key(self._database)
            except BaseException:
                self._database.close()
                raise
        self._rounds = Rounds(self, work or {}, tasks or {}, claim_s=CLAIM_S)
        self._sweeping = threading.Lock()
        self._sweeper = Sweeper(self.sweep, sweep_period)
        self._reads = Reads(self._database, self._now)
        self._writes = Writes(self._database, self._now, max_actors, on_batch=on_batch, on_due=self._sweeper.wake)
        self._sweeper.start()

    def get(self, tenant: str, actor: str, *keys: str) -> list[Item | None]:
        """See `ItemStore.get`."""
        with _translated():
            return self._reads.get(Owner(tenant, actor, self._marks_key), keys)

    def read(self, tenant: str, actor: str, view: Callable[[Items], _T]) -> _T:
        """See `ItemStore.read`."""
        owner, now = Owner(tenant, actor, self._marks_key), self._now()
        with _translated():
            return self._database.transact(
                lambda connection: view(PostgreSQLItems(connection, owner, now)), isolation=_ONE_STATE
            )

    def write(self, tenant: str, actor: str, change: Callable[[Changes], _T]) -> _T:
        """See `ItemStore.write`."""
        with _translated():
            return self._writes.write(Owner(tenant, actor, self._marks_key), change)

    def change(self, tenant: str, actor: str, change: Callable[[PostgreSQLChanges], _T]) -> _T:
        """See `SweptStore.change`."""
        with _translated():
            return self._writes.change(Owner(tenant, actor, self._marks_key), change)

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
            self._rounds.make(self._now(), self._sweeper.is_closing)

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
            return self._database.read(lambda connection: backlog(connection, self._now()))

    def close(self) -> None:
        """See `Store.close`."""
        self._sweeper.close()
        self._database.close()

    def _now(self) -> int:
        return int(self._clock())

    def _rows(self, statement: str, values: Sequence[object]) -> list[Any]:
        with _translated():
            return self._database.read(lambda connection: connection.execute(statement.encode(), values).fetchall())


def refuse_missing(address: str) -> None:
    """Refuse a database in which there is no store, rather than make one in whatever was named.

    Raises:
        StoreUnavailableError: it is such a database, or cannot be asked.

    """
    with _translated(), closing(Database(address)) as database:
        if not database.read(lambda connection: connection.execute(_IS_MADE).fetchall()):
            raise DatabaseError("there is no store in it; look at its name")


def prepare(database: Database) -> None:
    """Make the tables of an empty database, or bring older ones forward.

    Raises:
        DatabaseError: it was not done.

    """
    ((is_utf8,),) = database.read(lambda connection: connection.execute(_IS_UTF8).fetchall())
    if not is_utf8:
        raise DatabaseError("its encoding is not UTF8, and an actor's id can be any text; name another database")
    bring_forward(database, SCHEMA, STEPS)
    database.transact(lambda connection: connection.execute(_MAKE_MARKS_KEY, (secrets.token_bytes(32),)))


def position(database: Database) -> str | None:
    """Return up to where a copy is made in the database, see `service.storage.migrating`; None when it is no copy."""
    rows = database.read(lambda connection: connection.execute(_POSITION).fetchall())
    return bytes(rows[0][0]).decode() if rows else None


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
