"""Who may have an export of a tenant sent: each takes a thread of the server until its reader has it all."""

import threading
import time
from collections.abc import Callable, Iterator
from typing import Final

from service.refusal import Refused

MAX_TURNS: Final = 4
"""How many exports are sent at once, each of another tenant."""

STALL_S: Final = 60
"""After how many seconds without progress a turn can be taken over: a reader who is gone may never say so."""

RETRY_S: Final = 10


class LostTurnError(Exception):
    """Another export took the turn over."""


class Turns:
    """The exports that are being sent.

    Args:
        monotonic: a clock in seconds that never goes back.

    """

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._progress: dict[str, tuple[object, float]] = {}
        self._lock = threading.Lock()

    def take(self, tenant: str) -> object:
        """Return a new turn of a tenant.

        Raises:
            Refused: `rate_limited` when another export of the tenant, or too many of others, are being sent.

        """
        turn = object()
        with self._lock:
            now = self._monotonic()
            going = {name: last for name, last in self._progress.items() if now - last[1] < STALL_S}
            if tenant in going or len(going) >= MAX_TURNS:
                message = "Nothing was done: another export is being sent. Make the same call again when it has ended."
                raise Refused("rate_limited", message, retry_after=RETRY_S)
            self._progress = {**going, tenant: (turn, now)}
        return turn

    def give_back(self, tenant: str, turn: object) -> None:
        """End a turn, unless it was taken over."""
        with self._lock:
            if self._has(tenant, turn):
                del self._progress[tenant]

    def kept(self, tenant: str, turn: object, pieces: Iterator[bytes]) -> Iterator[bytes]:
        """Return the pieces of an export, each of which is progress, while the turn lasts.

        Raises:
            LostTurnError: the turn was taken over.

        """
        for piece in pieces:
            with self._lock:
                if not self._has(tenant, turn):
                    raise LostTurnError
                self._progress[tenant] = (turn, self._monotonic())
            yield piece

    def _has(self, tenant: str, turn: object) -> bool:
        return self._progress.get(tenant, (None,))[0] is turn
