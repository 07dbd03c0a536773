"""What a change knows of an actor's items, and which versions it makes of them."""

import secrets
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence

from service.items import MAX_CHANGES, MAX_DOCUMENT, MAX_STORED, Item

Stored = tuple[Item, int | None]
"""An item, and the time from which on it is gone, in seconds since the epoch; None for never."""


class VersionedChanges(ABC):
    """The reads and the decisions of a change, see `Changes`; a store says how rows are read and written.

    Nobody else changes anything meanwhile, so what was read to decide on a write is not read again to write it.

    Attributes:
        changed: the keys of the items that were stored or deleted.
        deleted: whether something was deleted, whose traces are to be removed.
        is_due: whether work was scheduled that need not wait.

    """

    def __init__(self, now: int) -> None:
        self._now = now
        self.changed: set[str] = set()
        self._sizes: dict[str, int] = {}
        self._known: dict[str, Stored | None] = {}
        self.deleted = self.is_due = False

    @abstractmethod
    def _load(self, keys: Sequence[str]) -> Iterable[Stored]:
        """Return the items with these keys that are there."""

    @abstractmethod
    def _store(self, item: Item, expires: int | None) -> None:
        """Store an item, in the place of one with its key."""

    def get(self, key: str) -> Item | None:
        """See `Items.get`."""
        stored = self._read(key)
        return stored[0] if stored else None

    def get_all(self, *keys: str) -> list[Item | None]:
        """See `Items.get_all`."""
        if unknown := [key for key in keys if key not in self._known]:
            self._known.update(dict.fromkeys(unknown))
            for stored in self._load(unknown):
                self._known[stored[0].key] = stored
        found = [self._known[key] for key in keys]
        return [stored and stored[0] for stored in found]

    def put(self, key: str, document: bytes, *, expires: int | None = None) -> Item:
        """See `Changes.put`."""
        stored = self._read(key)
        if stored is None:
            item = Item(key, secrets.token_urlsafe(9), 1, document)
        else:
            item, stored_expires = stored
            if (item.document, stored_expires) == (document, expires):
                return item
            if item.document != document:
                item = Item(key, item.life, item.version + 1, document)
        self._count(key)
        self._weigh(key, len(document))
        is_there = expires is None or expires > self._now
        self._known[key] = (item, expires) if is_there else None
        self._store(item, expires)
        return item

    def _read(self, key: str) -> Stored | None:
        if key not in self._known:
            self.get_all(key)
        return self._known[key]

    def _count(self, key: str) -> None:
        self.changed.add(key)
        if len(self.changed) > MAX_CHANGES:
            raise ValueError(f"a write changes at most {MAX_CHANGES} items")

    def _weigh(self, key: str, size: int) -> None:
        self._sizes[key] = size
        if size > MAX_DOCUMENT or sum(self._sizes.values()) > MAX_STORED:
            raise ValueError(f"a write stores at most {MAX_DOCUMENT} bytes as one document, and {MAX_STORED} in all")
