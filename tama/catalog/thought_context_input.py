from tama.catalog.common import parent, provision_state, reference
from tama.catalog.declaration import Resource, Text

RESOURCE = Resource(
    "thought_context_input",
    thing="input",
    summary="A corpus that fills in the prompt of a context.",
    collection="/provision/contexts/{thought_context_id}/inputs",
    member="/provision/contexts/inputs/{id}",
    wrapper="input",
    attributes=(
        parent("thought_context_id", "thought_context", "The context."),
        Text("type", "What the corpus tells of.", required=True, one_of=("entity", "concept", "metadata")),
        reference("class_corpus_id", "class_corpus", "The corpus."),
        provision_state("input"),
    ),
)
