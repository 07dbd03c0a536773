from tama.catalog.common import parent
from tama.catalog.declaration import Resource, Settling, Text, Texts

RESOURCE = Resource(
    "class_operation",
    thing="class operation",
    summary="Has chains work on what a class is, once. It cannot be changed, and outlives its resource.",
    collection="/provision/neural/classes/{class_id}/operations",
    member="/provision/neural/classes/{class_id}/operations/{id}",
    wrapper="operation",
    attributes=(
        parent("class_id", "class", "The class that is worked on."),
        Texts("chain_ids", "The chains that work.", required=True, replaces=True, non_empty=True, refers_to="chain"),
        Text(
            "node_type",
            "The type of the nodes that run them.",
            optional=True,
            computed=True,
            replaces=True,
            default="reactive",
            one_of=("explicit", "reactive"),
        ),
        Text("current_state", "What the work came to: `processed`.", computed=True),
        Texts("node_ids", "The nodes that run the chains.", computed=True),
    ),
    settles=Settling("current_state", good=("processed",), bad=("failed",)),
    import_id="{class_id}:{id}",
    updates=False,
    deletes=False,
)
