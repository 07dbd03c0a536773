"""How changes come into PostgreSQL: those that wait at the same time in one transaction, where they can."""

import secrets
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

import psycopg

from hosting.postgresql import WORK_S, Connection, Database, DatabaseError, OutcomeUnknownError
from service.items import Changes
from service.storage import StoreUnavailableError
from service.storage.batching import Batches
from service.storage.owner import Owner
from service.storage.postgresql_batch import Batch, Job, NothingToSendError, Outcome
from service.storage.postgresql_items import PostgreSQLChanges

_ATTEMPT = "SELECT attempt FROM personalization.actor WHERE tenant = %s AND actor = %s FOR UPDATE"

_T = TypeVar("_T")


class Writes:
    """Writes of the items of any actors.

    Args:
        database: where they are.
        now: returns the time, in seconds since the epoch.
        max_actors: how many actors a tenant can have, None for any number.
        on_batch: told of each transaction that was committed: how many writes it had, and how many seconds it took.
        on_due: called when work was scheduled that need not wait.

    """

    def __init__(
        self,
        database: Database,
        now: Callable[[], int],
        max_actors: int | None,
        *,
        on_batch: Callable[[int, float], None] | None,
        on_due: Callable[[], None],
    ) -> None:
        self._database = database
        self._now = now
        self._max_actors = max_actors
        self._on_batch = on_batch
        self._on_due = on_due
        self._batches = Batches(self._carry_out)

    def write(self, owner: Owner, change: Callable[[Changes], _T]) -> _T:
        """See `ItemStore.write`.

        Raises:
            DatabaseError, psycopg.Error: nothing was acknowledged.

        """
        job = Job(owner, change, time.monotonic() + WORK_S)
        outcome = self._batches.answer(job)
        if outcome is None:
            return self._alone(owner, change, job.deadline)
        if outcome.error is not None:
            raise outcome.error
        value: _T = outcome.value
        return value

    def change(self, owner: Owner, change: Callable[[PostgreSQLChanges], _T]) -> _T:
        """See `SweptStore.change`; it raises what `write` raises."""
        return self._alone(owner, change, time.monotonic() + WORK_S)

    def _carry_out(self, jobs: Sequence[Job]) -> Sequence[Outcome | None]:
        begun, deadline = time.perf_counter(), jobs[0].deadline
        attempt = secrets.token_urlsafe(9)
        batch = Batch(jobs, self._now(), attempt, may_enter=self._max_actors is None)
        try:
            self._database.transact(batch.run, seconds=deadline - time.monotonic())
        except NothingToSendError:
            return batch.outcomes
        except OutcomeUnknownError as error:
            if not self._was_committed(batch.stamped, attempt, deadline):
                return [Outcome(error=StoreUnavailableError(str(error)))] * len(jobs)
        except (DatabaseError, psycopg.Error):
            # It may be the fault of one of them, and has left nothing.
            return [None] * len(jobs)
        self._tell(len(jobs) - batch.outcomes.count(None), begun, is_due=batch.is_due)
        return batch.outcomes

    def _alone(self, owner: Owner, change: Callable[[PostgreSQLChanges], _T], deadline: float) -> _T:
        begun = time.perf_counter()
        attempt = secrets.token_urlsafe(9)
        done: tuple[_T, PostgreSQLChanges] | None = None

        def run(connection: Connection) -> tuple[_T, PostgreSQLChanges]:
            nonlocal done
            changes = PostgreSQLChanges(connection, owner, self._now(), attempt)
            result = change(changes)
            changes.finish(self._max_actors)
            done = result, changes
            return done

        try:
            result, changes = self._database.transact(run, seconds=deadline - time.monotonic())
        except OutcomeUnknownError:
            if done is None or not self._was_committed(owner, attempt, deadline):
                raise
            result, changes = done
        self._tell(1, begun, is_due=changes.is_due)
        return result

    def _was_committed(self, owner: Owner | None, attempt: str, deadline: float) -> bool:
        """Return whether a transaction of unknown outcome, which has written to an actor, is known to have been done.

        It waits for the row of the actor, which that transaction holds as long as it may still be done. A write that
        came in between, or one after which nothing is left of the actor, says nothing; it is then better not
        acknowledged.
        """
        if owner is None:
            return False

        def read(connection: Connection) -> bool:
            return connection.execute(_ATTEMPT, (owner.tenant, owner.actor)).fetchall() == [(attempt,)]

        try:
            return self._database.read(read, seconds=deadline - time.monotonic())
        except (DatabaseError, psycopg.Error):
            return False

    def _tell(self, writes: int, begun: float, *, is_due: bool) -> None:
        if is_due:
            self._on_due()
        if writes and self._on_batch is not None:
            self._on_batch(writes, time.perf_counter() - begun)
