"""The store on one SQLite file, served by one process.

Writes go through one thread. A batch is what queued while the last one was being synchronised to the disk: there is no
timer, so a lone write waits for nobody and many share one fsync. Nothing is answered before its batch is committed.
"""

import os
import secrets
import threading
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

import apsw

from service.storage import Change, Stored, StoreUnavailableError
from service.storage.files import FileLock, make_private_folder, open_private_file, same_file

APPLICATION_ID = 0x4D656D70
SCHEMA_VERSION = 1
_MAGIC = b"SQLite format 3\0"
BATCH_LIMIT = 256
BUSY_TIMEOUT_MS = 30_000
CHECKPOINT_PAGES = 1_000
TRUNCATE_PAGES = 16_000

_SCHEMA = f"""
CREATE TABLE profile (
    tenant TEXT NOT NULL,
    actor TEXT NOT NULL,
    life TEXT NOT NULL,
    version INTEGER NOT NULL,
    document BLOB NOT NULL,
    PRIMARY KEY (tenant, actor)
) STRICT;
PRAGMA application_id = {APPLICATION_ID};
PRAGMA user_version = {SCHEMA_VERSION};
"""
_SELECT = "SELECT life, version, document FROM profile WHERE tenant = ? AND actor = ?"
_UPSERT = """
INSERT INTO profile (tenant, actor, life, version, document) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (tenant, actor) DO UPDATE SET version = excluded.version, document = excluded.document
"""


class NotOurFileError(Exception):
    """The data file is not one that this version of the service can use."""


def refuse_other_files(path: Path) -> None:
    """Look at a file without opening it as a database, which would make files beside it.

    Raises:
        NotOurFileError: it is no SQLite file.
        OSError: it cannot be read.

    """
    if path.is_file():
        with path.open("rb") as file:
            if file.read(len(_MAGIC)) not in (b"", _MAGIC):
                raise NotOurFileError("it is not an SQLite file")


@dataclass(frozen=True, slots=True)
class _Job:
    tenant: str
    actor: str
    change: Change
    done: Future[Stored]


class SQLiteStore:
    """A store on the file at `path`, created if need be.

    Raises:
        HeldError: another process serves the file.
        NotOurFileError: it is another kind of file, or of another version.
        OSError, StoreUnavailableError: it cannot be opened.

    """

    def __init__(self, path: Path) -> None:
        make_private_folder(path.parent)
        self._path = path
        self._lock = FileLock(path)
        try:
            descriptor = open_private_file(path)
            self._opened = os.fstat(descriptor)
            os.close(descriptor)
            with _translated():
                self._writer = _connect(path)
                _prepare(self._writer)
                self._checkpointer = _Checkpointer(path)
        except BaseException as error:
            self._lock.close()
            if isinstance(error.__cause__, apsw.NotADBError):
                raise NotOurFileError("it is not an SQLite file") from None
            raise
        self._readers: deque[apsw.Connection] = deque()
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._gate = threading.Lock()
        self._closed = False
        self._writer.set_wal_hook(self._after_commit)
        self._thread = threading.Thread(target=self._write_batches, name="store-writer", daemon=True)
        self._thread.start()

    def read(self, tenant: str, actor: str) -> Stored | None:
        """See `Store.read`."""
        with _translated(), self._reader() as reader:
            return _select(reader, tenant, actor)

    def write(self, tenant: str, actor: str, change: Change) -> Stored:
        """See `Store.write`."""
        job = _Job(tenant, actor, change, Future())
        with self._gate:
            if self._closed:
                raise StoreUnavailableError
            self._jobs.put(job)
        return job.done.result()

    def trouble(self) -> str | None:
        """See `Store.trouble`."""
        if self._closed or not self._thread.is_alive():
            return "the store is closed"
        if not self._lock.is_held():
            return "the lock of the data file was removed"
        if not same_file(self._path, self._opened):
            return "the data file was removed or replaced"
        try:
            self.read("", "")
        except StoreUnavailableError:
            return "the data file cannot be read"
        return None

    def close(self) -> None:
        """See `Store.close`."""
        with self._gate:
            self._closed = True
            self._jobs.put(None)
        self._thread.join()
        self._checkpointer.close()
        while self._readers:
            self._readers.pop().close()
        self._writer.close()
        self._lock.close()

    @contextmanager
    def _reader(self) -> Iterator[apsw.Connection]:
        try:
            reader = self._readers.pop()
        except IndexError:
            reader = _connect(self._path)
        try:
            yield reader
        finally:
            self._readers.append(reader)

    def _after_commit(self, _connection: apsw.Connection, _schema: str, pages: int) -> int:
        if pages >= CHECKPOINT_PAGES:
            self._checkpointer.wake(truncate=pages >= TRUNCATE_PAGES)
        return apsw.SQLITE_OK

    def _write_batches(self) -> None:
        closing = False
        while not closing:
            batch: list[_Job] = []
            job = self._jobs.get()
            with suppress(Empty):
                while job is not None and len(batch) < BATCH_LIMIT:
                    batch.append(job)
                    job = self._jobs.get_nowait()
            closing = job is None
            self._write_batch(batch)

    def _write_batch(self, batch: list[_Job]) -> None:
        try:
            outcomes = self._commit(batch)
        except Exception as error:  # noqa: BLE001 - a caller waits for each job, and the thread serves the next batch
            self._roll_back()
            for job in batch:
                job.done.set_exception(StoreUnavailableError(type(error).__name__))
            return
        for job, outcome in zip(batch, outcomes, strict=True):
            if isinstance(outcome, Stored):
                job.done.set_result(outcome)
            else:
                job.done.set_exception(outcome)

    def _commit(self, batch: list[_Job]) -> list[Stored | Exception]:
        # What is written to a file that no path leads to any more is lost at the next start.
        if not same_file(self._path, self._opened):
            raise StoreUnavailableError
        self._writer.execute("BEGIN IMMEDIATE")
        outcomes = [self._apply(job) for job in batch]
        self._writer.execute("COMMIT")
        return outcomes

    def _apply(self, job: _Job) -> Stored | Exception:
        self._writer.execute("SAVEPOINT job")
        try:
            outcome: Stored | Exception = self._changed(job)
        except apsw.Error:
            # Some of SQLite's errors end the whole transaction, and no outcome of the batch may then be trusted.
            raise
        except Exception as error:  # noqa: BLE001 - it is the caller's, who waits for it
            self._writer.execute("ROLLBACK TO job")
            outcome = error
        self._writer.execute("RELEASE job")
        return outcome

    def _changed(self, job: _Job) -> Stored:
        current = _select(self._writer, job.tenant, job.actor)
        document = job.change(current)
        if current is None:
            changed = Stored(secrets.token_urlsafe(9), 1, document)
        elif current.document == document:
            return current
        else:
            changed = Stored(current.life, current.version + 1, document)
        self._writer.execute(_UPSERT, (job.tenant, job.actor, changed.life, changed.version, document))
        return changed

    def _roll_back(self) -> None:
        with suppress(apsw.Error):
            if self._writer.in_transaction:
                self._writer.execute("ROLLBACK")


