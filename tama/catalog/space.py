from tama.catalog.common import answered, provision_state, slug
from tama.catalog.declaration import DataSource, Lookup, Resource, Text

RESOURCE = Resource(
    "space",
    thing="space",
    summary="A container of agents' knowledge: its classes, specifications, chains and prompts.",
    collection="/provision/neural/spaces",
    member="/provision/neural/spaces/{id}",
    wrapper="space",
    attributes=(
        Text("name", "The name that people know the space by.", required=True, non_empty=True),
        Text(
            "type",
            "`root` for a product, `component` for a part that others use, `global` for what all share.",
            required=True,
            one_of=("root", "component", "global"),
        ),
        slug(),
        provision_state("space"),
    ),
    unique=(("slug",),),
)

DATA_SOURCE = DataSource(
    "space",
    thing="space",
    summary="A space that someone else made.",
    lookups=(Lookup(("id",), "/provision/neural/spaces/{id}"),),
    attributes=(
        Text("id", "The id of the space, or its slug; the answer holds the id.", required=True),
        *answered(RESOURCE.attributes),
    ),
)
