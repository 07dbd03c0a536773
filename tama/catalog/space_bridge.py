from tama.catalog.declaration import Resource, Text

RESOURCE = Resource(
    "space_bridge",
    thing="bridge",
    summary="A directed permission for one space to reach another.",
    collection="/provision/neural/spaces/{space_id}/bridges",
    member="/provision/neural/bridges/{id}",
    wrapper="bridge",
    attributes=(
        Text(
            "space_id",
            "The space that may reach the target.",
            required=True,
            replaces=True,
            non_empty=True,
            refers_to="space",
        ),
        Text("target_space_id", "The space to be reached.", required=True, non_empty=True, refers_to="space"),
        Text("provision_state", "Where Tama is with the bridge, e.g. `active`.", computed=True),
    ),
)
