"""The store in one SQLite file that many short-lived processes share.

It is opened with the first request of a provider's launch, so it does without pathlib, which costs 8 ms.
"""

from __future__ import annotations

import _thread
import os
import time

import apsw

from tama.control_plane.errors import StoreError
from tama.control_plane.store import WORK_S, Transaction

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tama.control_plane.store import Result, Row

FILE = "tama.db"
BUSY_SECONDS = 30.0
_CLOSE_SECONDS = 0.5
_RETRY_SECONDS = 0.02
_BUSY_PAUSES = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1)

_SCHEMAS = (
    """
CREATE TABLE objects (id TEXT PRIMARY KEY, kind TEXT NOT NULL, document TEXT NOT NULL);
CREATE INDEX objects_by_kind ON objects (kind, id);
CREATE TABLE links (
  object TEXT NOT NULL REFERENCES objects (id) ON DELETE CASCADE,
  target TEXT NOT NULL REFERENCES objects (id),
  PRIMARY KEY (object, target)
) WITHOUT ROWID;
CREATE INDEX links_by_target ON links (target);
CREATE TABLE keys (
  name TEXT NOT NULL,
  object TEXT NOT NULL REFERENCES objects (id) ON DELETE CASCADE,
  exclusive INTEGER NOT NULL,
  PRIMARY KEY (name, object)
) WITHOUT ROWID;
CREATE UNIQUE INDEX keys_exclusive ON keys (name) WHERE exclusive;
CREATE INDEX keys_by_object ON keys (object);
CREATE TABLE jobs (
  object TEXT PRIMARY KEY REFERENCES objects (id) ON DELETE CASCADE,
  claim TEXT,
  claimed_until REAL NOT NULL
) WITHOUT ROWID;
""",
    """
CREATE TABLE creates (
  client TEXT NOT NULL,
  key TEXT NOT NULL,
  request TEXT NOT NULL,
  object TEXT,
  expires REAL NOT NULL,
  PRIMARY KEY (client, key)
) WITHOUT ROWID;
CREATE INDEX creates_by_expiry ON creates (expires);
""",
)
SCHEMA_VERSION = len(_SCHEMAS)
"""How many of these scripts, each of which brings a file to the next schema, this program knows."""


class SQLiteStore:
    """The file of one folder; see `Store`. No lock is held between transactions.

    Args:
        folder: where the file lies. Made, for its owner alone, unless `create` is false.
        create: whether a folder without the file gets one.
        file: the name of the file.

    Raises:
        StoreError: the folder or file cannot be used; there is none and `create` is false; a newer program wrote it.
    """

    def __init__(self, folder: str, *, create: bool = True, file: str = FILE) -> None:
        self.path = os.path.abspath(os.path.join(folder, file))
        self._lock = _thread.allocate_lock()
        self._is_interrupted = False
        self._busy_until = 0.0
        try:
            if create:
                _make_folder(os.path.dirname(self.path))
                _make_file(self.path)
            elif not os.path.exists(self.path):
                raise StoreError(f"There is no control plane in '{folder}': the file {self.path} does not exist.")
            _own(self.path)
        except OSError as error:
            raise StoreError(f"The control plane's file {self.path} cannot be made: {error.strerror}.") from error
        try:
            self._connection = _open(self.path)
            self._connection.set_busy_handler(self._wait_for_others)
        except apsw.Error as error:
            raise _failure(error, self.path) from error

    def read(self, work: Callable[[Transaction], Result], seconds: float = WORK_S) -> Result:  # noqa: ARG002 - it ends nothing
        """See `Store.read`."""
        return self._transact("BEGIN", work)

    def write(self, work: Callable[[Transaction], Result], seconds: float = WORK_S) -> Result:  # noqa: ARG002 - it ends nothing
        """See `Store.write`. Other writers wait for up to 30 s."""
        return self._transact("BEGIN IMMEDIATE", work)

    def _transact(self, begin: str, work: Callable[[Transaction], Result]) -> Result:
        transaction = _SQLiteTransaction(self._connection, self.path)
        with self._lock:
            self._busy_until = time.monotonic() + BUSY_SECONDS
            transaction._run(begin)  # noqa: SLF001 - the statements around its own
            try:
                result = work(transaction)
                transaction._run("COMMIT")  # noqa: SLF001 - as above
            finally:
                # A commit that failed leaves its transaction open, and one that SQLite itself rolled back does not.
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
            return result

    def interrupt(self) -> None:
        """Wait for no other process any more; nothing is written by who would have to."""
        self._is_interrupted = True

    def _wait_for_others(self, attempt: int) -> bool:
        """Wait a little for another process that writes, and tell whether to try again."""
        if self._is_interrupted or time.monotonic() > self._busy_until:
            return False
        time.sleep(_BUSY_PAUSES[min(attempt, len(_BUSY_PAUSES) - 1)])
        return True

    def close(self) -> None:
        """Close the file; transactions are over.

        What was deleted stays in the write-ahead log until that is truncated. Closing does it, unless another process
        has the file open; so one that wrote does it before.
        """
        with self._lock:
            try:
                if self._connection.total_changes():
                    self._connection.set_busy_timeout(int(_CLOSE_SECONDS * 1000))
                    self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            except apsw.Error:
                return  # the next process that closes the file does it
            finally:
                self._connection.close()


