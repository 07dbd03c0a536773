"""Objects that are `pending` once they are stored, and how they come to the state that they end in.

A job is stored with such an object, so that no restart loses it. Who does it claims it first, and holds no lock while
it does; a claim ends by itself, so that one who was killed loses nothing. Whoever changes the object meanwhile stores
another job, and what the first one found out is worth nothing.
"""

from __future__ import annotations

from _thread import start_new_thread

from tama.control_plane import derivation
from tama.control_plane.names import new_id
from tama.control_plane.objects import Objects
from tama.control_plane.store import LONGEST_CLAIM_S

TYPE_CHECKING = False
if TYPE_CHECKING:
    from _queue import SimpleQueue
    from collections.abc import Callable

    from tama.control_plane.kinds import Kinds
    from tama.control_plane.networks import Networks
    from tama.control_plane.store import Document, Store, Transaction

    Follow = Callable[[Objects], None]
    Outcome = Document | BaseException

PENDING = "pending"


class Job:
    """A job that is claimed.

    Attributes:
        claim: by what it is known whether it still is.
        kind: the object's.
        document: the object, as it was when the job was claimed.
        specification: that of an identity; empty for other kinds.
    """

    __slots__ = ("claim", "document", "kind", "specification")

    def __init__(self, claim: str, kind: str, document: Document, specification: Document) -> None:
        self.claim = claim
        self.kind = kind
        self.document = document
        self.specification = specification


def nothing(objects: Objects) -> None:
    """Nothing else is to be stored."""


def class_operation(after: Document) -> Follow:
    """An operation is processed."""
    after["current_state"] = "processed"
    return nothing


AT_ONCE: dict[str, Callable[[Document], Follow]] = {
    "specification": derivation.settle,
    "class_operation": class_operation,
}
"""What needs nothing but the object, so that it can be done where that is stored."""

KINDS = (*AT_ONCE, "source_identity")
"""The kinds of which an object is ever pending."""


def begin(kind: str, after: Document, *, at_once: bool) -> Follow:
    """Have an object begin its way to the state that it ends in.

    Args:
        kind: the object's.
        after: the object, as it is about to be stored.
        at_once: whether what needs nothing else is done here.

    Returns:
        What stores the rest, in the same transaction.
    """
    if kind not in KINDS:
        return nothing
    if at_once and kind in AT_ONCE:
        return AT_ONCE[kind](after)
    after.pop("reason", None)
    after["current_state"] = PENDING
    return lambda objects: objects.transaction.add_job(after["id"])


class Settling:
    """Does the jobs of a store.

    Args:
        store: where they are kept.
        kinds: what objects there are.
        networks: which addresses requests to endpoints may go to; None for all.
    """

    __slots__ = ("_is_interrupted", "_kinds", "_networks", "_store", "_waiting")

    def __init__(self, store: Store, kinds: Kinds, networks: Networks | None) -> None:
        self._store = store
        self._kinds = kinds
        self._networks = networks
        self._waiting: list[tuple[Job, SimpleQueue[Outcome]]] = []
        self._is_interrupted = False

    def settled(self, kind: str, document: Document) -> Document:
        """An object, once its job is done if it has one that nobody else is doing; after an interrupt, as it was."""
        if document.get("current_state") != PENDING:
            return document
        job = self.claimed(kind, document["id"], LONGEST_CLAIM_S)
        return document if job is None else self._awaited(job)

    def interrupt(self) -> None:
        """Wait for no job any more: each is somebody else's again."""
        self._is_interrupted = True
        for job, outcome in self._waiting.copy():
            outcome.put(job.document)

    def claimed(self, kind: str, id_: str, seconds: float) -> Job | None:
        """The job of an object, claimed for some seconds; None when somebody else has it, or it is done."""
        claim = new_id()

        def work(transaction: Transaction) -> Job | None:
            if not transaction.claim_job(id_, claim, seconds):
                return None
            document = transaction.get(kind, id_)
            if document is None:
                return None
            specification = transaction.get("specification", document.get("specification_id", ""))
            return Job(claim, kind, document, specification or {})

        return self._store.write(work)

    def done(self, job: Job) -> Document:
        """The object of a claimed job, once that is done."""
        after = dict(job.document)
        return self._finished(job, after, self._settle(job, after))

    def failed(self, job: Job, reason: str) -> None:
        """End a job that cannot be done."""
        after = {**job.document, "current_state": "failed", "reason": reason}
        self._finished(job, after, nothing)

    def _awaited(self, job: Job) -> Document:
        """The object of a claimed job, once that is done; as it was where an interrupt comes first."""
        # requests comes with what a job does, which costs far more
        from _queue import SimpleQueue  # noqa: PLC0415

        outcome: SimpleQueue[Outcome] = SimpleQueue()

        def work() -> None:
            try:
                outcome.put(self.done(job))
            except BaseException as error:  # noqa: BLE001 - the caller waits for it, whatever it is
                outcome.put(error)

        waiting = (job, outcome)
        self._waiting.append(waiting)
        if self._is_interrupted:
            outcome.put(job.document)
        else:
            start_new_thread(work, ())
        first = outcome.get()
        self._waiting.remove(waiting)
        if isinstance(first, BaseException):
            raise first
        if first is job.document:
            self._store.write(lambda transaction: transaction.add_job(first["id"]))
        return first

    def _settle(self, job: Job, after: Document) -> Follow:
        if job.kind in AT_ONCE:
            return AT_ONCE[job.kind](after)
        # requests comes with these, which costs 190 ms
        from tama.control_plane.identity import probe  # noqa: PLC0415
        from tama.control_plane.outgoing import Outgoing  # noqa: PLC0415

        reason = probe(Outgoing(self._networks), job.specification, after)
        after["current_state"] = "failed" if reason else "active"
        if reason:
            after["reason"] = reason
        return nothing

    def _finished(self, job: Job, after: Document, follow: Follow) -> Document:
        def work(transaction: Transaction) -> Document:
            if not transaction.finish_job(after["id"], job.claim):
                return transaction.get(job.kind, after["id"]) or after
            objects = Objects(self._kinds, transaction)
            objects.replace(job.kind, [after])
            follow(objects)
            return after

        return self._store.write(work)
