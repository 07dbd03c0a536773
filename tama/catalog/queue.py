from tama.catalog.common import found
from tama.catalog.declaration import Integer, Resource, Text

RESOURCE = Resource(
    "queue",
    thing="queue",
    summary="What bounds how many thoughts of a kind run at once; it belongs to no space.",
    collection="/provision/system/queues",
    member="/provision/system/queues/{id}",
    wrapper="queue",
    attributes=(
        Text("role", "Which work the queue is for, e.g. `oracle`.", required=True, non_empty=True),
        Text("name", "The name that people know the queue by.", required=True, non_empty=True),
        Integer("concurrency", "How many run at once.", required=True, minimum=1),
    ),
)

DATA_SOURCE = found(RESOURCE, "A queue that someone else made.")
