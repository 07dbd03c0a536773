"""The store on one SQLite file, served by one process.

Writes go through one thread. A batch is what queued while the last one was being synchronised to the disk: there is no
timer, so a lone write waits for nobody and many share one fsync. Nothing is answered before its batch is committed.
"""

import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

import apsw

from hosting.sqlite_copies import told
from service.items import CONSENT, MAX_CHANGES, Changes, Item, Items, Work
from service.storage import StoreUnavailableError, Task
from service.storage.background import SWEEP_PERIOD_S, Checkpointer, Sweeper
from service.storage.erasure_file import ErasureFile
from service.storage.files import FileLock, make_private_folder, open_private_file, same_file
from service.storage.migrating import refuse_unfinished
from service.storage.owner import Owner
from service.storage.rounds import Due, Rounds
from service.storage.sqlite_actors import actors_of
from service.storage.sqlite_census import Census, forget_census
from service.storage.sqlite_file import NotOurFileError, connect, marks_key, position, prepare
from service.storage.sqlite_items import SQLiteItems, get_at_once
from service.storage.sqlite_jobs import JobChanges

BATCH_LIMIT = 256
CHECKPOINT_PAGES = 1_000
TRUNCATE_PAGES = 16_000

_DELETE_EXPIRED = """
DELETE FROM item WHERE (tenant, actor, key) IN (SELECT tenant, actor, key FROM item WHERE expires <= ? LIMIT ?)
"""
_DUE = "SELECT tenant, actor, name FROM work WHERE at <= ? AND name IN ({}) ORDER BY at LIMIT ?"

_BACKLOG = """
SELECT (SELECT count(*) FROM item WHERE expires <= :now) + (SELECT count(*) FROM work WHERE at <= :now)
"""

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class _Outcome:
    value: Any = None
    error: Exception | None = None


class _Job:
    """Something for the writer's thread to run, whose outcome another thread waits for.

    A lock is all that this takes; a Future makes a condition each time, which cost more than the write's own rule.
    """

    __slots__ = ("_done", "_outcome", "run")

    def __init__(self, run: Callable[[apsw.Connection], Any]) -> None:
        self.run = run
        self._outcome = _Outcome()
        self._done = threading.Lock()
        self._done.acquire()

    def finish(self, outcome: _Outcome) -> None:
        """Let the one who waits go on; once."""
        self._outcome = outcome
        self._done.release()

    def result(self) -> Any:
        """Wait for what it returned, or raise what it raised."""
        with self._done:
            if self._outcome.error is not None:
                raise self._outcome.error
            return self._outcome.value


