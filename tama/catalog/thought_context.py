from tama.catalog.common import found, parent, provision_state, reference
from tama.catalog.declaration import Integer, Resource

RESOURCE = Resource(
    "thought_context",
    thing="context",
    summary="A prompt that a thought is given, in a layer of its own.",
    collection="/provision/perception/thoughts/{thought_id}/contexts",
    member="/provision/perception/contexts/{id}",
    wrapper="context",
    attributes=(
        parent("thought_id", "thought", "The thought that is given it."),
        reference("prompt_id", "prompt", "The prompt."),
        Integer("layer", "Its place among the prompts.", optional=True, computed=True, default=0, minimum=0),
        provision_state("context"),
    ),
    unique=(("thought_id", "layer"),),
)

DATA_SOURCE = found(RESOURCE, "A context that someone else declared.")