class _Checkpointer:
    """A thread that copies committed pages back into the data file, so that no request waits for it."""

    def __init__(self, path: Path) -> None:
        self._connection = _connect(path)
        self._wanted = threading.Event()
        self._truncate = self._closing = False
        self._thread = threading.Thread(target=self._run, name="store-checkpointer", daemon=True)
        self._thread.start()

    def wake(self, *, truncate: bool) -> None:
        """Ask for a checkpoint; one that truncates waits for readers and holds up writers, so it is the exception."""
        self._truncate |= truncate
        self._wanted.set()

    def close(self) -> None:
        """Make a last checkpoint, after which nothing is left in the write-ahead log."""
        self._closing = self._truncate = True
        self._wanted.set()
        self._thread.join()
        self._connection.close()

    def _run(self) -> None:
        while not self._closing:
            self._wanted.wait()
            self._wanted.clear()
            mode = apsw.SQLITE_CHECKPOINT_TRUNCATE if self._truncate else apsw.SQLITE_CHECKPOINT_PASSIVE
            self._truncate = False
            # A checkpoint that fails leaves everything where it was, and the next commit asks for another.
            with suppress(apsw.Error):
                self._connection.wal_checkpoint(mode=mode)


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except apsw.Error as error:
        raise StoreUnavailableError(type(error).__name__) from error


def _connect(path: Path) -> apsw.Connection:
    connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READWRITE)
    connection.set_busy_timeout(BUSY_TIMEOUT_MS)
    for setting in ("synchronous = FULL", "secure_delete = ON", "wal_autocheckpoint = 0"):
        connection.execute(f"PRAGMA {setting}")
    return connection


def _prepare(connection: apsw.Connection) -> None:
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("BEGIN IMMEDIATE")
    ((application, schema, tables),) = connection.execute(
        "SELECT application_id, user_version, (SELECT count(*) FROM sqlite_schema)"
        " FROM pragma_application_id, pragma_user_version"
    ).fetchall()
    if (application, schema, tables) == (0, 0, 0):
        connection.execute(_SCHEMA)
    elif application != APPLICATION_ID:
        raise NotOurFileError("it was made by another program")
    elif schema != SCHEMA_VERSION:
        raise NotOurFileError(f"its schema has version {schema}, and this service knows version {SCHEMA_VERSION}")
    connection.execute("COMMIT")


def _select(connection: apsw.Connection, tenant: str, actor: str) -> Stored | None:
    rows: list[tuple[Any, ...]] = connection.execute(_SELECT, (tenant, actor)).fetchall()
    return Stored(*rows[0]) if rows else None
