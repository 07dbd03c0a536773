"""Links (OpenAPI 3.1, Link Object) between the operations of a contract, so that calls follow one another.

They say what the contract says in words: what is done about an actor shows in all that is asked about the actor then.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

METHODS = ("get", "put", "post", "patch", "delete")
_SEEN = "actor_id"


def with_links(document: dict[str, Any]) -> dict[str, Any]:
    """Add the links to a contract's document, and return it."""
    operations = list(_operations(document))
    for path, method, operation in operations:
        for status, reference in list(operation["responses"].items()):
            if status.startswith("2") and _SEEN in path and method != "get":
                response = _resolved(document, reference)
                response["links"] = {
                    to["operationId"]: _link(path, operation, to) for it, _, to in operations if _SEEN in it
                }
                operation["responses"][status] = response
    return document


def _operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                yield path, method, item[method]


def _resolved(document: dict[str, Any], reference: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in reference:
        return reference
    node: Any = document
    for step in reference["$ref"].removeprefix("#/").split("/"):
        node = node[step]
    return dict(node)


def _link(path: str, operation: dict[str, Any], to: dict[str, Any]) -> dict[str, Any]:
    parameters = {"path.actor_id": "$request.path.actor_id"}
    match operation["operationId"], to["operationId"]:
        case "append-history", "delete-event":
            parameters["path.event_id"] = "$response.body#/events/0/event_id"
        case "append-history", "delete-history-up-to":
            parameters["query.through"] = "$response.body#/events/0/event_id"
        case "create-or-update-profile" | "patch-profile", "patch-profile" | "get-profile":
            parameters["header.If-Match"] = "$response.header.ETag"
        case "create-or-update-preference", "get-preference" | "delete-preference":
            parameters["path.type"] = "$request.path.type"
    return {"operationId": to["operationId"], "parameters": parameters}
