from tama.catalog.common import found, parent, provision_state
from tama.catalog.declaration import Json, Resource, Settling, Text

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
    settles=Settling("current_state", good=("completed",), bad=("failed",)),
)

DATA_SOURCE = found(RESOURCE, "A specification that someone else registered.")
