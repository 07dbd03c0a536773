from __future__ import annotations

import copy
import pickle
from typing import Any

import msgpack  # type: ignore[import-untyped]
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provider.protocol.errors import WireError
from provider.protocol.values import UNKNOWN, pack, unpack

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
SCALARS = st.none() | st.booleans() | st.integers(-(1 << 63), (1 << 64) - 1) | TEXT | st.just(UNKNOWN)
VALUES: st.SearchStrategy[Any] = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=20) | st.dictionaries(TEXT, inner, max_size=20), max_leaves=30
)


def reference_unpack(data: bytes) -> Any:
    return msgpack.unpackb(data, ext_hook=lambda code, _data: UNKNOWN if code in {0, 12} else pytest.fail(str(code)))


def reference_pack(value: Any) -> bytes:
    return bytes(msgpack.packb(value, default=lambda _: msgpack.ExtType(0, b"\0")))


@given(VALUES)
@settings(max_examples=200)
def test_values_survive_packing(value: Any) -> None:
    assert unpack(pack(value)) == value


@given(VALUES)
@settings(max_examples=200)
def test_msgpack_reads_and_writes_the_same(value: Any) -> None:
    assert reference_unpack(pack(value)) == value
    assert unpack(reference_pack(value)) == value


@given(st.floats(allow_nan=False))
def test_floats_are_read_as_they_are_sent(number: float) -> None:
    assert unpack(reference_pack(number)) == number


def test_single_precision_is_read() -> None:
    assert unpack(b"\xca\x3f\x00\x00\x00") == 0.5


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_fractions_are_sent_as_the_decimal_that_was_written(number: float) -> None:
    packed = unpack(pack(number))
    assert isinstance(packed, (str, int))
    assert float(packed) == number


def test_0_8_is_sent_as_terraform_sends_it() -> None:
    assert pack(0.8) == b"\xa30.8"


@pytest.mark.parametrize("number", [1 << 64, -(1 << 63) - 1, 10**5000, -(10**9000) - 7, 10**4000], ids=int.bit_length)
def test_integers_beyond_64_bits_are_decimal_strings(number: int) -> None:
    text = unpack(pack(number))
    assert isinstance(text, str)
    sign, digits = (-1, text[1:]) if text.startswith("-") else (1, text)
    value = 0
    for start in range(0, len(digits), 1000):
        piece = digits[start : start + 1000]
        value = value * 10 ** len(piece) + int(piece)
    assert sign * value == number


@pytest.mark.parametrize("data", [b"\xd4\x00\x00", b"\xd4\x0c\x00", b"\xc7\x00\x00", b"\xc7\x03\x0c\x81\x01\xc2"])
def test_unknown_values_refined_or_not_are_unknown(data: bytes) -> None:
    assert unpack(data) is UNKNOWN


def test_there_is_one_unknown() -> None:
    assert copy.deepcopy([UNKNOWN])[0] is UNKNOWN
    assert pickle.loads(pickle.dumps(UNKNOWN)) is UNKNOWN
    assert repr(UNKNOWN) == "UNKNOWN"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "truncated"),
        (b"\xa5abc", "truncated"),
        (b"\xd9", "truncated"),
        (b"\xdb\xff\xff\xff\xff", "truncated"),
        (b"\xdd\xff\xff\xff\xff", "truncated"),
        (b"\xdf\xff\xff\xff\xff", "truncated"),
        (b"\xcb\x00", "truncated"),
        (b"\xd4\x00", "truncated"),
        (b"\x92\x01", "truncated"),
        (b"\x01\x01", "behind"),
        (b"\xa1\xff", "UTF-8"),
        (b"\xc1", "format"),
        (b"\xc4\x01a", "format"),
        (b"\xd4\x05\x00", "extension"),
        (b"\x81\x01\x01", "key"),
        (b"\x82\xa1a\x01\xa1a\x02", "key"),
        (b"\x91" * 201 + b"\x01", "too deeply"),
        (b"\xdf\x00\x00\x00\x01\xa1a" * 300 + b"\x01", "too deeply"),
    ],
)
def test_malformed_values_are_refused(data: bytes, reason: str) -> None:
    with pytest.raises(WireError, match=reason):
        unpack(data)


def test_values_may_nest_200_levels_and_no_more() -> None:
    value: Any = 1
    for _ in range(200):
        value = [value]
    assert unpack(pack(value)) == value
    with pytest.raises(WireError, match="too deeply"):
        pack([value])


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "\ud800", {"\udfff": 1}])
def test_what_terraform_cannot_have_is_refused(value: Any) -> None:
    with pytest.raises(WireError):
        pack(value)


@pytest.mark.parametrize("value", [b"bytes", (1,), {1}, object()])
def test_what_is_no_value_is_a_mistake_of_the_caller(value: Any) -> None:
    with pytest.raises(TypeError):
        pack(value)


@given(VALUES, st.data())
@settings(max_examples=300)
def test_mutated_values_are_refused_or_read_as_msgpack_reads_them(value: Any, draw: st.DataObject) -> None:
    data = bytearray(pack(value))
    for _ in range(draw.draw(st.integers(1, 3))):
        at = draw.draw(st.integers(0, len(data)))
        data[at : at + draw.draw(st.integers(0, 2))] = draw.draw(st.binary(max_size=2))
    try:
        found = unpack(bytes(data))
    except WireError:
        return
    assert_alike(found, reference_unpack(bytes(data)))


def assert_alike(found: Any, expected: Any) -> None:
    """Compare with what the reference reads, by `repr`: it tells True from 1, and NaN is NaN."""
    assert repr(found) == repr(with_whole_numbers(expected))


def with_whole_numbers(value: Any) -> Any:
    """Return a value as we read it: a double without a fraction is an integer."""
    if isinstance(value, list):
        return [with_whole_numbers(item) for item in value]
    if isinstance(value, dict):
        return {key: with_whole_numbers(item) for key, item in value.items()}
    return int(value) if isinstance(value, float) and value.is_integer() else value
