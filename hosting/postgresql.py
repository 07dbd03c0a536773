"""PostgreSQL: a bounded pool of connections, and work on them that ends in time.

Nothing outlives a transaction on a connection: no session state, no advisory lock, no LISTEN. So a pooler that hands
connections on between transactions may stand before the server, and an engine that only speaks its protocol may be it.
"""

import logging
import os
import random
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar
from urllib.parse import quote, urlencode

import psycopg
from psycopg.abc import PQGen
from psycopg.conninfo import conninfo_to_dict
from psycopg.pq import Conninfo, TransactionStatus
from psycopg.rows import TupleRow
from psycopg_pool import ConnectionPool, PoolTimeout

CONNECTIONS = 16
POOL_WAIT_S = 1.0
CONNECT_TIMEOUT_S = 2
WORK_S = 1.5
"""How long work may take, from the wait for a connection to the end of COMMIT, when nothing else is said."""

CONFLICTS = 8
"""How often work may meet another when nothing else is said."""

_CONFLICT_PAUSE_S = 0.005
_PREPARE_AFTER = 3
_ABANDONED_MS = 5_000
_BEGIN = (
    "BEGIN ISOLATION LEVEL {}; SET LOCAL statement_timeout = {}; "
    f"SET LOCAL idle_in_transaction_session_timeout = {_ABANDONED_MS}"
)
_CONFLICT_STATES = ("40001", "40P01")
_TOLD = {"25006": "it takes no writes; name a server that is no standby, and a database that is not read only"}
_TRANSPORT = {"connect_timeout": CONNECT_TIMEOUT_S, "tcp_user_timeout": CONNECT_TIMEOUT_S * 1_000}

_T = TypeVar("_T")

# The pool's words hold addresses, and it says each request; what is wrong is raised where somebody waits for it.
logging.getLogger("psycopg").setLevel(logging.CRITICAL)


class DatabaseError(Exception):
    """The work was not done, and has left nothing; the text says why and holds no secret."""


class OutcomeUnknownError(DatabaseError):
    """The connection was lost in COMMIT: the work was done as a whole, or not at all."""


class Connection(psycopg.Connection[TupleRow]):
    """A connection on which each wait for the server ends at a time.

    Attributes:
        deadline: that time, by `time.monotonic()`.

    """

    deadline: float | None = None

    def wait(self, gen: PQGen[_T], interval: float = 0.1, timeout: float | None = None) -> _T:
        """Wait for an answer of the server; see `psycopg.Connection.wait`.

        Raises:
            psycopg.OperationalError: it did not come in time, and the connection is of no more use.

        """
        if self.deadline is not None:
            timeout = max(self.deadline - time.monotonic(), 0.0)
        return super().wait(gen, interval, timeout)


