from __future__ import annotations

from _queue import SimpleQueue

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from tama.client._connection import Connection
    from tama.client._response import Response


class Pool:
    """Connections that threads take in turn, and that are kept for the next request.

    Args:
        make: makes a connection.
        most: how many requests may be under way at once; those beyond wait for their turn.
    """

    __slots__ = ("_idle", "_make", "_turns")

    def __init__(self, make: Callable[[], Connection], most: int) -> None:
        self._make = make
        self._idle: list[Connection] = []
        # `threading.Semaphore` would cost 5 ms a launch.
        self._turns: SimpleQueue[None] = SimpleQueue()
        for _ in range(most):
            self._turns.put(None)

    def exchange(self, request: bytes, seconds: Callable[[], float]) -> Response:
        """Send a request over an idle connection or a new one, when its turn has come.

        Args:
            request: head and body.
            seconds: tells then how long it may take.

        Raises:
            Broken: no response came.
        """
        self._turns.get()
        try:
            connection = self._taken()
            response = connection.exchange(request, seconds())
            self._idle.append(connection)
        finally:
            self._turns.put(None)
        return response

    def close(self) -> None:
        """Close the connections that no request is using."""
        while self._idle:
            self._idle.pop().close()

    def _taken(self) -> Connection:
        while True:
            try:
                connection = self._idle.pop()
            except IndexError:
                return self._make()
            if connection.is_idle:
                return connection
            connection.close()
