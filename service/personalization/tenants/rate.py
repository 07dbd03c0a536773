"""How many calls a tenant may make in a time."""

import math
import threading
import time
from collections.abc import Callable
from typing import Final

from service.refusal import Refused

MAX_TENANTS: Final = 10_000
"""Of how many tenants the calls are counted at most; beyond that, whoever has not called for longest begins anew."""


class RateLimit:
    """Lets each tenant make so many calls in a second, and so many at once after a pause.

    It is the generic cell rate algorithm (ITU-T I.371, annex A), a token bucket of which one number is kept: the time
    at which the bucket is full again.

    Args:
        per_second: how many calls in a second.
        burst: how many at once.
        monotonic: a clock in seconds that never goes back.

    """

    def __init__(self, per_second: int, burst: int, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._per_second = per_second
        self._interval = 1 / per_second
        self._room = (burst - 1) / per_second
        self._monotonic = monotonic
        self._full_again: dict[str, float] = {}
        self._lock = threading.Lock()

    def take(self, tenant: str) -> None:
        """Count a call of a tenant.

        Raises:
            Refused: `rate_limited`; the call is not counted.

        """
        with self._lock:
            now = self._monotonic()
            full = max(self._full_again.pop(tenant, now), now)
            allowed = full - now <= self._room
            # Put back at the end, so that the first is who has not called for longest.
            self._full_again[tenant] = full + self._interval if allowed else full
            if len(self._full_again) > MAX_TENANTS:
                del self._full_again[next(iter(self._full_again))]
        if not allowed:
            seconds = max(1, math.ceil(full - now - self._room))
            raise Refused(
                "rate_limited",
                f"Nothing was done: the tenant makes more than {self._per_second} calls a second. "
                f"Make the same call again in {seconds} s.",
                retry_after=seconds,
            )