class _SQLiteTransaction(Transaction):
    __slots__ = ("_connection", "_path")

    def __init__(self, connection: apsw.Connection, path: str) -> None:
        self._connection = connection
        self._path = path

    def _run(self, statement: str, *values: str | float | None) -> list[Row]:
        try:
            return self._connection.execute(statement, values).fetchall()
        except apsw.Error as error:
            raise _failure(error, self._path) from error

    def _insert(self, table: str, rows: Sequence[Row], tail: str = "") -> list[Row]:
        if not rows:
            return []
        values = ", ".join("?" * len(rows[0]))
        statement = f"INSERT INTO {table} VALUES ({values}){tail}"  # noqa: S608 - of our own words
        try:
            return self._connection.executemany(statement, rows).fetchall()
        except apsw.Error as error:
            raise _failure(error, self._path) from error

    def _now(self) -> float:
        return time.time()


def _make_folder(folder: str) -> None:
    """Make the folder and its parents for their owner alone; what is there stays as it is."""
    if not folder or os.path.isdir(folder):
        return
    _make_folder(os.path.dirname(folder))
    try:
        os.mkdir(folder, 0o700)
    except FileExistsError:
        return
    os.chmod(folder, 0o700)


def _make_file(path: str) -> None:
    """Make an empty file that only its owner can use, before SQLite would make it by the umask.

    It gets its name only when it is ready: to close a descriptor of the database's own file would drop the locks that
    SQLite holds on it in this process.

    Source: How To Corrupt An SQLite Database File, section 2.2.
    """
    if os.path.exists(path):
        return
    made = f"{path}.{os.getpid()}.{os.urandom(8).hex()}"
    descriptor = os.open(made, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    try:
        os.fchmod(descriptor, 0o600)
        os.link(made, path)
    except FileExistsError:
        pass
    finally:
        os.close(descriptor)
        os.unlink(made)


def _own(path: str) -> None:
    """Take from others what they may do with the file; SQLite gives its side files the same mode."""
    if os.stat(path).st_mode & 0o077:
        os.chmod(path, 0o600)


def _open(path: str) -> apsw.Connection:
    connection = apsw.Connection(path, flags=apsw.SQLITE_OPEN_READWRITE)
    connection.set_busy_timeout(int(BUSY_SECONDS * 1000))
    _switch_to_wal(connection)
    for pragma in ("synchronous = FULL", "foreign_keys = ON", "secure_delete = ON"):
        connection.execute(f"PRAGMA {pragma}")
    _migrate(connection, path)
    return connection


def _switch_to_wal(connection: apsw.Connection) -> None:
    """Switch to a write-ahead log. Several processes that do it at once get BUSY at once, whatever the timeout."""
    ends = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except apsw.BusyError:
            if time.monotonic() > ends:
                raise
            time.sleep(_RETRY_SECONDS)
        else:
            return


def _migrate(connection: apsw.Connection, path: str) -> None:
    """Bring the file to this program's schema; by one process, also when many open a new file at once."""
    if _version(connection) < SCHEMA_VERSION:
        connection.execute("BEGIN IMMEDIATE")
        for version in range(_version(connection), SCHEMA_VERSION):
            connection.execute(_SCHEMAS[version])
            connection.execute(f"PRAGMA user_version = {version + 1}")
        connection.execute("COMMIT")
    if (found := _version(connection)) > SCHEMA_VERSION:
        raise StoreError(
            f"The control plane's file {path} has schema {found}, and this program knows {SCHEMA_VERSION}: a newer"
            " version wrote it; use that version."
        )


def _version(connection: apsw.Connection) -> int:
    version = connection.pragma("user_version")
    return version if isinstance(version, int) else 0


def _failure(error: apsw.Error, path: str) -> StoreError:
    if isinstance(error, apsw.BusyError):
        return StoreError(f"The control plane's file {path} was locked by others for {BUSY_SECONDS:g} s.")
    return StoreError(f"The control plane's file {path} cannot be used: {error}.")