class Database:
    """A database, and a pool of connections to it.

    Args:
        address: a URI as libpq takes it; passwords and TLS too are given as libpq takes them.
        connections: how many there are at most.
        prepares: whether statements are prepared, which few poolers bear.

    Raises:
        DatabaseError: it cannot be reached.

    """

    def __init__(self, address: str, *, connections: int = CONNECTIONS, prepares: bool = False) -> None:
        options: dict[str, Any] = {
            **_TRANSPORT,
            "autocommit": True,
            "prepare_threshold": _PREPARE_AFTER if prepares else None,
        }
        _try_to_connect(address, options)
        self._pool = ConnectionPool(
            address,
            connection_class=Connection,
            kwargs=options,
            min_size=1,
            max_size=connections,
            open=True,
            # A connection that cannot be made is given up at once: who next waits for one has it tried again.
            reconnect_timeout=0,
        )
        self._connections = connections

    def read(self, work: Callable[[Connection], _T], *, seconds: float = WORK_S) -> _T:
        """Return what work makes of statements that each are a transaction of their own and change nothing.

        Args:
            work: is given the connection, and may be called several times.
            seconds: how long all of it may take.

        Raises:
            DatabaseError: see its text.

        Other errors of psycopg are raised as they are, and so is what the work raises.

        """
        return self._do(work, time.monotonic() + seconds, CONFLICTS)

    def transact(
        self,
        work: Callable[[Connection], _T],
        *,
        isolation: str = "READ COMMITTED",
        search_path: str | None = None,
        seconds: float = WORK_S,
        conflicts: int = CONFLICTS,
    ) -> _T:
        """Do work in one transaction, which is repeated, within bounds, where it meets another or loses its connection.

        Args:
            work: is given the connection, and may be called several times; what it raises undoes the transaction.
            isolation: an isolation level, in SQL's words.
            search_path: the schema in which names without one are, None for the server's own choice.
            seconds: how long all of it may take.
            conflicts: how often it may meet another.

        Raises:
            OutcomeUnknownError: see there.
            DatabaseError: see its text.

        Other errors of psycopg, such as of a constraint, are raised as they are, and so is what the work raises.

        """
        # No time at all would be any time.
        begin = _BEGIN.format(isolation, max(int(seconds * 1_000), 1))
        if search_path is not None:
            begin += f"; SET LOCAL search_path TO {search_path}"

        def run(connection: Connection) -> _T:
            connection.execute(begin.encode())
            try:
                result = work(connection)
            except Exception:
                # The pool would do it too, but only after it has made another connection for whoever waits for one.
                with suppress(psycopg.Error):
                    connection.rollback()
                raise
            _commit(connection)
            return result

        return self._do(run, time.monotonic() + seconds, conflicts)

    def close(self) -> None:
        """Let go of all connections."""
        self._pool.close()

    def _do(self, work: Callable[[Connection], _T], deadline: float, bearable: int) -> _T:
        conflicts = 0
        # After a crash of the server every connection of the pool may be lost, and each costs one attempt.
        attempts = self._connections + bearable
        for attempt in range(1, attempts + 1):
            connection = self._take(deadline)
            try:
                return work(connection)
            except (psycopg.OperationalError, psycopg.InterfaceError, psycopg.InternalError) as error:
                conflicts += error.sqlstate in _CONFLICT_STATES
                can_repeat = error.sqlstate in _CONFLICT_STATES or connection.broken
                if not can_repeat or conflicts > bearable or attempt == attempts or time.monotonic() > deadline:
                    raise DatabaseError(_named(error)) from None
            finally:
                self._pool.putconn(connection)
            time.sleep(random.uniform(0, _CONFLICT_PAUSE_S * conflicts))  # noqa: S311 - it spreads those who met
        raise AssertionError("the last attempt returns or raises")

    def _take(self, deadline: float) -> Connection:
        try:
            connection = self._pool.getconn(min(POOL_WAIT_S, deadline - time.monotonic()))
        except PoolTimeout:
            raise DatabaseError("no connection to the database could be had in time") from None
        connection.deadline = deadline
        return connection


def with_environment(address: str) -> str:
    """Return an address that says what libpq would take from the environment, such as PGPASSWORD.

    Args:
        address: a URI.

    Raises:
        ValueError: it is none that libpq understands.

    """
    try:
        given = conninfo_to_dict(address)
    except psycopg.ProgrammingError:
        raise ValueError("libpq does not understand it") from None
    found = {
        option.keyword.decode(): os.environ[option.envvar.decode()]
        for option in Conninfo.get_defaults()
        if option.envvar and os.environ.get(option.envvar.decode())
    }
    missing = urlencode({name: value for name, value in found.items() if name not in given}, quote_via=quote)
    return f"{address}{'&' if '?' in address else '?'}{missing}" if missing else address


def _try_to_connect(address: str, options: dict[str, Any]) -> None:
    try:
        Connection.connect(address, **options).close()
    except psycopg.OperationalError as error:
        raise DatabaseError(_said(error)) from None
    except psycopg.Error as error:
        raise DatabaseError(f"libpq does not understand the address ({_named(error)})") from None


def _said(error: psycopg.OperationalError) -> str:
    """Return libpq's words, which name the server, the user and the password file, never the password."""
    text = "; ".join(" ".join(line.split()) for line in str(error).splitlines()).removesuffix("?")
    if "no password supplied" in text:
        text += "; the password file needs mode 0600 and a line for this host, port, database and user"
    return text


def _commit(connection: Connection) -> None:
    try:
        # The server ends a transaction in which a statement failed by ROLLBACK, and calls that a success.
        committed = connection.execute("COMMIT").statusmessage == "COMMIT"
    except psycopg.Error as error:
        if connection.pgconn.transaction_status == TransactionStatus.IDLE:
            raise
        raise OutcomeUnknownError(_named(error)) from None
    if not committed:
        raise DatabaseError("the transaction was rolled back")


def _named(error: psycopg.Error) -> str:
    return _TOLD.get(error.sqlstate or "", f"{type(error).__name__} {error.sqlstate or ''}".rstrip())
