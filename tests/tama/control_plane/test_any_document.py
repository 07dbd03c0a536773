"""Documents of every shape: whatever is wrong with one is said, and nothing breaks."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tama.catalog import openapi, openapi_classes
from tama.control_plane.call import call
from tama.control_plane.errors import CallError
from tama.control_plane.outgoing import Outgoing
from tests.tama.control_plane.support import Caller, Place, changed, document, operation, places

PARAMETERS = [
    {"name": "a", "in": "path", "required": True, "style": "simple"},
    {"name": "b", "in": "query", "style": "form", "explode": True, "schema": {"$ref": "#/components/schemas/A"}},
    {"$ref": "#/components/parameters/P"},
    {"name": "d", "in": "header", "content": {"application/json": {}}},
]
BODY = {"required": True, "content": {"application/json": {"schema": {"$ref": "#/components/schemas/A"}}}}
SEED = document(
    {"/p/{a}": {"parameters": PARAMETERS[:2], "put": operation("op", parameters=PARAMETERS[2:], requestBody=BODY)}},
    components={
        "schemas": {"A": {"type": ["null", "object"], "properties": {"b": {"$ref": "#/components/schemas/A"}}}},
        "parameters": {"P": {"name": "c", "in": "query", "style": "deepObject"}},
        "securitySchemes": {"K": {"type": "http", "scheme": "bearer"}},
    },
    security=[{"K": []}],
)
WORDS = st.sampled_from(
    ["$ref", "#", "#/paths", "#/components/schemas/A", "a", "", "get", "type", "in", "path", "style"]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | WORDS,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(WORDS, inner, max_size=2),
    max_leaves=4,
)


PLACES = [place for place in places(SEED) if place]


@settings(max_examples=300, deadline=None)
@given(place=st.sampled_from(PLACES), value=VALUES)
def test_a_document_of_any_shape_is_described_or_said_to_be_bad(place: Place, value: Any) -> None:
    with suppress(openapi.BadDocument):
        description = openapi.describe(changed(SEED, place, value))
        assert all(schema["title"] == name for name, schema in description.classes.items())
        assert all(isinstance(schema["type"], str) for schema in description.classes.values())


@settings(max_examples=300, deadline=None)
@given(place=st.sampled_from(PLACES), value=VALUES, path=VALUES, query=VALUES, header=VALUES, body=VALUES)
def test_a_call_by_a_document_of_any_shape_is_made_or_refused(
    place: Place, value: Any, path: Any, query: Any, header: Any, body: Any
) -> None:
    mutant = changed(SEED, place, value)
    tool_call = {"path": {"a": path}, "query": {"b": query, "c": query}, "header": {"d": header}, "body": body}
    with suppress(openapi.BadDocument):
        for operation_ in openapi.describe(mutant).operations:
            action = {"path": operation_.path, "method": operation_.method}
            with suppress(CallError):
                call(Outgoing(), {"schema": mutant, "endpoint": "http://127.0.0.1:1"}, action, [], tool_call)


def a_chain(length: int) -> dict[str, Any]:
    links = {f"P{n}": {"$ref": f"#/components/parameters/P{n + 1}"} for n in range(length)}
    last = {f"P{length}": {"name": "a", "in": "query"}}
    parameters = [{"$ref": "#/components/parameters/P0"}]
    return document({"/p": {"get": operation("op", parameters=parameters)}}, components={"parameters": links | last})


def nested(levels: int) -> dict[str, Any]:
    schema: dict[str, Any] = {}
    for _ in range(levels):
        schema = {"not": schema}
    return document({}, components={"schemas": {"A": schema}})


def get(**rest: Any) -> dict[str, Any]:
    return document({"/p": {"get": {"responses": {}, **rest}}})


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        ({"swagger": "2.0", "info": {}, "paths": {}}, "this is not an OpenAPI 3 document"),
        (document({"/p": {"$ref": "#/paths/~1q"}, "/q": {"$ref": "#/paths/~1p"}}), "leads back to itself"),
        (document({"/p": {"$ref": "https://example.com/p.json"}}), "is outside the document, and nothing is fetched"),
        (document({"/p": {"$ref": "file:///etc/passwd"}}), "is outside the document, and nothing is fetched"),
        (document({"/p": {"$ref": "../p.yaml#/p"}}), "is outside the document, and nothing is fetched"),
        (nested(200), "nested deeper than 100 levels"),
        (document({"/p": {"get": operation("a")}, "/q": {"get": operation("a")}}), "'a' is also the operationId at"),
        (a_chain(21), "more than 20 references follow on one another"),
        (get(parameters=[{"name": str(n), "in": "cookie"} for n in range(251)]), "at most 250 parameters"),
        (document({f"/{n}": {"get": {}} for n in range(10_001)}), "more than 10000 operations and component schemas"),
        (document({}, components={"schemas": dict.fromkeys(map(str, range(10_001)))}), "more than 10000 operations"),
    ],
)
def test_a_bad_document_fails_the_specification_and_says_why(
    api: Caller, space: dict[str, Any], bad: dict[str, Any], why: str
) -> None:
    made = api.specification(space["id"], bad)
    assert made["current_state"] == "failed"
    assert why in made["reason"]
    assert len(made["reason"]) < 300
    assert made["schema"] == bad
    assert api.plane.objects("action") == api.plane.objects("class") == api.plane.objects("source") == []


def test_references_may_follow_on_one_another() -> None:
    (found,) = openapi.describe(a_chain(18)).operations
    assert [parameter["name"] for parameter in found.parameters] == ["a"]


def test_what_all_share_is_in_no_class_more_than_there_is_room() -> None:
    names = [f"S{n}" for n in range(80)]
    refers = {name: {"$ref": f"#/components/schemas/{name}"} for name in names}
    schemas = {name: {"description": "-" * 1000, "properties": refers} for name in names}
    classes = openapi.describe(document({}, components={"schemas": schemas})).classes
    for name, schema in classes.items():
        definitions = schema["$defs"]
        whole = [one for one, value in definitions.items() if "properties" in value]
        assert len(json.dumps([definitions[one] for one in whole])) <= openapi_classes.ROOM
        assert definitions == {one: definitions[one] if one in whole else {"title": one} for one in names}
        assert whole == names[: len(whole)]
        assert whole, name


def test_what_many_operations_share_cannot_fill_the_memory() -> None:
    content = {"application/json": {"schema": {"description": "-" * 1_000_000}}}
    paths = {f"/{n}": {"put": {"requestBody": {"$ref": "#/components/requestBodies/B"}}} for n in range(100)}
    shared = document(paths, components={"requestBodies": {"B": {"content": content}}})
    with pytest.raises(openapi.BadDocument, match="its classes would be longer than 67108864 characters"):
        openapi.describe(shared)


def test_long_names_cannot_fill_the_memory() -> None:
    name = "-" * 1_000_000
    schemas = {str(n): {"$ref": f"#/components/schemas/{name}"} for n in range(50)}
    with pytest.raises(openapi.BadDocument, match="its classes would be longer"):
        openapi.describe(document({}, components={"schemas": {name: {"not": "-" * 40_000}, **schemas}}))
    # A pointer to every value below a key of this length would be 100 GB.
    openapi.describe(document({}, **{f"y{name}": [{} for _ in range(100_000)]}))
