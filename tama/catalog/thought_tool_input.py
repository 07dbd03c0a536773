from tama.catalog.common import parent, provision_state, reference
from tama.catalog.declaration import Resource, Text

RESOURCE = Resource(
    "thought_tool_input",
    thing="tool input",
    summary="A corpus that fills in a part of a tool's call.",
    collection="/provision/tools/{thought_tool_id}/inputs",
    member="/provision/tools/inputs/{id}",
    wrapper="input",
    attributes=(
        parent("thought_tool_id", "thought_tool", "The tool."),
        Text("type", "The part of the call.", required=True, one_of=("path", "query", "header", "body")),
        reference("class_corpus_id", "class_corpus", "The corpus."),
        provision_state("input"),
    ),
)
