from tama.catalog.common import found, parent, provision_state
from tama.catalog.declaration import Resource, Text

RESOURCE = Resource(
    "node",
    thing="node",
    summary="What runs a chain in a space when a value of a class comes in.",
    collection="/provision/neural/spaces/{space_id}/nodes",
    member="/provision/neural/nodes/{id}",
    wrapper="node",
    attributes=(
        parent("space_id", "space", "The space that the node belongs to."),
        parent("class_id", "class", "The class whose values it is about; it may belong to another space."),
        parent("chain_id", "chain", "The chain that it runs."),
        Text(
            "type",
            "`reactive` runs by itself, `scheduled` at set times, `explicit` when it is called.",
            required=True,
            one_of=("scheduled", "reactive", "explicit"),
        ),
        Text(
            "on",
            "At which state of a value it runs.",
            optional=True,
            computed=True,
            default="processing",
            one_of=("processing", "processed"),
        ),
        provision_state("node"),
    ),
)

DATA_SOURCE = found(RESOURCE, "A node that someone else made.")
