from tama.catalog.common import found, parent, provision_state
from tama.catalog.declaration import Integer, Resource, Text

RESOURCE = Resource(
    "source_limit",
    thing="limit",
    summary="How many requests a source takes in a time.",
    collection="/provision/sensory/sources/{source_id}/limits",
    member="/provision/sensory/limits/{id}",
    wrapper="limit",
    attributes=(
        parent("source_id", "source", "The source that is limited; a source has one limit."),
        Text("scale_unit", "The unit of the time.", required=True, one_of=("seconds", "minutes", "hours")),
        Integer("scale_count", "How many of that unit the time has.", required=True, minimum=1),
        Integer("value", "How many requests it takes in that time.", required=True, minimum=1, key="count"),
        provision_state("limit"),
    ),
    unique=(("source_id",),),
)

DATA_SOURCE = found(RESOURCE, "A limit that someone else set.")
