from tama.catalog.common import found, parent, provision_state, secret
from tama.catalog.declaration import Resource, Text

RESOURCE = Resource(
    "listener",
    thing="listener",
    summary="An address outside Tama that is told what happens in a space.",
    collection="/provision/neural/spaces/{space_id}/listeners",
    member="/provision/neural/listeners/{id}",
    wrapper="listener",
    attributes=(
        parent("space_id", "space", "The space that is listened to."),
        Text("endpoint", "The URL that is told, e.g. `https://app.example.com/events`.", required=True, url=True),
        *secret("secret", "What Tama signs its messages with, so that the endpoint knows them.", required=True),
        provision_state("listener"),
    ),
)

DATA_SOURCE = found(RESOURCE, "A listener that someone else declared.")
