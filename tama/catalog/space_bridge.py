from tama.catalog.common import found, parent, provision_state, reference
from tama.catalog.declaration import Resource

RESOURCE = Resource(
    "space_bridge",
    thing="bridge",
    summary="A directed permission for one space to reach another.",
    collection="/provision/neural/spaces/{space_id}/bridges",
    member="/provision/neural/bridges/{id}",
    wrapper="bridge",
    attributes=(
        parent("space_id", "space", "The space that may reach the target."),
        reference("target_space_id", "space", "The space to be reached."),
        provision_state("bridge"),
    ),
)

DATA_SOURCE = found(RESOURCE, "A bridge that someone else made.")
