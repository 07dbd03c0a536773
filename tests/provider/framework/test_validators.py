from __future__ import annotations

from typing import Any

import pytest

from provider.framework.diagnostics import Diagnostics
from provider.framework.durations import seconds
from provider.framework.json_text import canonical, parse, same
from provider.framework.schema import JSON, LIST, NUMBER, NUMBERS, SINGLE, STRING, STRINGS, Attribute, Block
from provider.framework.validators import between, duration, non_empty, one_of, validate, whole
from provider.protocol.values import UNKNOWN

INNER = (
    Attribute("kind", STRING, optional=True, validators=(one_of(("a", "b")),)),
    Attribute("secret", STRING, optional=True, sensitive=True, validators=(one_of(("a", "b")),)),
    Attribute("name", STRING, optional=True, validators=(non_empty,)),
    Attribute("names", STRINGS, optional=True, validators=(non_empty,)),
    Attribute("count", NUMBER, optional=True, validators=(whole, between(1, 3))),
    Attribute("codes", NUMBERS, optional=True, validators=(whole,)),
    Attribute("data_json", JSON, optional=True),
    Attribute("needed", JSON, required=True),
    Attribute("filled", JSON, optional=True, computed=True, default="{}"),
    Attribute("create", STRING, optional=True, validators=(duration,)),
)
NOTHING = dict.fromkeys(field.name for field in INNER)
FIELDS = (Block("one", INNER, nesting=SINGLE), Block("many", INNER, nesting=LIST))

WRONG = {
    "kind": ("c", 'value must be one of: ["a" "b"], got: "c"'),
    "secret": ("c", 'value must be one of: ["a" "b"]'),
    "name": ("", "string length must be at least 1, got: 0"),
    "names": ([], "list must contain at least 1 element, got: 0"),
    "count": (4, "value must be between 1 and 3, got: 4"),
    "codes": ([1, 1.5], "value must be a whole number, got: 1.5"),
    "needed": (" null ", "must not be the JSON document null."),
    "filled": ("null", "must not be the JSON document null."),
    "create": ("soon", 'value must be a duration such as "30s", "10m" or "1h30m", got: "soon"'),
}


def found(config: Any) -> list[tuple[str, list[Any]]]:
    diagnostics = Diagnostics("test")
    validate(FIELDS, config, diagnostics)
    return [
        (
            each["detail"],
            [step.get("attribute_name", step.get("element_key_int")) for step in each["attribute"]["steps"]],
        )
        for each in diagnostics.messages()
    ]


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_value_is_told_at_its_path_at_every_depth(name: str) -> None:
    value, text = WRONG[name]
    config = {"one": NOTHING | {name: value}, "many": [NOTHING, NOTHING | {name: value}]}
    assert found(config) == [
        (f"Attribute one.{name} {text}", ["one", name]),
        (f"Attribute many[1].{name} {text}", ["many", 1, name]),
    ]


def test_bad_json_is_told_with_line_and_column() -> None:
    (told,) = found({"one": NOTHING | {"data_json": "[\n1,\n  ?]"}, "many": []})
    assert told[0].startswith("Unable to parse data JSON: ")
    assert "at line 3, column 3" in told[0]
    assert told[0].endswith("and YAML by jsonencode(yamldecode(…)).")


def test_json_that_is_too_deep_to_be_worked_with_is_refused() -> None:
    """Each of both kinds of nesting counts; the limit leaves room for whoever compares and writes a document."""
    deep, deeper = ('{"a":[' * levels + "]}" * levels for levels in (99, 101))
    assert found({"one": NOTHING | {"data_json": deep}, "many": []}) == []
    assert same(deep, deep + " ")
    assert canonical(parse(deep)) == deep
    (told,) = found({"one": NOTHING | {"data_json": deeper}, "many": []})
    assert "it is nested too deeply" in told[0]


def test_the_json_document_null_is_fine_where_nothing_is() -> None:
    assert found({"one": NOTHING | {"data_json": "null"}, "many": []}) == []


@pytest.mark.parametrize("name", WRONG)
def test_null_and_unknown_are_never_wrong(name: str) -> None:
    assert found({"one": NOTHING | {name: UNKNOWN}, "many": [NOTHING, UNKNOWN]}) == []
    assert found({"one": UNKNOWN, "many": UNKNOWN}) == []
    assert found({"one": None, "many": []}) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [("30s", 30), ("10m", 600), ("1h30m", 5400), ("1.5h", 5400), ("500ms", 0.5), ("1m0s", 60)],
)
def test_durations(text: str, expected: float) -> None:
    assert seconds(text) == expected


@pytest.mark.parametrize("text", ["", "10", "s", "ten m", "-1s", "1..5s", "10 s", ".s", "0s", "1d"])
def test_no_durations(text: str) -> None:
    assert seconds(text) is None
