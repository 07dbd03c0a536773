from tama.catalog.common import parent, provision_state, reference
from tama.catalog.declaration import Resource

RESOURCE = Resource(
    "thought_tool",
    thing="tool",
    summary="An action that a thought may call.",
    collection="/provision/perception/thoughts/{thought_id}/tools",
    member="/provision/perception/tools/{id}",
    wrapper="tool",
    attributes=(
        parent("thought_id", "thought", "The thought."),
        reference("action_id", "action", "The action."),
        provision_state("tool"),
    ),
)
