from tama.catalog.common import parent, provision_state, reference
from tama.catalog.declaration import Resource

RESOURCE = Resource(
    "thought_path_directive",
    thing="directive",
    summary="A prompt for the thought that a path leads to.",
    collection="/provision/perception/paths/{thought_path_id}/directives",
    member="/provision/perception/directives/{id}",
    wrapper="directive",
    attributes=(
        parent("thought_path_id", "thought_path", "The path."),
        reference("prompt_id", "prompt", "The prompt."),
        reference("target_thought_id", "thought", "The thought that is given it."),
        provision_state("directive"),
    ),
)
