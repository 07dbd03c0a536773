"""The store in one table of DynamoDB, served by any number of processes.

A write reads what it is decided on, and is then one transaction, which is cancelled when another write of its actor
came first; it is decided anew then. So a history gets its places in the order in which they are committed.
"""

import secrets
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Final, TypeVar

from service.items import BEHIND, Changes, Item, Items, Work
from service.storage import StoreUnavailableError, Task
from service.storage.background import SWEEP_PERIOD_S, Sweeper
from service.storage.dynamodb_items import DynamoDBChanges, DynamoDBItems
from service.storage.dynamodb_queue import backlog, due
from service.storage.dynamodb_rows import listing
from service.storage.dynamodb_table import WORK_S, ConflictError, Key, Table, attempts, key_row
from service.storage.migrating import refuse_unfinished
from service.storage.owner import Owner
from service.storage.queueing import NoTurnError, Queues
from service.storage.rounds import Due, Rounds

CLAIM_S = 60
"""How long a task that a process has begun is left to it."""

LOOK_S = 10.0
"""How long a look for what is due may take."""

MARKS_KEY: Final[Key] = ("secret", "marks")
COPIED: Final[Key] = ("secret", "copied")
"""Where it lies up to where a copy is made in the table, see `service.storage.migrating`."""

_LAST_ACTOR = "\U0010ffff" * 256
"""No id comes after it, since none is longer."""

_T = TypeVar("_T")


