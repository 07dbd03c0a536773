"""What holds of every resource, or of every attribute of a kind.

It is held against a control plane of each kind, and against `Echo` where another Tama may answer otherwise than ours.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from provider.resources.conversions import fields_of
from tama import catalog
from tama.client import Client, connect
from tests.provider.driver import Values
from tests.provider.resources.echo import DOCUMENT, SAMPLE, Echo, least
from tests.provider.resources.planted import OPENAPI, Planted
from tests.support.postgresql import PostgreSQL
from tests.support.served_control_plane import served

LARGE = 2**53 + 1
PROCESSORS = ("space_processor", "thought_processor")
BLOCKS = ("completion", "embedding", "reranking")

Where = tuple[str, str | None, str]


def json_attributes(*, optional: bool = False) -> Iterator[Where]:
    """Each JSON attribute: its type, its block if it stands in one, and its name."""
    for type_ in catalog.RESOURCES:
        declared = catalog.resource(type_)
        inside: list[tuple[str | None, Any]] = [(None, one) for one in declared.attributes]
        inside += [(block.name, one) for block in declared.blocks for one in block.attributes]
        for block_name, one in inside:
            if one.kind == "json" and (not optional or (one.optional and one.default is None)):
                yield type_, block_name, one.name


def named(where: Where) -> str:
    return ".".join(filter(None, where))


def placed(where: Where, value: str | None) -> Values:
    """What is given for a configuration with a value at a place."""
    type_, block, name = where
    if block is None:
        return {name: value}
    if type_ == "class":
        return {"schema_json": None, block: [{name: value}]}
    return {block: {name: value}}


def at(where: Where, values: Values) -> Any:
    _, block, name = where
    if block is None:
        return values[name]
    inner = values[block]
    return (inner[0] if isinstance(inner, list) else inner)[name]


def document(number: int) -> str:
    return OPENAPI[:-1] + f', "title": "t", "n": [{number}], "description": "<d> & more" }}'


EVERY_JSON = pytest.mark.parametrize("where", list(json_attributes()), ids=named)
# The JSON of a class stands in one of two places: it cannot be left out.
EVERY_OPTIONAL_JSON = pytest.mark.parametrize(
    "where", [where for where in json_attributes(optional=True) if where[0] != "class"], ids=named
)


@pytest.fixture(scope="module", params=["embedded", "http"])
def client(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """A client of a control plane: one in this process on SQLite, and one that is served over HTTP on PostgreSQL."""
    folder = tmp_path_factory.mktemp("tama")
    if request.param == "embedded":
        with closing(connect(f"embedded:{folder}")) as embedded:
            yield embedded
    else:
        postgresql: PostgreSQL = request.getfixturevalue("postgresql")
        with (
            postgresql.database() as name,
            served(folder / "tama.db", database=postgresql.address(name)) as server,
            closing(server.connect()) as hosted,
        ):
            yield hosted


@EVERY_JSON
def test_integers_beyond_2_to_the_53_keep_every_digit(where: Where, client: Client) -> None:
    planted = Planted(where[0], client)
    config = planted.least(**placed(where, document(LARGE)))
    state = planted.apply(config)
    assert str(LARGE) in json.dumps(planted.object)
    other = planted.least(**config | placed(where, document(LARGE - 1)))
    assert planted.plan(other, state) != state
    planted.apply(other, state)
    assert str(LARGE - 1) in json.dumps(planted.object)


@EVERY_JSON
def test_json_stays_as_it_was_written_and_a_second_plan_is_empty(where: Where, client: Client) -> None:
    planted = Planted(where[0], client)
    config = planted.least(**placed(where, document(1)))
    state = planted.apply(config)
    assert at(where, state) == document(1)
    assert planted.read(state) == state
    for other in (json.dumps(json.loads(document(1))), document(1).replace("<", "\\u003c").replace("&", "\\u0026")):
        assert planted.plan(config | planted.least(**config | placed(where, other)), state) == state


@EVERY_JSON
def test_json_that_is_edited_elsewhere_is_seen_and_healed(where: Where, client: Client) -> None:
    planted = Planted(where[0], client)
    config = planted.least(**placed(where, document(1)))
    state = planted.apply(config)
    keys = {field.name: field.key for field in fields_of(planted.declared)} | {"schema_json": "schema"}
    key = keys[where[1] or where[2]]
    planted.edit(**{key: json.loads(json.dumps(planted.object[key]).replace('"n": [1]', '"n": [7]'))})
    read = planted.read(state)
    assert json.loads(at(where, read))["n"] == [7]
    healed = planted.apply(config, read)
    assert at(where, healed) == document(1)
    assert '"n": [1]' in json.dumps(planted.object)


@EVERY_OPTIONAL_JSON
def test_json_that_is_no_longer_configured_is_removed(where: Where, client: Client) -> None:
    planted = Planted(where[0], client)
    config = planted.least(**placed(where, document(1)))
    state = planted.apply(config)
    config = planted.least(**config | placed(where, None))
    state = planted.apply(config, state)
    assert "more" not in json.dumps(planted.object)
    assert at(where, state) is None
    assert planted.plan(config, planted.read(state)) == state


@EVERY_OPTIONAL_JSON
@pytest.mark.parametrize("nothing", [{}, None], ids=["empty", "null"])
def test_json_that_nobody_configured_is_none_however_the_api_shows_that(where: Where, nothing: Any) -> None:
    type_, block, name = where
    echo = Echo(type_)
    config = least(type_, **placed(where, None))
    state = echo.apply(config)
    holder = echo.object if block is None else echo.object["module" if block == "module" else "configuration"]
    holder[name] = nothing
    read = echo.read(state)
    assert at(where, read) is None
    assert echo.plan(config, read) == read


@pytest.mark.parametrize(
    ("type_", "given", "removed"),
    [
        ("source", {"request": {"headers": [{"name": "a", "value": "b"}]}}, {"request": None}),
        ("source_identity", {"client_id": "c", "client_secret": "s"}, {"client_id": None, "client_secret": None}),
        ("modular_thought", {"output_class_id": SAMPLE}, {"output_class_id": None}),
        ("modular_thought", {"faculty": {"queue_id": SAMPLE, "priority": 1}}, {"faculty": None}),
        ("delegated_thought", {"output_class_id": SAMPLE}, {"output_class_id": None}),
        ("thought_context", {"layer": 3}, {"layer": 0}),
        ("class_corpus", {"main": True}, {"main": False}),
        ("node", {"on": "processed"}, {"on": "processing"}),
        *(
            (type_, {block: {name: [{**item}]}}, {"configuration": kept})
            for type_ in PROCESSORS
            for block, name, item, kept in (
                (
                    "completion",
                    "role_mappings",
                    {"from": "a", "to": "b"},
                    {"temperature": 0.8, "tool_choice": "required"},
                ),
                ("embedding", "templates", {"type": "a", "content": "b"}, {"max_tokens": 512}),
            )
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else ".".join(value),
)
def test_what_is_no_longer_configured_is_removed_or_gets_its_default(
    client: Client, type_: str, given: Values, removed: Values
) -> None:
    planted = Planted(type_, client)
    one, other = ({"api_key": None}, {"api_key": "k"}) if type_ == "source_identity" else ({}, {})
    config = planted.least(**one | given)
    state = planted.apply(config)
    without: Values = {name: {} if name in BLOCKS else None for name in given}
    config = planted.least(**config | without | other)
    state = planted.apply(config, state)
    assert {key: planted.bodies[-1].get(key, "nothing") for key in removed} == removed
    assert {key: planted.object.get(key) or None for key in removed} == {
        key: value or None for key, value in removed.items()
    }
    read = planted.read(state)
    assert planted.plan(config, read) == read


def test_an_initializer_of_a_thought_without_parameters_is_sent_empty_ones() -> None:
    echo = Echo("thought_initializer")
    config = least("thought_initializer")
    state = echo.apply(config)
    assert (echo.bodies[0]["parameters"], state["parameters"]) == ({}, "{}")
    assert echo.plan(config, echo.imported()) == state
    assert echo.plan(least("thought_initializer", parameters="{ }"), echo.imported()) == state
    other = echo.apply(least("thought_initializer", parameters='{"a": 1}'), state)
    echo.apply(config, other)
    assert echo.bodies[-1]["parameters"] == {}


@pytest.mark.parametrize("type_", PROCESSORS)
@pytest.mark.parametrize("new", BLOCKS)
@pytest.mark.parametrize("old", BLOCKS)
def test_another_block_is_another_processor(type_: str, old: str, new: str) -> None:
    echo = Echo(type_)
    state = echo.apply(least(type_, **{old: {}}))
    plan = echo.driver.plan(echo.type_name, least(type_, **{new: {}}), state)
    paths = [step["attribute_name"] for path in plan.message["requires_replace"] for step in path["steps"]]
    assert paths == ([] if old == new else ["type"])


def test_the_state_of_provisioning_is_alike_everywhere() -> None:
    found = [
        one
        for type_ in catalog.RESOURCES
        for one in catalog.resource(type_).attributes
        if one.name == "provision_state"
    ]
    assert len(found) > len(catalog.RESOURCES) / 2
    assert {(one.kind, one.computed, one.optional, one.follows) for one in found} == {("string", True, False, ())}


@pytest.mark.parametrize("type_", catalog.RESOURCES)
def test_an_update_shows_as_unknown_only_what_follows_its_change(type_: str) -> None:
    echo = Echo(type_)
    echo.others["/provision/perception/thoughts/x"] = {"id": "x", "module": {}}
    given: Values = {"completion": {}} if type_ in PROCESSORS else {}
    given |= {"schema_json": DOCUMENT} if type_ == "class" else {}
    state = echo.apply(least(type_, **given))
    assert echo.plan(least(type_, **given), state) == state
    declared = catalog.resource(type_)
    for one in declared.attributes:
        if one.required and one.kind == "string":
            planned = echo.plan(least(type_, **given, **{one.name: "other"}), state)
            unknown = {name for name, value in planned.items() if value != state[name]} - {one.name}
            assert unknown == {each.name for each in declared.attributes if one.name in each.follows}
