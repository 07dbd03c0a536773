"""A store that fails at a chosen write, before or after it was done, as a crash or a lost answer would have it."""

from collections.abc import Callable
from typing import Any

from service.storage import StoreUnavailableError
from service.storage.sqlite import SQLiteStore


class Watched:
    """A store whose writes are counted.

    Attributes:
        writes: how many there were.
        fails_at: the number of the write, from 1, that fails; None for none.
        is_done: whether the write that fails is done all the same.
        after_write: called after each write.

    """

    def __init__(self, store: SQLiteStore) -> None:
        self._store = store
        self.writes = 0
        self.fails_at: int | None = None
        self.is_done = False
        self.after_write: Callable[[], object] = lambda: None

    def write(self, tenant: str, actor: str, change: Any) -> Any:
        self.writes += 1
        fails = self.writes == self.fails_at
        if fails and not self.is_done:
            raise StoreUnavailableError
        result = self._store.write(tenant, actor, change)
        if fails:
            raise StoreUnavailableError
        self.after_write()
        return result

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)
