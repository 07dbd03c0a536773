"""Documents of every shape: whatever is wrong with one is said, and nothing breaks."""

from __future__ import annotations

import copy
from contextlib import suppress
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tama.catalog import openapi
from tama.control_plane.call import call
from tama.control_plane.errors import CallError
from tama.control_plane.outgoing import Outgoing
from tests.tama.control_plane.support import document, operation

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


def places(value: Any, at: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [at, *(place for key, one in inner for place in places(one, (*at, key)))]


PLACES = [place for place in places(SEED) if place]


def changed(place: tuple[str | int, ...], value: Any) -> dict[str, Any]:
    mutant: dict[str, Any] = copy.deepcopy(SEED)
    holder: Any = mutant
    for key in place[:-1]:
        holder = holder[key]
    holder[place[-1]] = value
    return mutant


@settings(max_examples=300, deadline=None)
@given(place=st.sampled_from(PLACES), value=VALUES)
def test_a_document_of_any_shape_is_described_or_said_to_be_bad(place: tuple[str | int, ...], value: Any) -> None:
    with suppress(openapi.BadDocument):
        description = openapi.describe(changed(place, value))
        assert all(schema["title"] == name for name, schema in description.classes.items())
        assert all(isinstance(schema["type"], str) for schema in description.classes.values())


@settings(max_examples=300, deadline=None)
@given(place=st.sampled_from(PLACES), value=VALUES, path=VALUES, query=VALUES, header=VALUES, body=VALUES)
def test_a_call_by_a_document_of_any_shape_is_made_or_refused(
    place: tuple[str | int, ...], value: Any, path: Any, query: Any, header: Any, body: Any
) -> None:
    mutant = changed(place, value)
    tool_call = {"path": {"a": path}, "query": {"b": query, "c": query}, "header": {"d": header}, "body": body}
    with suppress(openapi.BadDocument):
        for operation_ in openapi.describe(mutant).operations:
            action = {"path": operation_.path, "method": operation_.method}
            with suppress(CallError):
                call(Outgoing(), {"schema": mutant, "endpoint": "http://127.0.0.1:1"}, action, [], tool_call)
