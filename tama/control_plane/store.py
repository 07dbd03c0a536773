"""Where the control plane keeps its objects: one SQLite file that many short-lived processes share.

An object is a kind, an id and a JSON document. Beside the documents stand the links between objects (what an object
refers to must exist; what refers to a deleted object goes with it), the keys that objects are found by and may be
unique by, the jobs that wait for a process to run them, and the creates that may be repeated.

It is opened with the first request of a provider's launch, so it does without pathlib, which costs 8 ms.
"""

from __future__ import annotations

import _thread
import json
import os
import time

import apsw

from tama.control_plane.errors import StoreError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import TracebackType
    from typing import Any, Self

    from tama.control_plane.keys import Key

    Document = dict[str, Any]

FILE = "tama.db"
BUSY_SECONDS = 30.0
_CLOSE_SECONDS = 0.5
_RETRY_SECONDS = 0.02

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

_DELETE = """
WITH RECURSIVE gone (id) AS (
  SELECT id FROM objects WHERE kind = ? AND id = ?
  UNION SELECT links.object FROM links JOIN gone ON links.target = gone.id
)
DELETE FROM objects WHERE id IN gone
"""


class Taken(Exception):  # noqa: N818 - the caller turns it into an answer
    """Another object has an exclusive key; `fields` are the fields that the key is made of."""

    def __init__(self, fields: tuple[str, ...]) -> None:
        super().__init__(fields)
        self.fields = fields


