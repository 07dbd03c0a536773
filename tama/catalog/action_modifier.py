from tama.catalog.common import parent, provision_state
from tama.catalog.declaration import Json, Resource, Text

RESOURCE = Resource(
    "action_modifier",
    thing="modifier",
    summary="A schema that changes what a model is asked for when it calls an action.",
    collection="/provision/motor/actions/{action_id}/modifiers",
    member="/provision/motor/modifiers/{id}",
    wrapper="modifier",
    attributes=(
        parent("action_id", "action", "The action whose call is changed."),
        Text("name", "The part of the call that is changed.", required=True, non_empty=True),
        Json("schema", "The JSON schema of that part, as JSON.", required=True),
        provision_state("modifier"),
    ),
)
