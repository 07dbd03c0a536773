from tama.catalog.common import parent, provision_state, reference
from tama.catalog.declaration import Resource

RESOURCE = Resource(
    "tool_output_option",
    thing="tool output option",
    summary="A modifier of the action that a tool's output goes by.",
    collection="/provision/tools/outputs/{thought_tool_output_id}/options",
    member="/provision/tools/options/{id}",
    wrapper="option",
    attributes=(
        parent("thought_tool_output_id", "thought_tool_output", "The output."),
        reference("action_modifier_id", "action_modifier", "The modifier."),
        provision_state("option"),
    ),
)
