"""What a store does beside its requests: copy committed pages back, and do the work that was scheduled."""

import logging
import threading
from collections.abc import Callable
from contextlib import suppress

import apsw

SWEEP_PERIOD_S = 10.0
TRUNCATE_PATIENCE_MS = 20
"""How long a truncation waits for readers, and writers for it: no longer than for another write."""

TRUNCATE_RETRY_S = 1.0

_log = logging.getLogger("personalization")


class Checkpointer:
    """A thread that copies committed pages back into the data file, so that no request waits for it.

    It owns the connection that it is given.
    """

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection
        self._connection.set_busy_timeout(TRUNCATE_PATIENCE_MS)
        self._wanted = threading.Event()
        self._truncate = self._closing = False
        self._thread = threading.Thread(target=self._run, name="store-checkpointer", daemon=True)
        self._thread.start()

    def wake(self, *, truncate: bool) -> None:
        """Ask for a checkpoint; one that truncates holds up writers, so it is the exception."""
        self._truncate |= truncate
        self._wanted.set()

    def is_alive(self) -> bool:
        """Return whether there are checkpoints still."""
        return self._thread.is_alive()

    def close(self) -> None:
        """Make a last checkpoint, after which nothing is left in the write-ahead log."""
        self._closing = self._truncate = True
        self._wanted.set()
        self._thread.join()
        self._connection.close()

    def _run(self) -> None:
        while not self._closing:
            self._wanted.wait(TRUNCATE_RETRY_S if self._truncate else None)
            self._wanted.clear()
            # A checkpoint that fails leaves everything where it was, and another follows.
            with suppress(apsw.Error):
                self._connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_PASSIVE)
                if self._truncate:
                    self._truncate_log()

    def _truncate_log(self) -> None:
        """Truncate the log, most of which was copied without holding up anyone, unless a reader still needs it."""
        self._truncate = False
        try:
            self._connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
        except apsw.BusyError:
            self._truncate = True


class Sweeper:
    """A thread that makes rounds: when it is woken, and every `period` seconds.

    Args:
        sweep: one round, which asks `is_closing` between its steps. When it raises, the next round tries again.
        period: seconds between rounds that nobody asked for.

    """

    def __init__(self, sweep: Callable[[], None], period: float) -> None:
        self._sweep = sweep
        self._period = period
        self._wanted = threading.Event()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="store-sweeper", daemon=True)

    def start(self) -> None:
        """Make rounds from now on."""
        self._thread.start()

    def wake(self) -> None:
        """Ask for a round soon."""
        self._wanted.set()

    def is_alive(self) -> bool:
        """Return whether there are rounds still."""
        return self._thread.is_alive()

    def is_closing(self) -> bool:
        """Return whether a round should end early."""
        return self._closing.is_set()

    def close(self) -> None:
        """Wait for the end of the step that is being done."""
        self._closing.set()
        self._wanted.set()
        self._thread.join()

    def _run(self) -> None:
        while not self.is_closing():
            self._wanted.wait(self._period)
            self._wanted.clear()
            try:
                self._sweep()
            except Exception as error:  # noqa: BLE001 - the thread makes the next round
                _log.error("background work failed and will be tried again", exc_info=error)
