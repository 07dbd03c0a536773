"""How often somebody may do something in a time."""

import math
import threading
import time
from collections.abc import Callable
from typing import Final

MAX_KNOWN: Final = 10_000
"""Of how many it is counted at most; beyond that, whoever has done nothing for longest begins anew."""


class RateLimit:
    """Lets each do so much in a second, and so much at once after a pause.

    It is the generic cell rate algorithm (ITU-T I.371, annex A), a token bucket of which one number is kept: the time
    at which the bucket is full again.

    Args:
        per_second: how often in a second.
        burst: how often at once.
        monotonic: a clock in seconds that never goes back.

    """

    def __init__(self, per_second: float, burst: int, monotonic: Callable[[], float] = time.monotonic) -> None:
        self.per_second = per_second
        self._interval = 1 / per_second
        self._room = (burst - 1) / per_second
        self._monotonic = monotonic
        self._full_again: dict[str, float] = {}
        self._lock = threading.Lock()

    def take(self, who: str) -> int:
        """Count it once for somebody, and return 0; where that is too often, count nothing and return a wait in s."""
        with self._lock:
            now = self._monotonic()
            full = max(self._full_again.pop(who, now), now)
            allowed = full - now <= self._room
            # Put back at the end, so that the first is who has done nothing for longest.
            self._full_again[who] = full + self._interval if allowed else full
            if len(self._full_again) > MAX_KNOWN:
                del self._full_again[next(iter(self._full_again))]
        return 0 if allowed else max(1, math.ceil(full - now - self._room))
