from tama.catalog.common import found, parent, provision_state, slug
from tama.catalog.declaration import Resource, Text

RESOURCE = Resource(
    "prompt",
    thing="prompt",
    summary="A text that a model is given.",
    collection="/provision/memory/spaces/{space_id}/prompts",
    member="/provision/memory/prompts/{id}",
    wrapper="prompt",
    attributes=(
        parent("space_id", "space", "The space that the prompt belongs to."),
        Text("name", "The name that people know the prompt by.", required=True, non_empty=True),
        Text("content", "The text.", required=True, non_empty=True),
        Text("role", "Whose words they are.", required=True, one_of=("system", "user")),
        slug(),
        provision_state("prompt"),
    ),
)

DATA_SOURCE = found(RESOURCE, "A prompt that someone else made.")
