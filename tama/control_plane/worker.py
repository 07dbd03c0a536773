"""What settles pending objects in a process that lives on; any number of them may share a store."""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING

from tama.control_plane.errors import StoreError

if TYPE_CHECKING:
    from tama.control_plane.settling import Job, Settling
    from tama.control_plane.store import Store, Transaction

POLL_SECONDS = 0.5
"""How often it looks for jobs that nobody told it of: those that other processes left, or were told of and are busy."""

CLAIM_SECONDS = 5.0
"""How long a claim outlives a process that was killed; a living one keeps its claims."""

_SLOTS = {"specification": 2, "class_operation": 2, "source_identity": 16}
"""How many jobs of a kind are done at once. An identity's mostly waits for an endpoint, which may never answer."""

_KEEP_SECONDS = 1.0
_STOP_SECONDS = 2.0
_FORGET_SECONDS = 600.0

_log = logging.getLogger("tama.worker")


class Worker:
    """Threads that claim the jobs of a store and do them.

    Args:
        store: where the jobs are.
        settling: does them.
    """

    def __init__(self, store: Store, settling: Settling) -> None:
        self._store = store
        self._settling = settling
        self._running: dict[threading.Thread, Job] = {}
        self._wanted = threading.Event()
        self._stopped = False
        self._keeps_at = self._forgets_at = time.monotonic()
        self._looking = threading.Thread(target=self._look_again_and_again, name="worker", daemon=True)
        self._looking.start()

    def wake(self) -> None:
        """Say that there is a job."""
        self._wanted.set()

    def stop(self) -> None:
        """Begin no further job. One that does not end in time is somebody else's once its claim has ended."""
        self._stopped = True
        self._wanted.set()
        ends = time.monotonic() + _STOP_SECONDS
        self._looking.join(_STOP_SECONDS)
        for thread in list(self._running):
            thread.join(max(0.0, ends - time.monotonic()))

    def _look_again_and_again(self) -> None:
        was_down = False
        while not self._stopped:
            try:
                self._look()
                was_down = False
            except StoreError as error:
                if not was_down:
                    _log.warning("the store cannot be used, so that nothing settles", extra={"reason": str(error)})
                was_down = True
            except Exception:  # noqa: BLE001 - nothing would settle any more
                _log.exception("looking for jobs failed")
            self._wanted.wait(POLL_SECONDS)
            self._wanted.clear()

    def _look(self) -> None:
        """Keep what is claimed, and claim what there are slots for."""
        running = list(self._running.values())
        if running and time.monotonic() >= self._keeps_at:
            claims = [job.claim for job in running]
            self._store.write(lambda transaction: transaction.keep_jobs(claims, CLAIM_SECONDS))
            self._keeps_at = time.monotonic() + _KEEP_SECONDS
        if time.monotonic() >= self._forgets_at:
            self._store.write(lambda transaction: transaction.forget_creates())
            self._forgets_at = time.monotonic() + _FORGET_SECONDS
        free = dict(_SLOTS)
        for job in running:
            free[job.kind] -= 1

        def waiting(transaction: Transaction) -> list[tuple[str, str]]:
            found = []
            for kind, slots in free.items():
                found += [(kind, id_) for id_ in transaction.waiting_jobs(kind, slots)]
            return found

        for kind, id_ in self._store.read(waiting):
            claimed = self._settling.claimed(kind, id_, CLAIM_SECONDS)
            if claimed is not None:
                thread = threading.Thread(target=self._do, args=(claimed,), name=f"worker {kind}", daemon=True)
                self._running[thread] = claimed
                thread.start()

    def _do(self, job: Job) -> None:
        try:
            self._do_or_fail(job)
        except StoreError:
            # Whoever claims it next does it again.
            _log.warning("a job could not be finished", extra={"kind": job.kind})
        finally:
            del self._running[threading.current_thread()]
            self._wanted.set()

    def _do_or_fail(self, job: Job) -> None:
        try:
            self._settling.done(job)
        except StoreError:
            raise
        except Exception:  # noqa: BLE001 - what it is about would be pending, and be tried, for ever
            _log.exception("a job failed", extra={"kind": job.kind})
            self._settling.failed(job, "It could not be processed, for a reason that is not in it.")