class SQLiteStore:
    """A store on the file at `path`, created if need be; one of an older version is brought forward.

    Args:
        path: the file.
        work: what each kind of scheduled work does that is done by single changes.
        tasks: what each other kind of scheduled work does.
        clock: the time, in seconds since the epoch, by which items expire and work is due.
        sweep_period: seconds between two looks for what has expired or is due.
        on_batch: told of each batch that was committed: how many writes, and how many seconds it took.
        max_actors: how many actors a tenant can have, exactly; None for any number.

    Raises:
        HeldError: another process serves the file.
        NotOurFileError: it is another kind of file, or of a later version.
        OSError, StoreUnavailableError: it cannot be opened.

    """

    def __init__(
        self,
        path: Path,
        work: Mapping[str, Work] | None = None,
        *,
        tasks: Mapping[str, Task] | None = None,
        clock: Callable[[], float] = time.time,
        sweep_period: float = SWEEP_PERIOD_S,
        on_batch: Callable[[int, float], None] | None = None,
        max_actors: int | None = None,
    ) -> None:
        make_private_folder(path.parent)
        self._path = path
        self._rounds = Rounds(self, work or {}, tasks or {})
        self._clock = clock
        self._on_batch = on_batch
        self._log_pages = 0
        self._erasures = ErasureFile(path, clock)
        self._lock = FileLock(path)
        with ExitStack() as on_failure:
            on_failure.callback(self._lock.close)
            log_was_left = _has_log(path)
            descriptor = open_private_file(path)
            self._opened = os.fstat(descriptor)
            os.close(descriptor)
            with _translated_at_the_start():
                self._writer = connect(path, writes_to_log=True)
                # What was begun with the file holds it for others as long as the connection is open.
                on_failure.callback(self._writer.close)
                prepare(self._writer)
                refuse_unfinished(position(self._writer))
                self._census = Census(self._writer, max_actors) if max_actors is not None else None
                if self._census is None:
                    forget_census(self._writer)
                self._marks_key = marks_key(self._writer)
                self._checkpointer = Checkpointer(connect(path))
            on_failure.pop_all()
        self._readers: deque[apsw.Connection] = deque()
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        self._gate, self._sweeping = threading.Lock(), threading.Lock()
        self._closed = self._has_traces = False
        self._writer.set_wal_hook(self._after_commit)
        self._thread = threading.Thread(target=self._write_batches, name="store-writer", daemon=True)
        self._thread.start()
        self._sweeper = Sweeper(self.sweep, sweep_period)
        self._sweeper.start()
        if self.backlog():
            # A crash or a restore has left something.
            self._sweeper.wake()
        if log_was_left:
            # What was deleted just before a crash can be read in it.
            self._checkpointer.wake(truncate=True)

    def get(self, tenant: str, actor: str, *keys: str) -> list[Item | None]:
        """See `ItemStore.get`."""
        # What every read of a profile passes through does without context managers, which cost a third of it.
        reader = self._take_reader()
        try:
            return get_at_once(reader, Owner(tenant, actor, self._marks_key), keys, int(self._clock()))
        except apsw.Error as error:
            raise StoreUnavailableError(told(error)) from error
        finally:
            self._readers.append(reader)

    def read(self, tenant: str, actor: str, view: Callable[[Items], _T]) -> _T:
        """See `ItemStore.read`."""
        with _translated(), self._reader() as reader:
            reader.execute("BEGIN")
            try:
                return view(SQLiteItems(reader, Owner(tenant, actor, self._marks_key), int(self._clock())))
            finally:
                reader.execute("COMMIT")

    def write(self, tenant: str, actor: str, change: Callable[[Changes], _T]) -> _T:
        """See `ItemStore.write`."""
        return self.change(tenant, actor, change)

    def actors(self, tenant: str, after: str | None, limit: int) -> list[str]:
        """See `Store.actors`."""
        with _translated(), self._reader() as reader:
            return actors_of(reader, tenant, after, limit)

    def sweep(self) -> None:
        """Delete what has expired and do what is due, in steps that hold up a request no longer than a write does.

        Raises:
            StoreUnavailableError: something of it was not done, and the next round will try again.

        """
        with self._sweeping:
            self._rounds.make(int(self._clock()), self._sweeper.is_closing)
            if self._has_traces:
                self._has_traces = False
                # Until the log is truncated, what was deleted can be read in it.
                self._checkpointer.wake(truncate=True)

    def delete_expired(self, now: int) -> bool:
        """See `SweptStore.delete_expired`."""
        deleted = self._carry_out(lambda writer: _delete_expired(writer, now)) > 0
        self._has_traces |= deleted
        return deleted

    def due(self, names: Sequence[str], now: int) -> list[Due]:
        """See `SweptStore.due`."""
        statement = _DUE.format(", ".join("?" * len(names)))
        with _translated(), self._reader() as reader:
            rows: Any = reader.execute(statement, (now, *names, MAX_CHANGES))
            return [Due(*row) for row in rows]

    def record_erasure(self, tenant: str, actors: Sequence[str], erasure: str) -> None:
        """See `Store.record_erasure`."""
        erased = [Owner(tenant, actor, self._marks_key).pseudonym for actor in actors]
        with _written_to_log():
            self._erasures.append(erased, erasure)

    def _record_consent(self, owner: Owner, withdrawal: Item | None) -> None:
        """Record what stands of consent before it is committed: one thread commits, so the last line is what stands."""
        with _written_to_log():
            self._erasures.append_consent(owner.tenant, owner.pseudonym, withdrawal and withdrawal.document)

    def trouble(self) -> str | None:
        """See `Store.trouble`."""
        return next(self._troubles(), None)

    def _troubles(self) -> Iterator[str]:
        if self._closed or not self._thread.is_alive():
            yield "the store is closed"
        if not self._checkpointer.is_alive():
            yield "the checkpointer has ended, and the log of the data file would grow for ever"
        if not self._sweeper.is_alive():
            yield "the sweeper has ended, and what was deleted or has expired would stay on the disk"
        if not self._lock.is_held():
            yield "the lock of the data file was removed"
        if not same_file(self._path, self._opened):
            yield "the data file was removed or replaced"
        try:
            self.get("", "", "")
        except StoreUnavailableError:
            yield "the data file cannot be read"

    def log_pages(self) -> int:
        """See `Store.log_pages`."""
        return self._log_pages

    def backlog(self) -> int:
        """See `Store.backlog`."""
        with _translated(), self._reader() as reader:
            rows: list[Any] = reader.execute(_BACKLOG, {"now": int(self._clock())}).fetchall()
            count: int = rows[0][0]
            return count

    def close(self) -> None:
        """See `Store.close`."""
        self._sweeper.close()
        with self._gate:
            if self._closed:
                return
            self._closed = True
            self._jobs.put(None)
        self._thread.join()
        while self._readers:
            self._readers.pop().close()
        self._writer.close()
        # The last one to let go of the file removes the log.
        self._checkpointer.close()
        self._lock.close()

    def _take_reader(self) -> apsw.Connection:
        try:
            return self._readers.pop()
        except IndexError:
            with _translated():
                return connect(self._path, writes_to_log=True)

    @contextmanager
    def _reader(self) -> Iterator[apsw.Connection]:
        reader = self._take_reader()
        try:
            yield reader
        finally:
            self._readers.append(reader)

    def change(self, tenant: str, actor: str, change: Callable[[JobChanges], _T]) -> _T:
        """See `SweptStore.change`."""
        census = self._census
        owner = Owner(tenant, actor, self._marks_key)

        def recorded(changes: JobChanges) -> _T:
            result = change(changes)
            if CONSENT in changes.changed:
                self._record_consent(owner, changes.get(CONSENT))
            return result

        def run(writer: apsw.Connection) -> tuple[_T, JobChanges]:
            changes = JobChanges(writer, owner, int(self._clock()))
            if census is None:
                return changes.make(recorded), changes
            return changes.make(
                lambda changes: census.counted(tenant, actor, lambda: changes.flushed(recorded))
            ), changes

        result, changes = self._carry_out(run)
        self._has_traces |= changes.deleted
        if changes.is_due:
            self._sweeper.wake()
        return result

    def _carry_out(self, run: Callable[[apsw.Connection], _T]) -> _T:
        """Have the writer's thread run something in a transaction, and wait until it is committed."""
        job = _Job(run)
        with self._gate:
            if self._closed:
                raise StoreUnavailableError
            self._jobs.put(job)
        result: _T = job.result()
        return result

    def _after_commit(self, _connection: apsw.Connection, _schema: str, pages: int) -> int:
        self._log_pages = pages
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
            if batch:
                self._write_batch(batch)

    def _write_batch(self, batch: list[_Job]) -> None:
        begun = time.perf_counter()
        try:
            outcomes = self._commit(batch)
        except Exception as error:  # noqa: BLE001 - a caller waits for each job, and the thread serves the next batch
            self._roll_back()
            for job in batch:
                job.finish(_Outcome(error=StoreUnavailableError(type(error).__name__)))
            return
        seconds = time.perf_counter() - begun
        for job, outcome in zip(batch, outcomes, strict=True):
            job.finish(outcome)
        if self._on_batch is not None:
            self._on_batch(len(batch), seconds)

    def _commit(self, batch: list[_Job]) -> list[_Outcome]:
        # What is written to a file that no path leads to any more is lost at the next start.
        if not same_file(self._path, self._opened):
            raise StoreUnavailableError
        self._writer.execute("BEGIN IMMEDIATE")
        outcomes = [self._apply(job) for job in batch]
        self._writer.execute("COMMIT")
        return outcomes

    def _apply(self, job: _Job) -> _Outcome:
        try:
            return _Outcome(job.run(self._writer))
        except apsw.Error:
            # Some of SQLite's errors end the whole transaction, and no outcome of the batch may then be trusted.
            raise
        except Exception as error:  # noqa: BLE001 - it is the caller's, who waits for it
            return _Outcome(error=error)

    def _roll_back(self) -> None:
        with suppress(apsw.Error):
            if self._writer.in_transaction:
                self._writer.execute("ROLLBACK")


def _has_log(path: Path) -> bool:
    """Return whether somebody who did not close a data file left a write-ahead log beside it."""
    log = path.with_name(path.name + "-wal")
    return log.exists() and log.stat().st_size > 0


def _delete_expired(writer: apsw.Connection, now: int) -> int:
    writer.execute(_DELETE_EXPIRED, (now, MAX_CHANGES))
    return writer.changes()


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except apsw.Error as error:
        raise StoreUnavailableError(told(error)) from error


@contextmanager
def _written_to_log() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StoreUnavailableError(f"the log of erasures cannot be written: {error.strerror}") from None


@contextmanager
def _translated_at_the_start() -> Iterator[None]:
    try:
        with _translated():
            yield
    except StoreUnavailableError as error:
        if isinstance(error.__cause__, apsw.NotADBError):
            raise NotOurFileError("it is not an SQLite file") from None
        raise
