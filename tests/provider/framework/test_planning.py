from __future__ import annotations

from typing import Any

import pytest

from provider.framework.planning import propose, replacements
from provider.framework.schema import JSON, LIST, NUMBER, SINGLE, STRING, Attribute, Block
from provider.protocol.values import UNKNOWN

FIELDS = (
    Attribute("id", STRING, computed=True),
    Attribute("name", STRING, required=True),
    Attribute("place", STRING, required=True, requires_replace=True),
    Attribute("slug", STRING, computed=True, follows=("name",)),
    Attribute("mode", STRING, optional=True, computed=True, default="fast"),
    Attribute("port", NUMBER, optional=True, computed=True),
    Attribute("note", STRING, optional=True),
    Attribute("document", JSON, optional=True),
    Attribute("pairs", nesting=LIST, optional=True, attributes=(Attribute("key", STRING, required=True),)),
    Block(
        "item",
        (
            Attribute("title", STRING, required=True),
            Attribute("text", JSON, optional=True),
            Attribute("made", STRING, optional=True, computed=True),
        ),
        nesting=LIST,
    ),
    Block("check", (Attribute("code", NUMBER, required=True, requires_replace=True),), nesting=SINGLE),
)
CONFIG: dict[str, Any] = {
    "id": None,
    "name": "A",
    "place": "here",
    "slug": None,
    "mode": None,
    "port": None,
    "note": None,
    "document": '{"a": 1}',
    "pairs": None,
    "item": [{"title": "one", "text": '{"b": 2}', "made": None}],
    "check": {"code": 200},
}
PRIOR: dict[str, Any] = CONFIG | {
    "id": "1",
    "slug": "a",
    "mode": "fast",
    "port": 80,
    "document": '{ "a":1.0 }',
    "item": [{"title": "one", "text": '{"b":2}', "made": "then"}],
}


def plan(prior: dict[str, Any] | None = PRIOR, **changes: Any) -> dict[str, Any]:
    return propose(FIELDS, CONFIG | changes, prior)


def test_what_a_create_decides_is_unknown_and_defaults_are_not() -> None:
    assert plan(None) == CONFIG | {
        "id": UNKNOWN,
        "slug": UNKNOWN,
        "mode": "fast",
        "port": UNKNOWN,
        "item": [{"title": "one", "text": '{"b": 2}', "made": UNKNOWN}],
    }


def test_nothing_changes_when_everything_means_the_same() -> None:
    assert plan() == PRIOR


def test_only_what_follows_a_change_becomes_unknown() -> None:
    assert plan(name="B") == PRIOR | {"name": "B", "slug": UNKNOWN}
    assert plan(note="new") == PRIOR | {"note": "new"}


def test_a_computed_null_becomes_unknown_in_an_update_and_stays_when_there_is_none() -> None:
    prior = PRIOR | {"port": None}
    assert plan(prior) == prior
    assert plan(prior, note="new")["port"] is UNKNOWN


def test_a_default_comes_back_when_the_configuration_goes() -> None:
    assert plan(PRIOR | {"mode": "slow"})["mode"] == "fast"


@pytest.mark.parametrize("name", ["name", "port", "document", "pairs", "item", "check"])
def test_what_is_not_known_yet_is_planned_so(name: str) -> None:
    assert plan(None, **{name: UNKNOWN})[name] is UNKNOWN
    assert plan(**{name: UNKNOWN})[name] is UNKNOWN


def test_what_is_not_known_yet_inside_a_block_is_planned_so() -> None:
    items = [{"title": UNKNOWN, "text": UNKNOWN, "made": None}, UNKNOWN]
    assert plan(item=items)["item"] == [{"title": UNKNOWN, "text": UNKNOWN, "made": "then"}, UNKNOWN]


def test_a_new_block_has_unknown_computed_values_and_an_old_one_its_own() -> None:
    items = [*CONFIG["item"], {"title": "two", "text": None, "made": None}]
    assert [item["made"] for item in plan(item=items)["item"]] == ["then", UNKNOWN]


def test_no_blocks_are_an_empty_list_and_no_nested_attribute_is_null() -> None:
    planned = plan(item=[], pairs=None, check=None)
    assert (planned["item"], planned["pairs"], planned["check"]) == ([], None, None)


@pytest.mark.parametrize(
    ("changes", "paths"),
    [
        ({"name": "B"}, []),
        ({"place": "there"}, [("place",)]),
        ({"place": UNKNOWN}, [("place",)]),
        ({"check": {"code": 204}}, [("check", "code")]),
        ({"check": None}, [("check", "code")]),
    ],
)
def test_what_cannot_change_in_place_replaces(changes: dict[str, Any], paths: list[tuple[str, ...]]) -> None:
    assert list(replacements(FIELDS, plan(**changes), PRIOR)) == paths


def test_a_replacement_inside_a_list_names_the_index() -> None:
    block = Block("item", (Attribute("key", STRING, required=True, requires_replace=True),), nesting=LIST)
    paths = replacements((block,), {"item": [{"key": "a"}, {"key": "c"}]}, {"item": [{"key": "a"}, {"key": "b"}]})
    assert list(paths) == [("item", 1, "key")]
