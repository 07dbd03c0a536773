from tama.catalog.common import answered, parent, provision_state, slug
from tama.catalog.declaration import Boolean, DataSource, Lookup, Problem, Resource, Text

RESOURCE = Resource(
    "class_corpus",
    thing="corpus",
    summary="A template that turns the values of a class into text.",
    collection="/provision/neural/classes/{class_id}/corpora",
    member="/provision/neural/corpora/{id}",
    wrapper="corpus",
    attributes=(
        parent("class_id", "class", "The class whose values it turns into text."),
        Text("name", "The name that people know the corpus by.", required=True, non_empty=True),
        Boolean("main", "Whether it is the class's main corpus.", optional=True, computed=True, default=False),
        Text("template", "The template, e.g. `{{ data.title }}`.", required=True, non_empty=True),
        slug(),
        provision_state("corpus"),
    ),
    unique=(("class_id", "slug"),),
)

DATA_SOURCE = DataSource(
    "class_corpus",
    thing="corpus",
    summary="A corpus that someone else made, or that came with a class.",
    lookups=(
        Lookup(("id",), "/provision/neural/corpora/{id}"),
        Lookup(("class_id", "slug"), "/provision/neural/classes/{class_id}/corpora/{slug}"),
    ),
    attributes=(
        Text("id", "The id of the corpus.", optional=True, computed=True),
        *answered(
            RESOURCE.attributes,
            class_id={"optional": True, "computed": True, "refers_to": "class"},
            slug={"optional": True, "computed": True},
        ),
    ),
    missing=Problem("Invalid Configuration", "Either 'id' or both 'class_id' and 'slug' must be provided."),
    conflicting=Problem(
        "Invalid Configuration", "Cannot provide both 'id' and 'class_id'/'slug' simultaneously: give one of them."
    ),
)
