from tama.catalog.common import parent, provision_state, reference
from tama.catalog.declaration import Resource, Text

RESOURCE = Resource(
    "thought_module_input",
    thing="input",
    summary="A corpus that the module of a thought is given.",
    collection="/provision/perception/thoughts/{thought_id}/module/inputs",
    member="/provision/perception/module/inputs/{id}",
    wrapper="input",
    attributes=(
        parent("thought_id", "thought", "The thought; it is a modular one."),
        Text("type", "What the corpus tells of.", required=True, one_of=("concept", "entity")),
        reference("class_corpus_id", "class_corpus", "The corpus."),
        Text("thought_module_id", "The module of the thought.", computed=True),
        provision_state("input"),
    ),
)
