import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.refusal import Refused
from service.strict_json import parse

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(VALUES)
def test_what_is_json_is_read_as_it_is(value: object) -> None:
    assert parse(json.dumps(value).encode()) == value


@given(st.binary(max_size=60) | st.text('{}[]:,"\\ue19aNI.-+', max_size=40).map(str.encode))
def test_anything_else_is_refused_and_never_more_than_refused(body: bytes) -> None:
    with contextlib.suppress(Refused):
        assert parse(body) == json.loads(body)


@pytest.mark.parametrize(
    ("body", "where"),
    [
        (b"", "line 1, column 1"),
        (b'{"a":1', "line 1"),
        (b'{\n  "a": 1,\n  "b": oops\n}', "line 3, column 8"),
        (b"{'a': 1}", "line 1, column 2"),
        (b'{"a": 1,}', "line 1, column 8"),
        (b'{"a": NaN}', "line 1, column 7"),
        (b'{"a": Infinity}', "line 1, column 7"),
        (b'{"a": -Infinity}', "line 1"),
        (b'{"a": 1e999}', "line 1, column 7"),
        (b'{"a": ' + b"1" * 5_000 + b"}", "line 1, column 7"),
        (b'{"a": 01}', "line 1"),
        (b'"\\ud800"', "line 1"),
        (b'"\\udc00\\ud800"', "line 1"),
        (b'"a\x01b"', "line 1"),
        (b"{}\n{}", "line 2, column 1"),
        (b'{\n"\xc3\xa9": "\xff"}', "not UTF-8 at line 2, column 7"),
        (b'"\xed\xa0\x80"', "not UTF-8 at line 1, column 2"),
        ('{"a": 1}'.encode("utf-16"), "not UTF-8 at line 1, column 1"),
        (b"{} \x00", "line 1, column 4"),
    ],
)
def test_malformed_json_is_refused_with_its_place(body: bytes, where: str) -> None:
    with pytest.raises(Refused) as refused:
        parse(body)
    assert refused.value.code == "malformed_json"
    assert where in refused.value.message


def test_a_byte_order_mark_is_passed_over() -> None:
    assert parse(b'\xef\xbb\xbf{"a": "\xef\xbb\xbf"}') == {"a": "\ufeff"}


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")])
def test_thirty_two_levels_are_read_and_thirty_three_refused(opening: str, closing: str) -> None:
    parse((opening * 32 + "0" + closing * 32).encode())
    with pytest.raises(Refused, match="nested_too_deeply"):
        parse((opening * 33 + "0" + closing * 33).encode())
    with pytest.raises(Refused, match="nested_too_deeply"):
        parse((opening * 5_000).encode())


def test_brackets_in_strings_and_siblings_are_not_depth() -> None:
    assert parse(json.dumps(['"[{' * 40, "\\" * 3 + "[" * 40]).encode()) == ['"[{' * 40, "\\" * 3 + "[" * 40]
    assert parse(json.dumps([[]] * 100).encode()) == [[]] * 100


def test_a_body_of_quotes_is_scanned_in_linear_time() -> None:
    body = b'"' + b'\\"' * 32_000 + b"[" * 40
    with pytest.raises(Refused, match="malformed_json"):
        parse(body)


@pytest.mark.parametrize(
    ("body", "pointers"),
    [
        (b'{"a": 1, "a": 1}', ["/a"]),
        (b'{"names": [{"index": 0}, {"index": 0, "value": "A", "index": 1}]}', ["/names/1/index"]),
        (b'{"a/b": {"~": 1, "~": 2}, "a/b": 3}', ["/a~1b/~0", "/a~1b"]),
        (b'{"a": 1, "\\u0061": 2}', ["/a"]),
    ],
)
def test_keys_that_are_there_twice_are_refused_with_their_places(body: bytes, pointers: list[str]) -> None:
    with pytest.raises(Refused) as refused:
        parse(body)
    assert refused.value.code == "duplicate_key"
    assert [detail.pointer for detail in refused.value.details] == pointers
