from __future__ import annotations

import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Final

    from tama.client._answer import Answer

PAUSES: Final = (0.25, 0.5, 1.0, 2.0)
"""Seconds before each repetition of a request, where the answer names no others."""

LONGEST: Final = 4.0
"""How many times the time of one request it and its repetitions may take, the pauses included."""


class Repetition:
    """How often a request is sent, and when.

    Args:
        request: method and path.
        timeout: the seconds that it may take each time, unless there is less for all.
        pause: waits so many seconds, is told why, and returns something true when the request is not to be sent again.
        within: the seconds that all of it may take; four times the timeout when not given.

    Attributes:
        timeout: the seconds that it may take each time.
    """

    __slots__ = ("_ends", "_pause", "_pauses", "_request", "_within", "timeout")

    def __init__(
        self, request: str, timeout: float, pause: Callable[[float, str], object], within: float | None = None
    ) -> None:
        self._request = request
        self._within = LONGEST * timeout if within is None else within
        self.timeout = min(timeout, self._within)
        self._pause = pause
        self._pauses = iter(PAUSES)
        self._ends: float | None = None

    def seconds(self) -> float:
        """How long the request may take that is sent now; with the first one the time for all begins."""
        now = time.monotonic()
        if self._ends is None:
            self._ends = now + self._within
        return min(self.timeout, self._ends - now)

    def again(self, why: str, wanted: float | None = None) -> bool:
        """Wait, and tell whether the request is to be sent again.

        Args:
            why: what happened.
            wanted: the seconds that the server asked to wait; where that is more than is left, it ends at once.
        """
        pause = next(self._pauses, None)
        if pause is None or self._ends is None:
            return False
        import random  # noqa: PLC0415 - it costs 3 ms, and most runs meet no trouble

        # Those who met a trouble together do not come back together.
        least = 0.75 * pause if wanted is None else wanted
        seconds = least + random.uniform(0, pause / 2)  # noqa: S311 - no secret
        return time.monotonic() + seconds < self._ends and not self._pause(seconds, f"{self._request}: {why}")


def retry_after(answer: Answer) -> float | None:
    """The seconds that an answer asks to wait: a number of them, or a date (RFC 9110, section 10.2.3)."""
    text = answer.headers.get("retry-after", "")
    if text.isascii() and text.isdecimal():
        return float(text)
    if not text:
        return None
    from email.utils import mktime_tz, parsedate_tz  # noqa: PLC0415 - it costs 13 ms, and few servers write a date

    try:
        date = parsedate_tz(text)
        return max(0.0, mktime_tz(date) - time.time()) if date else None
    except (ValueError, OverflowError):
        return None  # such as a day in the year 99999
