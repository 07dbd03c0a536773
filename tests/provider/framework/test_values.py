from __future__ import annotations

from typing import Any

import pytest

from provider.framework.schema import JSON, LIST, NUMBER, NUMBERS, SINGLE, STRING, STRINGS, Attribute, Block
from provider.framework.values import complete, conform, from_state, from_wire, settle, to_wire
from provider.protocol.values import UNKNOWN, pack

FIELDS = (
    Attribute("name", STRING, required=True),
    Attribute("size", NUMBER, optional=True),
    Attribute("codes", NUMBERS, optional=True),
    Attribute("tags", STRINGS, optional=True),
    Attribute("document", JSON, optional=True),
    Attribute("request", nesting=SINGLE, optional=True, attributes=(Attribute("share", NUMBER, optional=True),)),
    Block("item", (Attribute("text", JSON, optional=True), Attribute("size", NUMBER, optional=True)), nesting=LIST),
    Block("check", (Attribute("code", NUMBER, optional=True),), nesting=SINGLE),
)
EMPTY = complete(FIELDS, {})


def test_what_is_missing_is_null_and_blocks_are_an_empty_list() -> None:
    assert EMPTY == {
        "name": None,
        "size": None,
        "codes": None,
        "tags": None,
        "document": None,
        "request": None,
        "item": [],
        "check": None,
    }


@pytest.mark.parametrize(
    ("sent", "number"),
    [("0.8", 0.8), ("36893488147419103232", 1 << 65), (7, 7), (1.5, 1.5), ("-1e3", -1000.0), (UNKNOWN, UNKNOWN)],
)
def test_numbers_are_read_at_every_depth_however_they_come(sent: Any, number: Any) -> None:
    values = EMPTY | {
        "size": sent,
        "codes": [sent],
        "request": {"share": sent},
        "item": [{"text": None, "size": sent}],
        "check": {"code": sent},
    }
    read = from_wire(FIELDS, {"msgpack": pack(values)})
    assert read is not None
    assert read["size"] == read["codes"][0] == read["request"]["share"] == number
    assert read["item"][0]["size"] == read["check"]["code"] == number
    assert from_wire(FIELDS, to_wire(read)) == read


def test_null_is_no_object() -> None:
    assert from_wire(FIELDS, to_wire(None)) is None
    assert from_wire(FIELDS, None) is None


def test_a_state_of_another_schema_is_brought_to_this_one() -> None:
    read = from_state(FIELDS, b'{"name":"a","gone":1,"item":[{"text":"{}","gone":2}],"size":36893488147419103232}')
    assert read == EMPTY | {"name": "a", "size": 1 << 65, "item": [{"text": "{}", "size": None}]}


def test_what_means_the_same_keeps_its_writing() -> None:
    kept = EMPTY | {"document": '{ "a": 1 }', "tags": None, "item": [{"text": "[1 ]", "size": None}]}
    new = EMPTY | {"document": '{"a":1}', "tags": [], "item": [{"text": "[1]", "size": None}]}
    assert settle(FIELDS, kept, new) == kept


def test_what_means_something_else_is_taken() -> None:
    kept = EMPTY | {"name": "a", "tags": ["x"], "document": "{}", "item": [{"text": "[1 ]", "size": 1}]}
    new = EMPTY | {"name": "b", "tags": None, "document": "[]", "item": [], "check": {"code": 1}}
    assert settle(FIELDS, kept, new) == new
    assert settle(FIELDS, None, new) == new


def test_an_empty_list_that_was_configured_stays_one() -> None:
    assert settle(FIELDS, EMPTY | {"tags": []}, EMPTY)["tags"] == []


def test_the_json_document_null_stays_where_the_api_has_nothing() -> None:
    kept = EMPTY | {"document": " null", "item": [{"text": "null", "size": None}]}
    assert settle(FIELDS, kept, EMPTY | {"item": [{"text": None, "size": None}]}) == kept
    assert settle(FIELDS, kept, EMPTY | {"document": "{}"})["document"] == "{}"
    assert settle(FIELDS, EMPTY | {"document": "{}"}, EMPTY)["document"] is None


def test_after_an_apply_what_was_planned_is_there_and_what_was_unknown_is_known() -> None:
    planned = EMPTY | {
        "name": "a",
        "size": UNKNOWN,
        "codes": UNKNOWN,
        "request": {"share": UNKNOWN},
        "item": [{"text": "[1 ]", "size": UNKNOWN}],
        "check": UNKNOWN,
    }
    new = {"name": "b", "size": 2, "request": {"share": 3}, "item": [{"text": "[1]", "size": 4}], "check": {"code": 5}}
    assert conform(FIELDS, planned, new) == EMPTY | {
        "name": "a",
        "size": 2,
        "codes": None,
        "request": {"share": 3},
        "item": [{"text": "[1 ]", "size": 4}],
        "check": {"code": 5},
    }


def test_an_answer_without_what_was_planned_leaves_nulls() -> None:
    planned = EMPTY | {"size": UNKNOWN, "request": {"share": UNKNOWN}, "item": [{"text": None, "size": UNKNOWN}]}
    assert conform(FIELDS, planned, {}) == EMPTY | {"request": {"share": None}, "item": [{"text": None, "size": None}]}
    assert conform(FIELDS, EMPTY | {"item": UNKNOWN}, {}) == EMPTY
