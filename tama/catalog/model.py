from tama.catalog.common import found, parent, provision_state
from tama.catalog.declaration import Json, Resource, Text

RESOURCE = Resource(
    "model",
    thing="model",
    summary="A model that a source offers.",
    collection="/provision/sensory/sources/{source_id}/models",
    member="/provision/sensory/models/{id}",
    wrapper="model",
    attributes=(
        parent("source_id", "source", "The source that offers it."),
        Text("identifier", "The model's name at the source.", required=True, non_empty=True),
        Text(
            "path",
            "Where it is called, below the source's endpoint, e.g. `/chat/completions`.",
            required=True,
            non_empty=True,
        ),
        Json("parameters", "What is sent with each call, as a JSON object.", optional=True, computed=True, clears=True),
        provision_state("model"),
    ),
)

DATA_SOURCE = found(RESOURCE, "A model that someone else declared.")
