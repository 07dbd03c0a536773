from tama.catalog.common import parent, provision_state, reference
from tama.catalog.declaration import Integer, Json, Resource, Text

RESOURCE = Resource(
    "thought_initializer",
    thing="thought initializer",
    summary="What is done before a thought begins, such as loading what it needs.",
    collection="/provision/perception/thoughts/{thought_id}/initializers",
    member="/provision/perception/initializers/{id}",
    wrapper="initializer",
    attributes=(
        parent("thought_id", "thought", "The thought."),
        Text("reference", "The initializer's name, e.g. `tama/initializers/preload`.", required=True, non_empty=True),
        Integer(
            "index",
            "Its place among the initializers; the next free one when not given.",
            optional=True,
            computed=True,
            minimum=0,
        ),
        reference("class_id", "class", "The class that it is about."),
        Json("parameters", "Its parameters, as JSON.", optional=True, computed=True, default="{}"),
        provision_state("initializer"),
    ),
    unique=(("thought_id", "index"),),
)
