from __future__ import annotations

from tama.control_plane.errors import CallError, Invalid, NotFound, Refused
from tama.control_plane.kinds import Kinds
from tama.control_plane.names import new_id
from tama.control_plane.objects import Objects
from tama.control_plane.routes import CREATE, DELETE, READ, REPLACE, UPDATE, Routes
from tama.control_plane.rules import RULES, none
from tama.control_plane.settling import KINDS, Settling, begin
from tama.control_plane.validation import merged, wrapped

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from tama.control_plane.clients import Clients
    from tama.control_plane.creates import CreateKey
    from tama.control_plane.kinds import Kind
    from tama.control_plane.networks import Networks
    from tama.control_plane.outgoing import Response
    from tama.control_plane.routes import Route
    from tama.control_plane.store import Document, Store, Transaction
    from tama.control_plane.worker import Worker

    Answer = tuple[int, dict[str, Any] | None]

_WHOLE = "/provision/control-plane/"
"""What lies below it is about the control plane as a whole, and is no request of Tama's own."""


class ControlPlane:
    """The provisioning API on a store. Threads may use it at once, and so may other processes.

    Args:
        store: where its objects are kept; closed with it.
        networks: which addresses requests to endpoints may go to; None for all.

    Raises:
        StoreError: the store cannot be used; from every method.
    """

    def __init__(self, store: Store, *, networks: Networks | None = None) -> None:
        self._store = store
        self._networks = networks
        self._kinds = Kinds()
        self._routes = Routes(self._kinds.values())
        self._settling = Settling(store, self._kinds, networks)
        self._worker: Worker | None = None

    def handle(self, method: str, path: str, body: object = None, key: CreateKey | None = None) -> Answer:
        """Carry out one request.

        Args:
            method: the HTTP method.
            path: what stands behind the base URL, percent-encoded, with its query.
            body: the parsed JSON body.
            key: of a create, what its client calls it by, if it may be sent twice.

        Returns:
            The status, and `{"data": …}` or `{"errors": …}`; None for no content.
        """
        try:
            if path.startswith(_WHOLE):
                from tama.control_plane.whole import Whole  # noqa: PLC0415 - the provider asks for none of it

                return Whole(self._store, self._kinds, self.call).handle(method, path[len(_WHOLE) :], body)
            return self._carry_out(*self._routes.find(method, path), body, key)
        except Refused as refused:
            return refused.status, {"errors": refused.errors}

    def end_key(self, key: CreateKey) -> Answer:
        """End the key of a create: answer the id of what it made, or no content, and then it never makes anything."""
        id_ = self._store.write(key.end)
        return (204, None) if id_ is None else (200, {"data": {"id": id_}})

    def objects(self, kind: str) -> list[Document]:
        """Every object of a kind, the oldest first, as responses show them."""
        return [self._kinds[kind].answer(one) for one in self._store.read(lambda transaction: transaction.all(kind))]

    def call(self, action: str, tool_call: object) -> Response:
        """Call an action as Tama does for a model.

        Args:
            action: the id of an action, or the id of a specification and an operationId joined by a colon.
            tool_call: `path`, `query`, `header` and `body`, those that the operation has.

        Raises:
            CallError: the call cannot be made; nothing was sent, or no answer came.
        """
        # requests comes with these, which costs 190 ms
        from tama.control_plane.call import call  # noqa: PLC0415
        from tama.control_plane.outgoing import Outgoing  # noqa: PLC0415

        found, specification, identities = self._store.read(lambda transaction: self._called(transaction, action))
        identities = [self._settling.settled("source_identity", identity) for identity in identities]
        return call(Outgoing(self._networks), specification, found, identities, tool_call)

    @property
    def clients(self) -> Clients:
        """Those who may use the control plane over HTTP."""
        from tama.control_plane.clients import Clients  # noqa: PLC0415 - one in process needs none

        return Clients(self._store)

    def waiting(self) -> int:
        """How many objects are pending that nobody settles at the moment; at most 1,000 of each kind are counted."""
        return self._store.read(lambda transaction: sum(len(transaction.waiting_jobs(kind, 1_000)) for kind in KINDS))

    def check(self) -> None:
        """Read something, which raises StoreError where the store cannot be read."""
        self._store.read(lambda transaction: transaction.has("space", ""))

    def start_worker(self) -> None:
        """From now on have what is pending settled by threads of this process, and by no request."""
        from tama.control_plane.worker import Worker  # noqa: PLC0415 - one in process needs none

        self._worker = Worker(self._store, self._settling)

    def interrupt(self) -> None:
        """Have no request wait for an endpoint any more; what it asks of that is asked again by the next one."""
        self._settling.interrupt()

    def close(self) -> None:
        """Stop the worker, if there is one, and close the store."""
        if self._worker is not None:
            self._worker.stop()
        self._store.close()

    def _carry_out(self, route: Route, values: dict[str, str], body: object, key: CreateKey | None) -> Answer:
        kind, store = route.kind, self._store
        if route.operation == CREATE:

            def make(transaction: Transaction) -> Document:
                return self._create(transaction, kind, values, body)

            if key is None:
                return 201, self._written(kind, make)
            return 201, self._written(kind, lambda transaction: key.once(transaction, kind, (values, body), make))
        if route.operation in (UPDATE, REPLACE):
            return 200, self._written(kind, lambda transaction: self._update(transaction, route, values, body))
        if route.operation == DELETE:
            store.write(lambda transaction: self._delete(transaction, kind, values))
            return 204, None
        if route.operation == READ:
            return 200, {"data": self._read(kind, values)}
        return 200, {"data": store.read(lambda transaction: self._look_up(transaction, route, values))}

    def _written(self, kind: Kind, work: Callable[[Transaction], Document]) -> dict[str, Any]:
        document = self._store.write(work)
        if self._worker is not None and kind.type in KINDS:
            self._worker.wake()
        return {"data": document}

    def _create(self, transaction: Transaction, kind: Kind, values: dict[str, str], body: object) -> Document:
        before: Document = {}
        for parent in kind.parents:
            before[parent.key] = values[parent.name]
            if parent.refers_to and not transaction.has(parent.refers_to, values[parent.name]):
                raise NotFound
        return self._save(transaction, kind, {"id": new_id(), **before}, None, body)

    def _update(self, transaction: Transaction, route: Route, values: dict[str, str], body: object) -> Document:
        before = self._member(transaction, route.kind, values)
        start = before if route.operation == UPDATE else route.kind.without_given(before)
        return self._save(transaction, route.kind, start, before, body)

    def _save(
        self, transaction: Transaction, kind: Kind, start: Document, before: Document | None, body: object
    ) -> Document:
        if kind.resource is None:
            raise NotFound
        given = wrapped(kind.resource, body)
        after, wrong = merged(kind, start, given, transaction.has)
        after |= kind.computed
        errors = RULES.get(kind.type, none)(transaction, after, before)
        if wrong or errors:
            raise Invalid({**errors, **wrong})
        follow = begin(kind.type, after, at_once=self._worker is None)
        objects = Objects(self._kinds, transaction)
        (objects.add if before is None else objects.replace)(kind.type, [after])
        follow(objects)
        return kind.answer(after)

    def _delete(self, transaction: Transaction, kind: Kind, values: dict[str, str]) -> None:
        transaction.delete(kind.type, self._member(transaction, kind, values)["id"])

    def _read(self, kind: Kind, values: dict[str, str]) -> Document:
        document = self._store.read(lambda transaction: self._seen(transaction, kind, values))
        if self._worker is None and kind.type in KINDS:
            document = self._settling.settled(kind.type, document)
        return kind.answer(document)

    def _look_up(self, transaction: Transaction, route: Route, values: dict[str, str]) -> Document:
        if "space_id" in values and (space := self._space(transaction, values["space_id"])):
            values["space_id"] = space["id"]
        document = transaction.find(route.kind.key(route.arguments, values))
        if document is None:
            raise NotFound
        return route.kind.answer(document)

    def _member(self, transaction: Transaction, kind: Kind, values: dict[str, str]) -> Document:
        """The object that a member's path names: by its id, or by what it is unique by.

        Raises:
            NotFound: there is none.
        """
        if "id" in values:
            document = transaction.get(kind.type, values["id"])
        else:
            document = transaction.find(kind.key(tuple(values), values))
        if document is None or any(document.get(name) != value for name, value in values.items()):
            raise NotFound
        return document

    def _seen(self, transaction: Transaction, kind: Kind, values: dict[str, str]) -> Document:
        """The object that a reader's path names; a space also by its slug."""
        if kind.type == "space" and (space := self._space(transaction, values["id"])):
            return space
        return self._member(transaction, kind, values)

    def _space(self, transaction: Transaction, name: str) -> Document | None:
        """The space with that id or slug."""
        key = self._kinds["space"].key(("slug",), {"slug": name})
        return transaction.get("space", name) or transaction.find(key)

    def _called(self, transaction: Transaction, action: str) -> tuple[Document, Document, list[Document]]:
        """An action, its specification, and the identities of that.

        Raises:
            CallError: there is no such action.
        """
        found = self._action(transaction, action)
        specification = found and transaction.get("specification", found["specification_id"])
        if found is None and transaction.has("specification", action):
            raise CallError(
                f"'{action}' is a specification: an operationId must follow, as in {action}:<operationId>."
                " `tama list` shows its actions."
            )
        if found is None and (other := _with_operation(transaction, action)):
            raise CallError(
                f"'{action}' is an operationId: its specification must stand before it, as in"
                f" {other['specification_id']}:{action}."
            )
        if found is None or specification is None:
            raise CallError(f"There is no action '{action}'. `tama list` shows those that there are.")
        return found, specification, transaction.all("source_identity", specification["id"])

    def _action(self, transaction: Transaction, name: str) -> Document | None:
        kind = self._kinds["action"]
        specification, colon, identifier = name.partition(":")
        if not colon:
            return transaction.get("action", name)
        fields = ("specification_id", "identifier")
        return transaction.find(kind.key(fields, {"specification_id": specification, "identifier": identifier}))


def _with_operation(transaction: Transaction, identifier: str) -> Document | None:
    """The oldest action with this identifier, of whatever specification."""
    return next((one for one in transaction.all("action") if one["identifier"] == identifier), None)
