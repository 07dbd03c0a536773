"""Where items are kept: one interface, and what is true behind it whatever the database is."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from service.items import ItemStore, StoreUnavailableError, TenantFullError

__all__ = ["ItemStore", "Place", "Store", "StoreUnavailableError", "Task", "TenantFullError"]

Place = Path | str
"""Where a store is: an SQLite file, or the address of a database."""


class Store(ItemStore, Protocol):
    """A place that keeps the items of each actor of each tenant.

    It can be given a limit to the actors of a tenant, which holds for writes that make one (`keeps_actor`) where there
    was none, and never for others. A store whose transactions do not include the count may let some more pass, at most
    as many as there are such writes at the same time.
    """

    def actors(self, tenant: str, after: str | None, limit: int) -> list[str]:
        """Return the ids of a tenant's actors who have items, in the order of their UTF-8 bytes.

        Marks do not count. Whoever had items all the time is returned once by a walk from each last id to the next;
        whose items have expired may still be among them until they are swept.

        Args:
            tenant: whose actors.
            after: the id after which to begin, whether or not there is such an actor; None for the first.
            limit: how many at most; fewer are returned only when there are no more.

        Raises:
            StoreUnavailableError: the store could not be read.

        """

    def record_erasure(self, tenant: str, actors: Sequence[str], erasure: str) -> None:
        """Record an erasure durably before this returns, apart from what is stored.

        Where a store is a file, no loss of it reaches the record, which lies beside it; in a database it is what is to
        be saved before an older backup takes its place. It names nobody: what is recorded are keyed hashes. What was
        recorded lately is not recorded again.

        Args:
            tenant: whose actors they are.
            actors: who is erased; the empty id stands for all actors of the tenant.
            erasure: the id of the erasure, which also the mark ERASED holds.

        Raises:
            StoreUnavailableError: it may not have been recorded.

        """

    def trouble(self) -> str | None:
        """Return why the store cannot serve, in words that name nothing personal; None when it can."""

    def log_pages(self) -> int:
        """Return how many pages wait in the log of what was committed; none where that is a server's own."""

    def backlog(self) -> int:
        """Return how much background work is due and not done.

        Raises:
            StoreUnavailableError: the store could not be read.

        """

    def close(self) -> None:
        """Finish what was begun, and let go of everything."""


Task = Callable[[Store, str, str], None]
"""One step of background work that takes more than one change, on the actor of the tenant for which it is scheduled.

It is done again until one of its changes takes it from what is to be done, also after a crash; when it fails, later.
"""
