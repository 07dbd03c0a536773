"""The function `openapi`."""

from __future__ import annotations

import json
from typing import Any

import pytest

from provider.protocol.values import pack, unpack
from provider.resources.provider import TamaProvider
from provider.resources.yaml_text import YamlError, parse_yaml
from tests.provider.driver import Driver

DOCUMENT = """
openapi: 3.1.0
info: { title: Movies, version: "1" }
paths:
  /movies:
    get:
      operationId: list-movies
      responses:
        200: { description: All of them., x-since: 2026-01-01, x-on: on, x-many: 12345678901234567890 }
"""


@pytest.fixture
def driver() -> Driver:
    return Driver(TamaProvider(""))


def call(driver: Driver, text: str, name: str = "openapi") -> dict[str, Any]:
    return driver.call("CallFunction", name=name, arguments=[{"msgpack": pack(text)}])


def result(driver: Driver, text: str) -> str:
    answer = call(driver, text)
    assert answer["error"] is None
    return str(unpack(answer["result"]["msgpack"]))


def failure(driver: Driver, text: str) -> str:
    answer = call(driver, text)
    assert answer["result"] is None
    assert answer["error"]["function_argument"] == 0
    said: str = answer["error"]["text"]
    assert not said.endswith(".")
    return said


def test_it_is_told(driver: Driver) -> None:
    (function,) = driver.call("GetFunctions")["functions"].values()
    assert [parameter["name"] for parameter in function["parameters"]] == ["text"]
    assert function["return"]["type"] == b'"string"'
    assert driver.call("GetMetadata")["functions"] == [{"name": "openapi"}]
    assert driver.call("GetProviderSchema")["functions"]["openapi"] == function


def test_yaml_and_json_become_the_same_canonical_json(driver: Driver) -> None:
    found = result(driver, DOCUMENT)
    document = json.loads(found)
    assert document["paths"]["/movies"]["get"]["responses"] == {
        "200": {"description": "All of them.", "x-since": "2026-01-01", "x-on": "on", "x-many": 12345678901234567890}
    }
    assert found == json.dumps(document, sort_keys=True, separators=(",", ":"))
    assert result(driver, json.dumps(document, indent=2)) == found


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{ "openapi": }', "The text is not JSON: Expecting value at line 1, column 14"),
        ("openapi: 3.1.0\npaths: [", "The text is not YAML: "),
        ("a: 1\nb: 2\na: 3", "The text is not YAML: the key a is there twice at line 3, column 1"),
        ("? [a]\n: 1", "a key is a list or an object at line 1, column 3"),
        ("a: !!set {b}", "could not determine a constructor"),
        ("a: !!timestamp 2026-01-01", "could not determine a constructor"),
        ("a: !thing 1", "could not determine a constructor"),
        ("a: \x07", "the character #x0007 is not allowed in YAML"),
        ("&a [*a]", "an alias stands in what it stands for"),
        ("", "An OpenAPI document is an object"),
        ("- 1", "An OpenAPI document is an object"),
        ("openapi: 2.0.0", "At '/openapi': this is not an OpenAPI 3 document"),
        ("openapi: 3.1.0", "At '/paths': there are no paths"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(driver: Driver, text: str, said: str) -> None:
    assert said in failure(driver, text)


def test_aliases_that_multiply_are_refused(driver: Driver) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    assert "too many values" in failure(driver, "\n".join(lines))


def test_another_function_is_unknown(driver: Driver) -> None:
    assert call(driver, "", name="other")["error"]["text"] == "The provider has no function other."


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("[~, null, Null, '']", [None, None, None, ""]),
        ("[true, False, yes, on]", [True, False, "yes", "on"]),
        ("[0, -1, +2, 0o17, 0x1F, 010, 1_000]", [0, -1, 2, 15, 31, 10, "1_000"]),
        ("[.5, 1., 1e3, -1.5E-2, 1.0.0]", [0.5, 1.0, 1000.0, -0.015, "1.0.0"]),
        ("[2026-01-01, 12:30:00, =, <<]", ["2026-01-01", "12:30:00", "=", "<<"]),
        ("{1: a, true: b, null: c}", {"1": "a", "true": "b", "null": "c"}),
        ("a: &x {b: 1}\nc: *x", {"a": {"b": 1}, "c": {"b": 1}}),
    ],
)
def test_yaml_is_read_by_its_core_schema(text: str, value: object) -> None:
    assert parse_yaml(text, 100) == value


def test_one_text_is_one_document() -> None:
    with pytest.raises(YamlError, match="another document at line 2, column 1"):
        parse_yaml("--- 1\n--- 2", 100)
