from tama.catalog.common import OF_SPECIFICATION
from tama.catalog.declaration import DataSource, Lookup, Problem, Text

_ACTIONS = "/provision/motor/specifications/{specification_id}/actions"
_EITHER = "Give either 'identifier', or both 'path' and 'method'."

DATA_SOURCE = DataSource(
    "action",
    thing="action",
    summary="One operation of a specification that an agent may call.",
    lookups=(
        Lookup(("specification_id", "identifier"), _ACTIONS + "/{identifier}", OF_SPECIFICATION),
        Lookup(
            ("specification_id", "path", "method"),
            _ACTIONS + "/{path:base64url}?method={method:lower}",
            OF_SPECIFICATION,
        ),
    ),
    attributes=(
        Text("id", "The id of the action.", computed=True),
        Text(
            "specification_id", "The specification that holds the operation.", required=True, refers_to="specification"
        ),
        Text("identifier", "The operation's `operationId`.", optional=True, computed=True),
        Text("path", "The operation's path as the specification writes it.", optional=True, computed=True),
        Text("method", "The operation's HTTP method; the answer holds it in lower case.", optional=True, computed=True),
    ),
    missing=Problem("Invalid Configuration", _EITHER),
    conflicting=Problem("Invalid Configuration", _EITHER),
)
