from __future__ import annotations

import time
from _queue import SimpleQueue
from _thread import start_new_thread

from tama.client._response import Broken

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Final

    from tama.client._connection import Connection
    from tama.client._response import Response

_TICK_S: Final = 0.05


class Pool:
    """Connections that threads take in turn, and that are kept for the next request.

    Args:
        make: makes a connection.
        most: how many requests may be under way at once; those beyond wait for their turn.

    Attributes:
        is_interrupted: whether no request begins any more.
    """

    __slots__ = ("_busy", "_idle", "_make", "_turns", "is_interrupted")

    def __init__(self, make: Callable[[], Connection], most: int) -> None:
        self._make = make
        self._idle: list[Connection] = []
        self._busy: dict[Connection, float] = {}
        self.is_interrupted = False
        # `threading.Semaphore` would cost 5 ms a launch.
        self._turns: SimpleQueue[None] = SimpleQueue()
        for _ in range(most):
            self._turns.put(None)

    def exchange(self, request: bytes, seconds: Callable[[], float], grace: float) -> Response:
        """Send a request over an idle connection or a new one, when its turn has come.

        Args:
            request: head and body.
            seconds: tells then how long it may take.
            grace: the seconds that it has after an interrupt.

        Raises:
            Broken: no response came.
        """
        self._turns.get()
        connection = self._taken()
        self._busy[connection] = grace
        try:
            if self.is_interrupted:
                connection.close()
                raise Broken("interrupted")
            response = connection.exchange(request, seconds())
            self._idle.append(connection)
        finally:
            del self._busy[connection]
            self._turns.put(None)
        return response

    def interrupt(self) -> None:
        """Begin no request any more, and cut off each that is under way when its grace is over."""
        self.is_interrupted = True
        start_new_thread(self._cut_off, ())

    def close(self) -> None:
        """Close the connections that no request is using."""
        while self._idle:
            self._idle.pop().close()

    def _cut_off(self) -> None:
        interrupted = time.monotonic()
        while self._busy:
            passed = time.monotonic() - interrupted
            for connection, grace in self._busy.copy().items():
                if passed >= grace:
                    connection.cut()
            time.sleep(_TICK_S)

    def _taken(self) -> Connection:
        while True:
            try:
                connection = self._idle.pop()
            except IndexError:
                return self._make()
            if connection.is_idle:
                return connection
            connection.close()
