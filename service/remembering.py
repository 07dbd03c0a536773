"""What was made of an actor's items, remembered for as long as they stay what they were.

Nothing is ever answered from memory alone: who asks has just read which versions of the items there are, and gets only
what was made of exactly these. A life is a random id, so equal versions are equal items, whoever's they are.
"""

import threading
import time
from collections.abc import Callable, Hashable, Sequence
from typing import Generic, NamedTuple, TypeVar

from service.items import Item

ENTRY_BYTES = 2_000
"""How much is counted for an entry besides what was made: its place, its versions, its headers."""

Versions = tuple[tuple[str, int] | None, ...]
"""Life and version of each item, None for one that is not there."""

_T = TypeVar("_T")


class _Entry(NamedTuple, Generic[_T]):
    versions: Versions
    made: _T
    size: int
    until: float


class Remembered(Generic[_T]):
    """A bounded memory; what is remembered longest is forgotten first.

    Args:
        max_bytes: how much it holds.
        lifetime_s: for how many seconds something is remembered; what is older is forgotten at the next call.
        clock: a clock in seconds that never goes back.

    """

    def __init__(self, max_bytes: int, lifetime_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._max_bytes = max_bytes
        self._lifetime_s = lifetime_s
        self._clock = clock
        self._entries: dict[Hashable, _Entry[_T]] = {}
        self._bytes = 0
        self._lock = threading.Lock()

    def get(self, place: Hashable, versions: Versions) -> _T | None:
        """Return what was made at this place of these versions; what was made of others there is forgotten."""
        with self._lock:
            self._forget_old()
            entry = self._entries.get(place)
            if entry is None:
                return None
            if entry.versions == versions:
                return entry.made
            self._forget(place)
            return None

    def put(self, place: Hashable, versions: Versions, made: _T, size: int) -> None:
        """Remember what was made, which has this many bytes, instead of what was remembered at this place."""
        size += ENTRY_BYTES
        with self._lock:
            if place in self._entries:
                self._forget(place)
            self._entries[place] = _Entry(versions, made, size, self._clock() + self._lifetime_s)
            self._bytes += size
            self._forget_old()
            while self._bytes > self._max_bytes:
                self._forget(next(iter(self._entries)))

    def _forget_old(self) -> None:
        now = self._clock()
        while self._entries:
            oldest = next(iter(self._entries))
            if self._entries[oldest].until > now:
                return
            self._forget(oldest)

    def _forget(self, place: Hashable) -> None:
        self._bytes -= self._entries.pop(place).size


def versions_of(items: Sequence[Item | None]) -> Versions:
    """Return the versions of items that were read in one consistent state."""
    return tuple([None if item is None else (item.life, item.version) for item in items])
