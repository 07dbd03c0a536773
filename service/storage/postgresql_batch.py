"""Writes of several actors in one transaction on PostgreSQL, each of which is done or refused by itself.

Nothing is sent before all is decided: what is refused has nothing that would have to be undone. A write is run until it
asks for items that are not known; what all of them ask for is read at once, and they are run again.
"""

from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple, NoReturn

from hosting.postgresql import Connection
from service.items import KEPT, Changes, Item
from service.storage.owner import Owner
from service.storage.postgresql_items import columns, find
from service.storage.versions import Stored, VersionedChanges

_ROUNDS: Final = 4
"""How often the items that writes ask for are read; one that asks again needs a transaction of its own."""

_WANTED = "unnest(%s::text[], %s::text[]) AS wanted (tenant, actor)"
# Whoever else writes items of these actors waits until the transaction has ended. Whom somebody holds is left out.
_HOLD = f"""
SELECT held.* FROM {_WANTED} CROSS JOIN LATERAL (
    SELECT tenant, actor FROM personalization.actor WHERE tenant = wanted.tenant AND actor = wanted.actor AND kept
    LIMIT 1 FOR UPDATE SKIP LOCKED
) AS held
"""  # noqa: S608 - of what stands above
# A row that somebody is changing would have to be waited for: it is there.
_ENTER = f"""
INSERT INTO personalization.actor (tenant, actor, attempt, kept)
SELECT tenant, actor, '', true FROM {_WANTED} WHERE (
    SELECT true FROM personalization.actor WHERE tenant = wanted.tenant AND actor = wanted.actor LIMIT 1
) IS NULL
ON CONFLICT DO NOTHING RETURNING tenant, actor
"""  # noqa: S608 - as above
_LEAVE = f"""
DELETE FROM personalization.actor USING {_WANTED} WHERE actor.tenant = wanted.tenant AND actor.actor = wanted.actor
"""  # noqa: S608 - as above
# All that is sent is done or nothing is, so the row of one actor says of all writes that they were done.
_PUT = """
WITH stamped AS (UPDATE personalization.actor SET attempt = %s WHERE tenant = %s AND actor = %s)
INSERT INTO personalization.item (tenant, actor, key, life, version, document, expires)
SELECT * FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::bigint[], %b::bytea[], %s::bigint[])
ON CONFLICT (tenant, actor, key) DO UPDATE
SET life = excluded.life, version = excluded.version, document = excluded.document, expires = excluded.expires
"""
_SCHEDULE = """
INSERT INTO personalization.work (tenant, actor, name, at)
SELECT * FROM unnest(%s::text[], %s::text[], %s::text[], %s::bigint[])
ON CONFLICT (tenant, actor, name) DO UPDATE SET at = least(work.at, excluded.at)
"""


class Job(NamedTuple):
    """A write: whose items it changes, how, and by when it is to be done, by `time.monotonic()`."""

    owner: Owner
    change: Callable[[Changes], Any]
    deadline: float


class Outcome(NamedTuple):
    """What a write returned, or what it raised."""

    value: Any = None
    error: Exception | None = None


class NothingToSendError(Exception):
    """All is decided, and nothing is to be done."""


class _UnknownError(Exception):
    """A write asks for items that are not known."""

    def __init__(self, keys: Sequence[str]) -> None:
        super().__init__(keys)
        self.keys = keys


class _OwnTransactionError(Exception):
    """A write does what needs a transaction of its own."""


class _Puts(VersionedChanges):
    """See `Changes`; what writes of one actor put and schedule, one after the other, and nothing else.

    Args:
        now: the time, in seconds since the epoch.
        before: what those before have done.

    Attributes:
        items: what they put, by key.
        work: the work that they schedule, and when.

    """

    def __init__(self, now: int, before: "_Puts | None" = None) -> None:
        super().__init__(now)
        self.items: dict[str, Stored] = {}
        self.work: dict[str, int] = {}
        if before is not None:
            self._known.update(before._known)  # noqa: SLF001 - it is one of its own
            self.items.update(before.items)
            self.work.update(before.work)
            self.is_due = before.is_due

    def know(self, key: str, stored: Stored | None) -> None:
        """Take in what is stored under a key."""
        self._known[key] = stored

    def scan(self, first: str, last: str, limit: int, *, newest_first: bool = False) -> NoReturn:  # noqa: ARG002 - the protocol's
        """See `Items.scan`."""
        raise _OwnTransactionError

    def delete(self, key: str) -> NoReturn:  # noqa: ARG002 - as above
        """See `Changes.delete`."""
        raise _OwnTransactionError

    def schedule(self, work: str, at: int = 0) -> None:
        """See `Changes.schedule`."""
        self.work[work] = min(at, self.work.get(work, at))
        self.is_due |= at <= self._now

    def unschedule(self, work: str | None = None) -> NoReturn:  # noqa: ARG002 - as above
        """See `Changes.unschedule`."""
        raise _OwnTransactionError

    def _load(self, keys: Sequence[str]) -> NoReturn:
        raise _UnknownError(keys)

    def _store(self, item: Item, expires: int | None) -> None:
        self.items[item.key] = item, expires


