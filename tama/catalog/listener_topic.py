from tama.catalog.common import parent, provision_state, reference
from tama.catalog.declaration import Resource

RESOURCE = Resource(
    "listener_topic",
    thing="topic",
    summary="A class that a listener is told of.",
    collection="/provision/memory/listeners/{listener_id}/topics",
    member="/provision/memory/topics/{id}",
    wrapper="topic",
    attributes=(
        parent("listener_id", "listener", "The listener that is told."),
        reference("class_id", "class", "The class whose values it is told of."),
        provision_state("topic"),
    ),
)
