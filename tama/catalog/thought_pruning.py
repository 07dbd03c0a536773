from tama.catalog.common import parent
from tama.catalog.declaration import Integer, Resource

RESOURCE = Resource(
    "thought_pruning",
    thing="pruning",
    summary="How many earlier versions of a thought's outcome are kept.",
    collection="/provision/perception/thoughts/{thought_id}/prunings",
    member="/provision/perception/prunings/{id}",
    wrapper="pruning",
    attributes=(
        parent("thought_id", "thought", "The thought."),
        Integer("previous_versions_count", "How many earlier versions are kept.", required=True, minimum=0),
    ),
)
