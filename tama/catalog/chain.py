from tama.catalog.common import found, parent, provision_state, slug
from tama.catalog.declaration import Resource, Text

RESOURCE = Resource(
    "chain",
    thing="chain",
    summary="A sequence of thoughts.",
    collection="/provision/perception/spaces/{space_id}/chains",
    member="/provision/perception/chains/{id}",
    wrapper="chain",
    attributes=(
        parent("space_id", "space", "The space that the chain belongs to."),
        Text("name", "The name that people know the chain by.", required=True, non_empty=True),
        slug(),
        provision_state("chain"),
    ),
)

DATA_SOURCE = found(RESOURCE, "A chain that someone else made.")
