from tama.catalog.common import parent, provision_state
from tama.catalog.declaration import Integer, Json, Resource, Text

RESOURCE = Resource(
    "thought_tool_initializer",
    thing="tool initializer",
    summary="What is done before a tool is called.",
    collection="/provision/tools/{thought_tool_id}/initializers",
    member="/provision/tools/initializers/{id}",
    wrapper="initializer",
    attributes=(
        parent("thought_tool_id", "thought_tool", "The tool."),
        Text("reference", "The initializer's name, e.g. `tama/initializers/import`.", required=True, non_empty=True),
        Integer(
            "index", "Its place among the initializers; 0 when not given.", optional=True, computed=True, minimum=0
        ),
        Json("parameters", "Its parameters, as JSON.", optional=True),
        provision_state("initializer"),
    ),
)
