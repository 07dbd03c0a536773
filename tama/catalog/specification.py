from tama.catalog.declaration import Json, Resource, Settling, Text

RESOURCE = Resource(
    "specification",
    thing="specification",
    summary="An OpenAPI document registered in a space, together with an endpoint and a version; it yields actions.",
    collection="/provision/sensory/spaces/{space_id}/specifications",
    member="/provision/sensory/specifications/{id}",
    wrapper="specification",
    attributes=(
        Text(
            "space_id",
            "The space that the specification belongs to.",
            required=True,
            replaces=True,
            non_empty=True,
            refers_to="space",
        ),
        Json("schema", "The OpenAPI document, as JSON.", required=True),
        Text("version", "The version of the document, e.g. `1.0.0`.", required=True, non_empty=True),
        Text("endpoint", "The base URL that the document's paths are below.", required=True, non_empty=True),
        Text(
            "current_state",
            "What processing the document came to: `completed` or `failed`.",
            computed=True,
            follows=("schema", "version", "endpoint"),
        ),
        Text("provision_state", "Where Tama is with the specification, e.g. `active`.", computed=True),
    ),
    settles=Settling("current_state", good=("completed",), bad=("failed",)),
)
