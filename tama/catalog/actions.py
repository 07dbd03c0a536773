from __future__ import annotations

from tama.catalog.declaration import DataSource, Lookup, Objects, Text
from tama.catalog.specification import RESOURCE as SPECIFICATION

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from tama.catalog.declaration import Values

_ACTION = "/provision/motor/specifications/{specification_id}/actions/{path:base64url}?method={method}"


def _each_operation(specification: Values, get_each: Callable[[str, Sequence[Values]], list[Any]]) -> Values:
    """The actions of a specification, in the order of its document; the API has no list of them."""
    from tama.catalog.openapi import METHODS  # noqa: PLC0415 - this module is read for its schema alone, mostly

    operations = [
        {"specification_id": specification["id"], "path": path, "method": method}
        for path, item in (specification["schema"].get("paths") or {}).items()
        for method in (item if isinstance(item, dict) else ())
        if method in METHODS
    ]
    return {"specification_id": specification["id"], "actions": get_each(_ACTION, operations)}


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