class _Actor:
    """The writes of one actor, in the order in which they came.

    Attributes:
        owner: who it is.
        jobs: the writes, each by its place in the batch.
        done: what those have done that are decided.

    """

    def __init__(self, owner: Owner, now: int) -> None:
        self.owner = owner
        self.jobs: list[tuple[int, Job]] = []
        self.done = _Puts(now)
        self._now = now
        self._decided = 0

    def is_changed(self) -> bool:
        """Return whether something was put or scheduled."""
        return bool(self.done.items or self.done.work)

    def is_kept(self) -> bool:
        """Return whether what was put makes an actor."""
        return any(key.startswith(KEPT) for key in self.done.items)

    def advance(self, outcomes: list[Outcome | None]) -> Sequence[str]:
        """Do its writes until one asks for items that are not known, and return their keys."""
        for place, job in self.jobs[self._decided :]:
            puts = _Puts(self._now, self.done)
            try:
                outcomes[place] = Outcome(job.change(puts))
                self.done = puts
            except _UnknownError as unknown:
                return unknown.keys
            except _OwnTransactionError:
                pass
            except Exception as error:  # noqa: BLE001 - it is the caller's, who waits for it
                outcomes[place] = Outcome(error=error)
            self._decided += 1
        return ()


class Batch:
    """Writes that are done in one transaction, those of each actor in the order in which they came.

    Args:
        jobs: the writes.
        now: the time, in seconds since the epoch.
        attempt: an id of this batch.
        may_enter: whether actors may come of whom nothing was kept.

    Attributes:
        outcomes: that of each write; None for one that was not done, and needs a transaction of its own.
        stamped: the actor whose row holds the id of the batch once it is done; None where no item was put.
        is_due: whether work was scheduled that need not wait.

    """

    def __init__(self, jobs: Sequence[Job], now: int, attempt: str, *, may_enter: bool) -> None:
        self._jobs = jobs
        self._now = now
        self._attempt = attempt
        self._may_enter = may_enter
        self.outcomes: list[Outcome | None] = []
        self.stamped: Owner | None = None
        self.is_due = False

    def run(self, connection: Connection) -> None:
        """Decide and send them on a connection that is in a transaction; it may be run again in another one.

        Raises:
            NothingToSendError: see there; the transaction is to be undone.

        """
        self.outcomes = [None] * len(self._jobs)
        actors: dict[tuple[str, ...], _Actor] = {}
        for place, job in enumerate(self._jobs):
            actors.setdefault(job.owner[:2], _Actor(job.owner, self._now)).jobs.append((place, job))
        held = [actors[whose] for whose in connection.execute(_HOLD.encode(), columns(actors)).fetchall()]
        entered = []
        if self._may_enter and len(held) < len(actors):
            # In one order, so that of those who enter the same actors no two wait for each other.
            others = sorted(whose for whose, actor in actors.items() if actor not in held)
            entered = [actors[whose] for whose in connection.execute(_ENTER.encode(), columns(others)).fetchall()]
        self._decide(connection, held + entered)
        left = [actor for actor in entered if not actor.is_kept()]
        self._leave_undone(left)
        changed = [actor for actor in held + entered if actor.is_changed() and actor not in left]
        if not changed:
            raise NothingToSendError
        if left:
            connection.execute(_LEAVE.encode(), columns(actor.owner[:2] for actor in left))
        self._send(connection, changed)

    def _decide(self, connection: Connection, actors: Sequence[_Actor]) -> None:
        for _ in range(_ROUNDS):
            wanted = [(actor, key) for actor in actors for key in actor.advance(self.outcomes)]
            if not wanted:
                break
            found = find(connection, [(actor.owner, key) for actor, key in wanted], self._now)
            for (actor, key), stored in zip(wanted, found, strict=True):
                actor.done.know(key, stored)

    def _leave_undone(self, actors: Sequence[_Actor]) -> None:
        for actor in actors:
            if actor.is_changed():
                for place, _ in actor.jobs:
                    self.outcomes[place] = None

    def _send(self, connection: Connection, actors: Sequence[_Actor]) -> None:
        items = [(actor.owner, *stored) for actor in actors for stored in actor.done.items.values()]
        if items:
            self.stamped = items[0][0]
            rows = [(owner.tenant, owner.partition(item.key), *item, expires) for owner, item, expires in items]
            connection.execute(_PUT.encode(), (self._attempt, *self.stamped[:2], *columns(rows)))
        work = [(*actor.owner[:2], *scheduled) for actor in actors for scheduled in actor.done.work.items()]
        if work:
            connection.execute(_SCHEDULE.encode(), columns(work))
        self.is_due = any(actor.done.is_due for actor in actors)
