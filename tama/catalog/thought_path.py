from tama.catalog.common import found, parent, reference
from tama.catalog.declaration import Json, Resource

RESOURCE = Resource(
    "thought_path",
    thing="path",
    summary="A class that a thought can lead to.",
    collection="/provision/perception/thoughts/{thought_id}/paths",
    member="/provision/perception/paths/{id}",
    wrapper="path",
    attributes=(
        parent("thought_id", "thought", "The thought that leads there."),
        reference("target_class_id", "class", "The class that it leads to."),
        Json("parameters", "What is told on the way, as a JSON object.", optional=True, computed=True, clears=True),
    ),
)

DATA_SOURCE = found(RESOURCE, "A path that someone else declared.")
