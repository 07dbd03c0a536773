from __future__ import annotations

from tama.catalog.common import found, parent, provision_state
from tama.catalog.declaration import Json, Problem, Resource, Settling, Text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tama.catalog.declaration import Values


def _mistakes(config: Values, known: Callable[[object], bool]) -> Iterator[Problem]:
    """The endpoint is one that can be called, and the document one that yields actions."""
    endpoint, document = config["endpoint"], config["schema"]
    if endpoint and known(endpoint):
        yield from _of_endpoint(endpoint)
    if document is not None and known(document):
        yield from _of_document(document)


def _of_endpoint(endpoint: str) -> Iterator[Problem]:
    from tama.catalog.urls import BASE_URL, is_endpoint  # noqa: PLC0415 - as below

    if not is_endpoint(endpoint):
        detail = f"Attribute endpoint value must be {BASE_URL}, or a path such as /v1."
        yield Problem("Invalid Attribute Value", detail, ("endpoint",))


def _of_document(document: object) -> Iterator[Problem]:
    if not isinstance(document, dict):
        yield Problem("Invalid Schema", "An OpenAPI document is a JSON object.", ("schema",))
        return
    from tama.catalog.openapi import BadDocument, describe  # noqa: PLC0415 - what is planned has been validated

    try:
        describe(document)
    except BadDocument as problem:
        yield Problem("Invalid Schema", str(problem), ("schema",))


RESOURCE = Resource(
    "specification",
    thing="specification",
    summary="An OpenAPI document registered in a space, together with an endpoint and a version; it yields actions.",
    collection="/provision/sensory/spaces/{space_id}/specifications",
    member="/provision/sensory/specifications/{id}",
    wrapper="specification",
    attributes=(
        parent("space_id", "space", "The space that the specification belongs to."),
        Json("schema", "The OpenAPI document, as JSON.", required=True),
        Text("version", "The version of the document, e.g. `1.0.0`.", required=True, non_empty=True),
        Text("endpoint", "The base URL that the document's paths are below.", required=True, non_empty=True),
        Text(
            "current_state",
            "What processing the document came to: `completed` or `failed`.",
            computed=True,
            follows=("schema", "version", "endpoint"),
        ),
        provision_state("specification"),
    ),
    validate=_mistakes,
    settles=Settling("current_state", good=("completed",), bad=("failed",)),
)

DATA_SOURCE = found(RESOURCE, "A specification that someone else registered.")
