"""The requests of ours that are about a control plane as a whole, below a path that no service of Tama's has.

They are answered as Tama's own are, embedded and over HTTP alike.
"""

from __future__ import annotations

from urllib.parse import parse_qsl, unquote

from tama.control_plane import overview, transfer
from tama.control_plane.errors import REQUIRED, CallError, Invalid, NotFound

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from tama.control_plane.kinds import Kinds
    from tama.control_plane.outgoing import Response
    from tama.control_plane.store import Store, Transaction


_WORK_S = 300.0
"""How long, in seconds, the store may take with all of it."""


class Whole:
    """A control plane as a whole.

    Args:
        store: what it keeps its objects in.
        kinds: those that there are.
        call: calls an action.
    """

    def __init__(self, store: Store, kinds: Kinds, call: Callable[[str, object], Response]) -> None:
        self._store = store
        self._kinds = kinds
        self._call = call

    def handle(self, method: str, path: str, body: object) -> tuple[int, dict[str, Any]]:
        """Carry out one request; see `ControlPlane.handle`. The path is what stands behind `/provision/control-plane/`.

        Raises:
            Refused: there is no such path, or the request breaks a rule.
        """
        path, _, query = path.partition("?")
        asked = dict(parse_qsl(query, keep_blank_values=True))
        match method, [unquote(segment) for segment in path.split("/")]:
            case "GET", ["objects"] if not asked.keys() - {"kind"}:
                return 200, {"data": self._read(lambda t: overview.listed(t, self._kinds, asked.get("kind", "")))}
            case "GET", ["objects", id_] if not asked:
                return 200, {"data": self._read(lambda t: overview.shown(t, self._kinds, id_))}
            case "GET", ["document"] if asked in ({}, {"secrets": "included"}):
                return 200, {"data": self._read(lambda t: transfer.exported(t, self._kinds, with_secrets=bool(asked)))}
            case "POST" | "PUT", ["document"] if not asked:
                return 200, {"data": self._imported(body, replace=method == "PUT")}
            case "POST", ["calls"] if not asked:
                return 200, {"data": self._called(body)}
        raise NotFound

    def _read(self, work: Callable[[Transaction], Any]) -> Any:
        return self._store.read(work, _WORK_S)

    def _imported(self, document: object, *, replace: bool) -> dict[str, Any]:
        """How many objects were stored, `objects`, and which secrets they lack, `missing`."""
        objects, missing = transfer.parsed(self._kinds, document)
        self._store.write(lambda t: transfer.imported(t, self._kinds, objects, replace=replace), _WORK_S)
        return {"objects": len(objects), "missing": missing}

    def _called(self, body: object) -> dict[str, Any]:
        """The answer to a tool call, `status` and `body`, whatever its status is."""
        from tama.control_plane.call import parsed_body  # noqa: PLC0415 - requests comes with it, which costs 190 ms

        if not isinstance(body, dict) or not isinstance(action := body.get("action"), str):
            raise Invalid({"action": [REQUIRED]})
        try:
            response = self._call(action, body.get("tool_call"))
        except CallError as error:
            raise Invalid({"detail": str(error)}) from None
        return {"status": response.status, "body": parsed_body(response)}
