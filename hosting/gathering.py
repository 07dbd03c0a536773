"""Things that are dealt with a little later than they come, many at once, so that a request does not wait for them."""

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

PERIOD_S = 0.05
MOST_WAITING = 100_000

_T = TypeVar("_T")


class Gatherer(Generic[_T]):
    """Hands things on in batches, from a thread of its own.

    When `handle` is too slow, the oldest of more than MOST_WAITING things are dropped. So are those of the last
    PERIOD_S seconds when the process ends without a flush.

    Args:
        handle: deals with a batch, in the order in which the things came; it raises nothing.

    """

    def __init__(self, handle: Callable[[list[_T]], None]) -> None:
        self._handle = handle
        self._waiting: deque[_T] = deque(maxlen=MOST_WAITING)
        self._wanted = threading.Event()
        self._handling = threading.Lock()
        self._thread: threading.Thread | None = None

    def add(self, thing: _T) -> None:
        """Have something dealt with soon."""
        self._waiting.append(thing)
        if not self._wanted.is_set():
            self._wanted.set()
            if self._thread is None:
                self._begin()

    def flush(self) -> None:
        """Deal with what has come, at once."""
        with self._handling:
            self._handle([self._waiting.popleft() for _ in range(len(self._waiting))])

    def _begin(self) -> None:
        with self._handling:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="gatherer", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        while True:
            self._wanted.wait()
            time.sleep(PERIOD_S)
            self._wanted.clear()
            self.flush()
