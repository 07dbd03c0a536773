"""Who may do something next, where only one may at a time."""

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager


class NoTurnError(Exception):
    """The turn did not come in time."""


class Queues:
    """Lets those who name the same key through one by one, in the order in which they came.

    A lock alone lets a thread that never pauses take it again and again, while others wait for as long as they may.
    """

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._waiting: dict[str, deque[threading.Lock]] = {}

    @contextmanager
    def turn(self, key: str, seconds: float) -> Iterator[None]:
        """Wait for a turn, and have it until the end of the block.

        Raises:
            NoTurnError: it did not come in so many seconds.

        """
        self._take(key, seconds)
        try:
            yield
        finally:
            with self._guard:
                if self._waiting[key]:
                    self._waiting[key].popleft().release()
                else:
                    del self._waiting[key]

    def _take(self, key: str, seconds: float) -> None:
        with self._guard:
            if key not in self._waiting:
                self._waiting[key] = deque()
                return
            mine = threading.Lock()
            mine.acquire()
            self._waiting[key].append(mine)
        if mine.acquire(timeout=seconds):
            return
        with self._guard:
            # It may have come just now.
            if mine in self._waiting[key]:
                self._waiting[key].remove(mine)
                raise NoTurnError
