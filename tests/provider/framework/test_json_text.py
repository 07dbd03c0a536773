from __future__ import annotations

import pytest

from provider.framework.json_text import JsonError, canonical, parse, same


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ('{"a": 1, "b": [true]}', '{"b":[true],"a":1}', True),
        ('"\\u003ca>"', '"<a>"', True),
        ("1.0", "1", True),
        ("1", "true", False),
        ("[0]", "[false]", False),
        ('{"a": null}', "{}", False),
        ("[1, 2]", "[2, 1]", False),
        ("[1]", "[1, 1]", False),
        ("123456789012345678901234567890", "123456789012345678901234567891", False),
        ("nothing", "nothing", False),
        ("[" * 5000, "[" * 5000, False),
    ],
)
def test_texts_are_compared_by_meaning(one: str, other: str, expected: bool) -> None:
    assert same(one, other) is expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{\n  "a": }', "Expecting value at line 2, column 8"),
        ("", "Expecting value at line 1, column 1"),
        ('{"a": 1, "a": 2}', "the key 'a' is given twice in one object"),
        ("[NaN]", "NaN is not a JSON value"),
        ("-Infinity", "-Infinity is not a JSON value"),
        ("1e999", "the number 1e999 is too large"),
        ("1" * 5000, "an integer has too many digits"),
        ("[" * 100_000, "it is nested too deeply"),
    ],
)
def test_what_is_wrong_and_where_is_told(text: str, message: str) -> None:
    with pytest.raises(JsonError) as error:
        parse(text)
    assert str(error.value) == message


def test_the_canonical_text_is_sorted_compact_and_keeps_every_digit() -> None:
    document = parse('{"b": "<é>", "a": 123456789012345678901234567890}')
    assert canonical(document) == '{"a":123456789012345678901234567890,"b":"<é>"}'


def test_a_lone_surrogate_stays_escaped() -> None:
    assert canonical(parse('"\\ud800"')) == '"\\ud800"'
