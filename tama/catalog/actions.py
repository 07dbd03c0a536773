from __future__ import annotations

from tama.catalog.declaration import DataSource, Lookup, Objects, Text
from tama.catalog.specification import RESOURCE as SPECIFICATION

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from tama.catalog.declaration import Values

_ACTION = "/provision/motor/specifications/{specification_id}/actions/{path:base64url}?method={method}"


def _each_operation(specification: Values, get: Callable[[str, Values], Any]) -> Values:
    """The actions of a specification, in the order of its document; the API has no list of them."""
    from tama.catalog.openapi import METHODS  # noqa: PLC0415 - this module is read for its schema alone, mostly

    actions = []
    for path, item in (specification["schema"].get("paths") or {}).items():
        methods = [method for method in item if method in METHODS] if isinstance(item, dict) else []
        for method in methods:
            of = {"specification_id": specification["id"], "path": path, "method": method}
            actions.append(get(_ACTION, of))
    return {"specification_id": specification["id"], "actions": actions}


DATA_SOURCE = DataSource(
    "actions",
    thing="actions",
    summary="All actions of a specification at once.",
    lookups=(Lookup(("specification_id",), SPECIFICATION.member.replace("{id}", "{specification_id}")),),
    attributes=(
        Text(
            "specification_id",
            "The specification that holds the operations.",
            required=True,
            refers_to="specification",
        ),
        Objects(
            "actions",
            "The actions, in the order of the document.",
            computed=True,
            attributes=(
                Text("id", "The id of the action.", computed=True),
                Text("identifier", "The operation's `operationId`.", computed=True),
                Text("path", "The operation's path as the specification writes it.", computed=True),
                Text("method", "The operation's HTTP method, in lower case.", computed=True),
            ),
        ),
    ),
    gather=_each_operation,
)
