from __future__ import annotations

from tama.control_plane.errors import INVALID, TAKEN, CallError, Invalid, NotFound, Refused
from tama.control_plane.kinds import Kinds
from tama.control_plane.names import new_id
from tama.control_plane.routes import CREATE, DELETE, READ, UPDATE, Routes
from tama.control_plane.rules import RULES, none
from tama.control_plane.store import FILE, Store, Taken
from tama.control_plane.validation import merged, wrapped

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from tama.control_plane.clients import Clients
    from tama.control_plane.kinds import Kind
    from tama.control_plane.networks import Networks
    from tama.control_plane.outgoing import Response
    from tama.control_plane.routes import Route
    from tama.control_plane.store import Document, Transaction

    Answer = tuple[int, dict[str, Any] | None]


class ControlPlane:
    """The provisioning API on one folder. Threads may use it at once, and so may other processes.

    Args:
        folder: where the store's file lies.
        create: whether a folder without that file gets one.
        file: the file's name.
        networks: which addresses requests to endpoints may go to; None for all.

    Raises:
        StoreError: the folder or file cannot be used; also from every method.
    """

    def __init__(self, folder: str, *, create: bool = True, file: str = FILE, networks: Networks | None = None) -> None:
        self._store = Store(folder, create=create, file=file)
        self._networks = networks
        self._kinds = Kinds()
        self._routes = Routes(self._kinds.values())

    def handle(self, method: str, path: str, body: object = None) -> Answer:
        """Carry out one request.

        Args:
            method: the HTTP method.
            path: what stands behind the base URL, percent-encoded, with its query.
            body: the parsed JSON body.

        Returns:
            The status, and `{"data": …}` or `{"errors": …}`; None for no content.
        """
        try:
            route, values = self._routes.find(method, path)
            if route.operation == CREATE:
                return 201, {"data": self._create(route.kind, values, body)}
            if route.operation == UPDATE:
                return 200, {"data": self._update(route.kind, values, body)}
            if route.operation == DELETE:
                self._delete(route.kind, values)
                return 204, None
            if route.operation == READ:
                return 200, {"data": self._read(route.kind, values)}
            return 200, {"data": self._look_up(route, values)}
        except Refused as refused:
            return refused.status, {"errors": refused.errors}

    def objects(self, kind: str) -> list[Document]:
        """Every object of a kind, the oldest first, as responses show them."""
        with self._store.read() as transaction:
            return [self._kinds[kind].answer(document) for document in transaction.all(kind)]

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
        from tama.control_plane.identity import settled  # noqa: PLC0415
        from tama.control_plane.outgoing import Outgoing  # noqa: PLC0415

        with self._store.read() as transaction:
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
            identities = transaction.all("source_identity", specification["id"])
        outgoing = Outgoing(self._networks)
        identities = [settled(self._store, self._put, outgoing, identity) for identity in identities]
        return call(outgoing, specification, found, identities, tool_call)

    @property
    def clients(self) -> Clients:
        """Those who may use the control plane over HTTP."""
        from tama.control_plane.clients import Clients  # noqa: PLC0415 - one in process needs none

        return Clients(self._store)

    def close(self) -> None:
        """Close the store's file."""
        self._store.close()

    def _create(self, kind: Kind, values: dict[str, str], body: object) -> Document:
        with self._store.write() as transaction:
            before: Document = {}
            for parent in kind.parents:
                before[parent.key] = values[parent.name]
                if parent.refers_to and transaction.get(parent.refers_to, values[parent.name]) is None:
                    raise NotFound
            return self._save(transaction, kind, {"id": new_id(), **before}, None, body)

    def _update(self, kind: Kind, values: dict[str, str], body: object) -> Document:
        with self._store.write() as transaction:
            before = self._member(transaction, kind, values)
            return self._save(transaction, kind, before, before, body)

    def _save(
        self, transaction: Transaction, kind: Kind, start: Document, before: Document | None, body: object
    ) -> Document:
        if kind.resource is None:
            raise NotFound
        given = wrapped(kind.resource, body)
        after, wrong = merged(kind, start, given, transaction.has)
        after["provision_state"] = "active"
        errors, follow = RULES.get(kind.type, none)(transaction, after, before)
        if wrong or errors:
            raise Invalid({**errors, **wrong})
        self._put(transaction, kind.type, after)
        follow(lambda type_, document: self._put(transaction, type_, document))
        return kind.answer(after)

    def _put(self, transaction: Transaction, type_: str, document: Document) -> None:
        kind = self._kinds[type_]
        try:
            transaction.put(type_, document, kind.targets(document), kind.keys(document))
        except Taken as taken:
            raise Invalid({taken.fields[-1]: [TAKEN]}) from None
        except ValueError:
            # JSON has no NaN, and Python writes no integer of more than 4300 digits.
            raise Invalid({kind.type: [INVALID]}) from None

    def _delete(self, kind: Kind, values: dict[str, str]) -> None:
        with self._store.write() as transaction:
            transaction.delete(kind.type, self._member(transaction, kind, values)["id"])

    def _read(self, kind: Kind, values: dict[str, str]) -> Document:
        with self._store.read() as transaction:
            if kind.type == "space" and (space := self._named(transaction, kind, values["id"])):
                values = {"id": space["id"]}
            document = self._member(transaction, kind, values)
        if kind.type == "source_identity" and document["current_state"] == "pending":
            # requests comes with these, which costs 190 ms
            from tama.control_plane.identity import settled  # noqa: PLC0415
            from tama.control_plane.outgoing import Outgoing  # noqa: PLC0415

            document = settled(self._store, self._put, Outgoing(self._networks), document)
        return kind.answer(document)

    def _look_up(self, route: Route, values: dict[str, str]) -> Document:
        with self._store.read() as transaction:
            if "space_id" in values and (space := self._named(transaction, self._kinds["space"], values["space_id"])):
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

    def _named(self, transaction: Transaction, kind: Kind, name: str) -> Document | None:
        """The object with that id; a space also by its slug."""
        document = transaction.get(kind.type, name)
        if document is None and kind.type == "space":
            document = transaction.find(kind.key(("slug",), {"slug": name}))
        return document

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
