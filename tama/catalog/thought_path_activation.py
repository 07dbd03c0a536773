from tama.catalog.common import parent, provision_state, reference
from tama.catalog.declaration import Resource

RESOURCE = Resource(
    "thought_path_activation",
    thing="activation",
    summary="A chain that starts when a path is taken.",
    collection="/provision/perception/paths/{thought_path_id}/activations",
    member="/provision/perception/activations/{id}",
    wrapper="activation",
    attributes=(
        parent("thought_path_id", "thought_path", "The path."),
        reference("chain_id", "chain", "The chain that starts."),
        provision_state("activation"),
    ),
)
