from tama.catalog.common import answered, provision_state, slug
from tama.catalog.declaration import DataSource, Lookup, Problem, Resource, Text

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
    lookups=(
        Lookup(("id",), RESOURCE.member),
        Lookup(("slug",), "/provision/neural/spaces/{slug}", "A slug follows its space's name, when that changes."),
    ),
    attributes=(
        Text(
            "id",
            "The id of the space; in its place its slug may stand, and the answer holds the id.",
            optional=True,
            computed=True,
        ),
        *answered(RESOURCE.attributes, slug={"optional": True, "computed": True}),
    ),
    missing=Problem("Missing Required Arguments", "Give 'id' or 'slug'."),
    conflicting=Problem("Conflicting Arguments", "Give 'id' or 'slug', not both."),
)
