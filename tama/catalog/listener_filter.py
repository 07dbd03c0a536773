from tama.catalog.common import parent, provision_state, reference
from tama.catalog.declaration import Resource

RESOURCE = Resource(
    "listener_filter",
    thing="filter",
    summary="Narrows a listener to what one chain does.",
    collection="/provision/neural/listeners/{listener_id}/filters",
    member="/provision/neural/filters/{id}",
    wrapper="filter",
    attributes=(
        parent("listener_id", "listener", "The listener that is narrowed."),
        reference("chain_id", "chain", "The chain that is listened to."),
        provision_state("filter"),
    ),
)
