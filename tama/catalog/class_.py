from __future__ import annotations

from tama.catalog.common import OF_SPECIFICATION, answered, parent, provision_state
from tama.catalog.declaration import Block, Boolean, DataSource, Json, Lookup, Problem, Resource, Text, Texts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from tama.catalog.declaration import Values

_SCHEMA = (
    Text("title", "The class's name.", required=True, non_empty=True),
    Text("description", "What the class is for.", required=True, non_empty=True),
    Text("type", "The JSON type of its values, mostly `object`.", required=True, non_empty=True),
    Json("properties", "The properties of an object, as JSON.", optional=True),
    Texts("required", "The names of the properties that must be there.", optional=True),
    Boolean("strict", "Whether values may hold only what the schema names.", optional=True),
)


def _one_schema(config: Values, known: Callable[[object], bool]) -> Iterator[Problem]:
    """The schema stands either in a block or in `schema_json`, and has a title and a description."""
    text, blocks = config["schema_json"], config["schema"]
    if not known(blocks):
        return
    if text is not None and known(text) and blocks:
        yield Problem("Schema Error", "Cannot specify both schema block and schema_json attribute.", ("schema_json",))
    if text is None and not blocks:
        yield Problem("Schema Error", "Either schema block or schema_json attribute must be provided.")
    if len(blocks) > 1:
        yield Problem("Schema Error", "Only one schema block may be given.", ("schema", 1))
    if text is not None and known(text):
        for key in ("title", "description"):
            if not isinstance(text, dict) or not isinstance(text.get(key), str) or not text[key]:
                yield Problem("Schema Error", f"JSON schema must include '{key}' field.", ("schema_json",))


def _schema_to_body(planned: Values, body: dict[str, Any]) -> dict[str, Any]:
    """The class's schema, from the block or from `schema_json`; what is not set in the block stays out of it."""
    if planned["schema"]:
        schema = {key: value for key, value in planned["schema"][0].items() if value is not None}
    else:
        schema = planned["schema_json"]
    return {**body, "schema": schema}


def _schema_from_response(response: Values, prior: Values, values: dict[str, Any]) -> dict[str, Any]:
    """The schema, where the configuration has it; after an import `schema_json`, as a block cannot be computed."""
    schema = response["schema"]
    if prior.get("schema"):
        block = {attribute.name: schema.get(attribute.name) for attribute in _SCHEMA}
        return {**values, "schema": [block], "schema_json": None}
    return {**values, "schema": [], "schema_json": schema}


RESOURCE = Resource(
    "class",
    thing="class",
    summary="A kind of knowledge in a space, described by a JSON schema.",
    collection="/provision/neural/spaces/{space_id}/classes",
    member="/provision/neural/classes/{id}",
    wrapper="class",
    attributes=(
        parent("space_id", "space", "The space that the class belongs to."),
        Json(
            "schema_json",
            "The JSON schema, as JSON, instead of a `schema` block.",
            optional=True,
            sent=False,
            returned=False,
        ),
        Text("name", "The schema's title.", computed=True, follows=("schema_json", "schema")),
        Text("description", "The schema's description.", computed=True, follows=("schema_json", "schema")),
        provision_state("class"),
    ),
    blocks=(
        Block("schema", "The JSON schema, instead of `schema_json`.", _SCHEMA, many=True, sent=False, returned=False),
    ),
    validate=_one_schema,
    to_body=_schema_to_body,
    from_response=_schema_from_response,
)


def _found_schema(response: Values, prior: Values, values: dict[str, Any]) -> dict[str, Any]:  # noqa: ARG001 - one signature
    schema = response["schema"]
    block = {attribute.name: schema.get(attribute.name) for attribute in _SCHEMA}
    return {**values, "schema": [block], "schema_json": schema}


DATA_SOURCE = DataSource(
    "class",
    thing="class",
    summary="A class that someone else made, or that was derived from a specification.",
    lookups=(
        Lookup(("id",), "/provision/neural/classes/{id}"),
        Lookup(
            ("specification_id", "name"),
            "/provision/neural/specifications/{specification_id}/classes/{name}",
            OF_SPECIFICATION,
        ),
        Lookup(("space_id", "name"), "/provision/neural/spaces/{space_id}/classes/{name}"),
    ),
    attributes=(
        Text("id", "The id of the class.", optional=True, computed=True),
        Text(
            "specification_id",
            "The specification that the class was derived from.",
            optional=True,
            refers_to="specification",
        ),
        Text("space_id", "The space that the class belongs to.", optional=True, computed=True),
        Text("name", "The schema's title.", optional=True, computed=True),
        Text("description", "The schema's description.", computed=True),
        Json("schema_json", "The JSON schema, as JSON.", computed=True, returned=False),
        provision_state("class"),
    ),
    blocks=(
        Block(
            "schema",
            "The JSON schema.",
            answered(_SCHEMA),
            many=True,
            returned=False,
        ),
    ),
    missing=Problem(
        "Missing Required Arguments", "Give 'id', or 'specification_id' and 'name', or 'space_id' and 'name'."
    ),
    conflicting=Problem(
        "Conflicting Arguments",
        "You can only use one approach at a time: 'id', or 'specification_id' and 'name', or 'space_id' and 'name'.",
    ),
    from_response=_found_schema,
)