class DynamoDBStore:
    """A store in a table that is there.

    Args:
        address: of the table, see `service.storage.dynamodb_address`.
        work: what each kind of scheduled work does that is done by single changes.
        tasks: what each other kind of scheduled work does.
        clock: the time, in seconds since the epoch, by which items expire and work is due.
        sweep_period: seconds between two looks for what is due.
        on_batch: told of each write that was committed: 1, and how many seconds it took.
        max_actors: how many actors a tenant can have, see `Store`; None for any number.

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
    ) -> None:
        self._clock = clock
        self._on_batch = on_batch
        self._max_actors = max_actors
        self._table = Table(address)
        try:
            self._marks_key = marks_key(self._table)
            refuse_unfinished(position(self._table, _deadline()))
        except BaseException:
            self._table.close()
            raise
        # Writes of one actor in this process wait for each other, which costs less than to be cancelled.
        self._queues = Queues()
        self._rounds = Rounds(self, work or {}, tasks or {}, claim_s=CLAIM_S)
        self._sweeping = threading.Lock()
        self._sweeper = Sweeper(self.sweep, sweep_period)
        self._sweeper.start()

    def get(self, tenant: str, actor: str, *keys: str) -> list[Item | None]:
        """See `ItemStore.get`."""
        deadline = _deadline()
        items = DynamoDBItems(self._table, self._owner(tenant, actor), int(self._clock()), deadline)
        return _repeated(lambda: items.get_at_once(*keys), deadline)

    def read(self, tenant: str, actor: str, view: Callable[[Items], _T]) -> _T:
        """See `ItemStore.read`."""
        deadline = _deadline()
        items = DynamoDBItems(self._table, self._owner(tenant, actor), int(self._clock()), deadline)

        def look() -> _T:
            attempt = items.head().attempt
            try:
                return view(items)
            finally:
                # What a view raises, too, it may have seen in two states.
                if items.head().attempt != attempt:
                    raise ConflictError

        return _repeated(look, deadline)

    def write(self, tenant: str, actor: str, change: Callable[[Changes], _T]) -> _T:
        """See `ItemStore.write`."""
        return self.change(tenant, actor, change)

    def change(self, tenant: str, actor: str, change: Callable[[DynamoDBChanges], _T]) -> _T:
        """See `SweptStore.change`."""
        begun, deadline, owner = time.perf_counter(), _deadline(), self._owner(tenant, actor)
        try:
            with self._queues.turn(owner.pseudonym, WORK_S):
                result, is_due = _repeated(lambda: self._attempt(owner, change, deadline), deadline)
        except NoTurnError:
            raise StoreUnavailableError("other writes of the actor took all the time") from None
        if is_due:
            self._sweeper.wake()
        if self._on_batch is not None:
            self._on_batch(1, time.perf_counter() - begun)
        return result

    def actors(self, tenant: str, after: str | None, limit: int) -> list[str]:
        """See `Store.actors`."""
        now = int(self._clock())
        found: list[str] = []
        for row in self._table.query(listing(tenant), after or BEHIND, _LAST_ACTOR, _deadline(), limit=limit + 1):
            is_there = "expires" not in row or int(row["expires"]["N"]) > now
            if is_there and row["sk"]["S"] != after:
                found.append(row["sk"]["S"])
            if len(found) == limit:
                break
        return found

    def sweep(self) -> None:
        """Do what is due, in steps that hold up a request no longer than a write does.

        Raises:
            StoreUnavailableError: something of it was not done, and the next round will try again.

        """
        with self._sweeping:
            self._rounds.make(int(self._clock()), self._sweeper.is_closing)

    def delete_expired(self, now: int) -> bool:  # noqa: ARG002 - the protocol's
        """See `SweptStore.delete_expired`; the engine does that by itself, at no cost."""
        return False

    def due(self, names: Sequence[str], now: int) -> list[Due]:
        """See `SweptStore.due`."""
        return due(self._table, names, now, time.monotonic() + LOOK_S)

    def record_erasure(self, tenant: str, actors: Sequence[str], erasure: str) -> None:
        """See `Store.record_erasure`; here it lies in the same table, which no restore to a point in time changes."""
        pk = f"erasures.{tenant}"
        value = {"erasure": {"S": erasure}, "at": {"N": str(int(self._clock()))}}
        pseudonyms = {self._owner(tenant, actor).pseudonym for actor in actors}
        rows = [key_row((pk, pseudonym)) | value for pseudonym in sorted(pseudonyms)]
        self._table.put(rows, _deadline())

    def trouble(self) -> str | None:
        """See `Store.trouble`."""
        if not self._sweeper.is_alive():
            return "the sweeper has ended, and what is due would stay"
        try:
            self._table.get([MARKS_KEY], _deadline())
        except StoreUnavailableError:
            return "the table cannot be read"
        return None

    def log_pages(self) -> int:
        """See `Store.log_pages`; there is none."""
        return 0

    def backlog(self) -> int:
        """See `Store.backlog`."""
        return backlog(self._table, int(self._clock()), time.monotonic() + LOOK_S)

    def close(self) -> None:
        """See `Store.close`."""
        self._sweeper.close()
        self._table.close()

    def _attempt(self, owner: Owner, change: Callable[[DynamoDBChanges], _T], deadline: float) -> tuple[_T, bool]:
        """Do a change once, and return what it returned, and whether work is due.

        Raises:
            ConflictError: another write came first, and nothing was done.

        """
        changes = DynamoDBChanges(self._table, owner, int(self._clock()), deadline)
        attempt = secrets.token_urlsafe(18)
        try:
            result = change(changes)
            actions = changes.actions(attempt, self._max_actors)
        except StoreUnavailableError:
            raise
        except Exception:
            # What is refused, too, may have been decided on two states.
            changes.require_same_head()
            raise
        if not actions:
            changes.require_same_head()
            return result, False
        try:
            self._table.transact(actions, attempt, deadline)
        except ConflictError as conflict:
            # What was sent twice may have been done the first time, if the engine has forgotten that since.
            if conflict.is_certain:
                raise
            if changes.head().attempt != attempt:
                raise StoreUnavailableError("it is not known whether the write was done") from None
        return result, changes.is_due

    def _owner(self, tenant: str, actor: str) -> Owner:
        return Owner(tenant, actor, self._marks_key)


def _deadline() -> float:
    return time.monotonic() + WORK_S


def _repeated(act: Callable[[], _T], deadline: float) -> _T:
    """Act until no other transaction is met, as long as there is time."""
    for _ in attempts(deadline):
        try:
            return act()
        except ConflictError:
            continue
    raise StoreUnavailableError("other writes of the actor took all the time")


def position(table: Table, deadline: float) -> str | None:
    """Return up to where a copy is made in the table; None when it is no copy."""
    for row in table.get([COPIED], deadline):
        return str(row["position"]["S"])
    return None


def marks_key(table: Table) -> bytes:
    """Return the key of the hashes that lead to marks, which is made if there is none."""
    deadline = _deadline()
    made = key_row(MARKS_KEY) | {"value": {"B": secrets.token_bytes(32)}}
    for _ in attempts(deadline):
        if found := table.get([MARKS_KEY], deadline):
            return bytes(found[0]["value"]["B"])
        put = {"Put": {"Item": made, "ConditionExpression": "attribute_not_exists(pk)"}}
        try:
            table.transact([put], secrets.token_urlsafe(18), deadline)
        except ConflictError:
            continue
    raise StoreUnavailableError("the key of its marks could not be made in time")
