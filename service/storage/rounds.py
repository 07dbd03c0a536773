"""Rounds of background work: what has expired is deleted, and what is due is done."""

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, Protocol, TypeVar

from service.items import Changes, Work
from service.storage import Store, StoreUnavailableError, Task

RETRY_S = 60

_T = TypeVar("_T")
_log = logging.getLogger("personalization")


class Due(NamedTuple):
    """Work that is due: whose it is, and its kind."""

    tenant: str
    actor: str
    name: str


class SweptChanges(Changes, Protocol):
    """Changes that may change what is scheduled, too."""

    def take(self, work: str) -> bool:
        """Take work that is due from what is to be done, and return whether it was still there."""

    def put_off(self, work: str, until: int) -> None:
        """Have scheduled work wait until a time, in seconds since the epoch."""


class SweptStore(Store, Protocol):
    """A store that rounds are made in. Whatever cannot be done raises StoreUnavailableError."""

    def delete_expired(self, now: int) -> bool:
        """Delete some of what has expired at a time, and return whether there was any."""

    def due(self, names: Sequence[str], now: int) -> list[Due]:
        """Return some of the work of these kinds that is due at a time, what is longest due first."""

    def change(self, tenant: str, actor: str, change: Callable[[SweptChanges], _T]) -> _T:
        """Change an actor's items and what is scheduled, see `ItemStore.write`."""


class Rounds:
    """Makes rounds in a store, in steps that hold up a request no longer than a write does.

    Args:
        store: where.
        work: what each kind of scheduled work does that is done by single changes.
        tasks: what each other kind of scheduled work does.
        claim_s: for how many seconds a task that is begun is left to this process; 0 where there is no other one.

    Attributes:
        work: as given.
        tasks: as given.

    """

    def __init__(
        self, store: SweptStore, work: Mapping[str, Work], tasks: Mapping[str, Task], *, claim_s: int = 0
    ) -> None:
        self._store = store
        self._claim_s = claim_s
        self.work = work
        self.tasks = tasks

    def make(self, now: int, is_closing: Callable[[], bool]) -> None:
        """Make a round at a time, in seconds since the epoch; it ends early once it `is_closing`.

        Raises:
            StoreUnavailableError: something of it was not done, and the next round will try again.

        """
        while not is_closing() and self._store.delete_expired(now):
            pass
        # Work of a kind that this service does not know waits for one that does.
        while due := self._store.due((*self.work, *self.tasks), now):
            for each in due:
                if is_closing():
                    return
                self._do(each, now)

    def _do(self, due: Due, now: int) -> None:
        tenant, actor, name = due

        def step(changes: SweptChanges) -> None:
            if not changes.take(name):
                return
            again = self.work[name](changes)
            if again is not None:
                # A time that has passed is not `soon`: the round would have no end.
                changes.schedule(name, again and max(again, now + 1))

        try:
            if name in self.tasks:
                self._do_task(due, now)
            else:
                self._store.change(tenant, actor, step)
        except StoreUnavailableError:
            if name not in self.tasks:
                raise
            # It may be something that the other work does not need, such as the log of erasures.
            self._store.change(tenant, actor, lambda changes: changes.put_off(name, now + 1))
        except Exception as error:  # noqa: BLE001 - the work of the other actors goes on
            _log.error("background work failed and is put off", exc_info=error, extra={"work": name})
            self._store.change(tenant, actor, lambda changes: changes.put_off(name, now + RETRY_S))

    def _do_task(self, due: Due, now: int) -> None:
        tenant, actor, name = due

        def claim(changes: SweptChanges) -> bool:
            is_due = changes.take(name)
            if is_due:
                changes.schedule(name, now + self._claim_s)
            return is_due

        if not self._claim_s:
            self.tasks[name](self._store, tenant, actor)
        elif self._store.change(tenant, actor, claim):
            self.tasks[name](self._store, tenant, actor)
            # The next step, if there is one, is due at once.
            self._store.change(tenant, actor, lambda changes: changes.put_off(name, 0))
