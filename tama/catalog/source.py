from tama.catalog.common import OF_SPECIFICATION, answered, parent, provision_state, secret, slug
from tama.catalog.declaration import DataSource, Lookup, Object, Objects, Problem, Resource, Text

RESOURCE = Resource(
    "source",
    thing="source",
    summary="A service that models are reached at, with the credential for it.",
    collection="/provision/sensory/spaces/{space_id}/sources",
    member="/provision/sensory/sources/{id}",
    wrapper="source",
    attributes=(
        parent("space_id", "space", "The space that the source belongs to."),
        Text("name", "The name that people know the source by.", required=True, non_empty=True),
        Text("type", "What is reached there: `model`.", required=True, one_of=("model",)),
        Text("endpoint", "The base URL, e.g. `https://api.example.com/v1`.", required=True, url=True),
        *secret("api_key", "The API key.", required=True, key="credential.api_key"),
        slug(),
        Object(
            "request",
            "What is added to each request.",
            optional=True,
            attributes=(
                Objects(
                    "headers",
                    "Headers that are sent.",
                    optional=True,
                    attributes=(
                        Text("name", "The header's name.", required=True, non_empty=True),
                        Text("value", "Its value; it may be a credential.", required=True, sensitive=True),
                    ),
                ),
                Object(
                    "session_affinity",
                    "Where the id of a session stands, so that its requests reach the same server.",
                    optional=True,
                    attributes=(
                        Text("location", "`header` or `body`.", required=True, one_of=("header", "body")),
                        Text("key", "The name of the header or of the member of the body.", required=True),
                        Text("value", "What stands there.", required=True),
                    ),
                ),
            ),
        ),
        provision_state("source"),
    ),
)

DATA_SOURCE = DataSource(
    "source",
    thing="source",
    summary="A source that someone else made, or that came with a specification.",
    lookups=(
        Lookup(("id",), "/provision/sensory/sources/{id}"),
        Lookup(
            ("specification_id", "slug"),
            "/provision/sensory/specifications/{specification_id}/sources/{slug}",
            OF_SPECIFICATION,
        ),
    ),
    attributes=(
        Text("id", "The id of the source.", optional=True, computed=True),
        Text("specification_id", "The specification that it came with.", optional=True, refers_to="specification"),
        *answered(RESOURCE.attributes, slug={"optional": True, "computed": True}),
    ),
    missing=Problem("Invalid Configuration", "Either 'id' or both 'specification_id' and 'slug' must be provided."),
    conflicting=Problem(
        "Invalid Configuration", "Cannot provide both 'id' and 'specification_id'/'slug' simultaneously."
    ),
)