class Store:
    """The file of one folder. Threads may share it; no lock is held between transactions.

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
        except apsw.Error as error:
            raise _failure(error, self.path) from error

    def read(self) -> Transaction:
        """A transaction that sees one state of the file and changes nothing."""
        return Transaction(self._connection, self._lock, self.path, "BEGIN")

    def write(self) -> Transaction:
        """A transaction that may change the file; other writers wait for up to 30 s."""
        return Transaction(self._connection, self._lock, self.path, "BEGIN IMMEDIATE")

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


class Transaction:
    """What is done with the store in one step: a context manager that commits, or rolls back when an error leaves it.

    Raises:
        StoreError: the database failed, on any of its methods.
    """

    __slots__ = ("_begin", "_connection", "_lock", "_path")

    def __init__(self, connection: apsw.Connection, lock: _thread.LockType, path: str, begin: str) -> None:
        self._connection = connection
        self._lock = lock
        self._path = path
        self._begin = begin

    def __enter__(self) -> Self:
        self._lock.acquire()
        try:
            self._sql(self._begin)
        except BaseException:
            self._lock.release()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        try:
            if kind is None:
                self._sql("COMMIT")
        finally:
            # A commit that failed leaves its transaction open, and one that SQLite itself rolled back does not.
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            self._lock.release()

    def get(self, kind: str, id_: str) -> Document | None:
        """The object with that id, if it is of that kind."""
        if not id_.isascii():
            # No id is, and the database cannot even be asked for a text with half a surrogate pair.
            return None
        return self._one("SELECT document FROM objects WHERE id = ? AND kind = ?", id_, kind)

    def has(self, kind: str, id_: str) -> bool:
        """Whether there is an object of that kind with that id."""
        return self.get(kind, id_) is not None

    def find(self, key: Key) -> Document | None:
        """The oldest object that has the key."""
        return self._one(
            "SELECT document FROM keys JOIN objects ON id = object WHERE name = ? ORDER BY object LIMIT 1", key.name
        )

    def all(self, kind: str, target: str | None = None) -> list[Document]:
        """Every object of a kind, the oldest first; with a target, those that refer to that object."""
        if target is None:
            rows = self._sql("SELECT document FROM objects WHERE kind = ? ORDER BY id", kind)
        else:
            rows = self._sql(
                "SELECT document FROM links JOIN objects ON id = object WHERE target = ? AND kind = ? ORDER BY id",
                target,
                kind,
            )
        return [json.loads(document) for (document,) in rows]

    def put(self, kind: str, document: Document, targets: Iterable[str], keys: Iterable[Key]) -> None:
        """Insert an object, or replace the one that has its id.

        Args:
            kind: what it is.
            document: its fields, `id` among them.
            targets: the ids of the objects that it refers to.
            keys: what it is found by.

        Raises:
            Taken: another object has one of the exclusive keys.
        """
        id_ = document["id"]
        self._sql(
            "INSERT INTO objects (id, kind, document) VALUES (?, ?, ?)"
            " ON CONFLICT (id) DO UPDATE SET document = excluded.document",
            id_,
            kind,
            json.dumps(document, separators=(",", ":"), allow_nan=False),
        )
        self._sql("DELETE FROM links WHERE object = ?", id_)
        for target in set(targets):
            self._sql("INSERT INTO links (object, target) VALUES (?, ?)", id_, target)
        self._sql("DELETE FROM keys WHERE object = ?", id_)
        for key in keys:
            try:
                self._connection.execute(
                    "INSERT INTO keys (name, object, exclusive) VALUES (?, ?, ?)", (key.name, id_, key.exclusive)
                )
            except apsw.ConstraintError:
                raise Taken(key.fields) from None
            except apsw.Error as error:
                raise _failure(error, self._path) from error

    def delete(self, kind: str, id_: str) -> bool:
        """Delete an object and everything that refers to it; whether it was there."""
        self._sql(_DELETE, kind, id_)
        return self._connection.changes() > 0

    def add_job(self, object_: str) -> None:
        """Store a job for an object in the place of the one it may have, also if that is being run."""
        self._sql("INSERT OR REPLACE INTO jobs (object, claim, claimed_until) VALUES (?, NULL, 0)", object_)

    def claim_job(self, object_: str, claim: str, seconds: float) -> bool:
        """Take an object's job for some seconds; whether there was one that nobody had.

        A claim that ended counts as none, as its holder was killed; so does one that ends later than any can.
        """
        now = time.time()
        self._sql(
            "UPDATE jobs SET claim = ?, claimed_until = ? WHERE object = ? AND claimed_until NOT BETWEEN ? AND ?",
            claim,
            now + seconds,
            object_,
            now,
            now + seconds,
        )
        return self._connection.changes() > 0

    def finish_job(self, object_: str, claim: str) -> bool:
        """Remove the job that was claimed; False when it is no longer that one."""
        self._sql("DELETE FROM jobs WHERE object = ? AND claim = ?", object_, claim)
        return self._connection.changes() > 0

    def keep_create(self, client: str, key: str, request: str, object_: str | None, seconds: float) -> None:
        """Keep what a create made, so that it is made once however often it is sent.

        Args:
            client: who sent it.
            key: the client's name for this create, its `Idempotency-Key`.
            request: a digest of the request, to tell it from another one with the same key.
            object_: the id of the object, which stays when that is deleted; None burns the key: nothing was made with
                it, and a create that is still on its way can be told that nothing may be.
            seconds: how long it is kept.
        """
        self._sql(
            "INSERT OR REPLACE INTO creates (client, key, request, object, expires) VALUES (?, ?, ?, ?, ?)",
            client,
            key,
            request,
            object_,
            time.time() + seconds,
        )

    def find_create(self, client: str, key: str) -> tuple[str, str | None] | None:
        """The digest of the create with a key, and the id of what it made; None when no such create is kept."""
        rows = self._sql(
            "SELECT request, object FROM creates WHERE client = ? AND key = ? AND expires > ?", client, key, time.time()
        )
        return (rows[0][0], rows[0][1]) if rows else None

    def forget_creates(self) -> None:
        """Remove the creates whose time is over."""
        self._sql("DELETE FROM creates WHERE expires <= ?", time.time())

    def _one(self, statement: str, *values: str) -> Document | None:
        rows = self._sql(statement, *values)
        document: Document | None = json.loads(rows[0][0]) if rows else None
        return document

    def _sql(self, statement: str, *values: str | float | None) -> list[tuple[Any, ...]]:
        try:
            return self._connection.execute(statement, values).fetchall()
        except apsw.Error as error:
            raise _failure(error, self._path) from error


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
