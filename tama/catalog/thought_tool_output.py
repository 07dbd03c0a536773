from tama.catalog.common import parent, provision_state, reference
from tama.catalog.declaration import Resource

RESOURCE = Resource(
    "thought_tool_output",
    thing="tool output",
    summary="A corpus that a tool's answer becomes.",
    collection="/provision/tools/{thought_tool_id}/outputs",
    member="/provision/tools/outputs/{id}",
    wrapper="output",
    attributes=(
        parent("thought_tool_id", "thought_tool", "The tool."),
        reference("class_corpus_id", "class_corpus", "The corpus."),
        provision_state("output"),
    ),
)
