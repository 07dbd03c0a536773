"""Values through msgpack and protobuf and back, as the reference packages write and read them."""

from __future__ import annotations

import json
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import msgpack  # type: ignore[import-untyped]
from hypothesis import given, settings
from hypothesis import strategies as st

from provider.framework.schema import LIST, NUMBER, NUMBERS, Attribute, Block
from provider.framework.values import from_wire, to_wire
from provider.protocol.messages import decode, encode
from provider.protocol.values import UNKNOWN, Written, pack, unpack
from tests.provider.protocol.test_values import TEXT, reference_unpack

if TYPE_CHECKING:
    from tests.provider.protocol.conftest import Generated

UNKNOWNS = (msgpack.ExtType(0, b"\0"), msgpack.ExtType(12, b"\x81\x01\xc2"))
DECIMALS = st.builds(lambda digits, places: Fraction(digits, 10**places), st.integers(), st.integers(0, 40))
NUMBERS_SENT = (
    DECIMALS
    | st.integers().map(Fraction)
    | st.integers(-(10**80), 10**80).map(Fraction)
    | st.floats(allow_nan=False, allow_infinity=False).map(Fraction)
)
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | TEXT | st.just(UNKNOWN) | NUMBERS_SENT,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(TEXT, inner, max_size=5),
    max_leaves=20,
)


def sent(value: Any, draw: st.DrawFn) -> Any:
    """Return what Terraform gives to msgpack for a value: a number in the first form that holds it whole."""
    if isinstance(value, list):
        return [sent(item, draw) for item in value]
    if isinstance(value, dict):
        return {key: sent(item, draw) for key, item in value.items()}
    if value is UNKNOWN:
        return draw(st.sampled_from(UNKNOWNS))
    return number(value) if isinstance(value, Fraction) else value


def number(value: Fraction) -> int | float | str:
    if value.denominator == 1 and -(1 << 63) <= value < 1 << 63:
        return int(value)
    try:
        if Fraction(float(value)) == value:
            return float(value)
    except OverflowError:
        pass
    places = 0
    while (value * 10**places).denominator != 1:
        places += 1
    digits = str(abs(int(value * 10**places))).rjust(places + 1, "0")
    whole = digits[: len(digits) - places]
    return f"{'-' * (value < 0)}{whole}.{digits[len(whole) :]}" if places else f"{'-' * (value < 0)}{digits}"


def understood(value: Any, meant: Any) -> Any:
    """Return a value with its numbers as Terraform reads them, which knows from its types where they are."""
    if isinstance(meant, list):
        return [understood(*pair) for pair in zip(value, meant, strict=True)]
    if isinstance(meant, dict):
        return {key: understood(item, meant[key]) for key, item in value.items()}
    return Fraction(value) if isinstance(meant, Fraction) else value


@st.composite
def pairs(draw: st.DrawFn) -> tuple[Any, bytes]:
    value = draw(VALUES)
    return value, msgpack.packb(sent(value, draw))


@given(pairs())
@settings(max_examples=300)
def test_values_that_terraform_sends_come_back_to_it_as_they_were(
    tfplugin6: Generated, pair: tuple[Any, bytes]
) -> None:
    value, packed = pair
    request = tfplugin6.messages.ReadResource.Request()
    request.current_state.msgpack = packed
    read = unpack(decode("ReadResource.Request", request.SerializeToString())["current_state"]["msgpack"])
    answer = tfplugin6.messages.ReadResource.Response.FromString(
        encode("ReadResource.Response", {"new_state": {"msgpack": pack(read)}})
    )
    assert understood(reference_unpack(answer.new_state.msgpack), value) == value


FIELDS = (
    Attribute("size", NUMBER, optional=True),
    Attribute("codes", NUMBERS, optional=True),
    Block("item", (Attribute("size", NUMBER, optional=True),), nesting=LIST),
)


@given(NUMBERS_SENT)
@settings(max_examples=300)
def test_numbers_keep_every_digit_on_their_way_through_the_framework(value: Fraction) -> None:
    one = number(value)
    read = from_wire(FIELDS, {"msgpack": msgpack.packb({"size": one, "codes": [one], "item": [{"size": one}]})})
    assert read is not None
    back = reference_unpack(to_wire(read)["msgpack"])
    for found in (back["size"], back["codes"][0], back["item"][0]["size"]):
        assert Fraction(found) == value


def test_a_fraction_that_a_double_does_not_hold_is_a_number_all_the_same() -> None:
    text = "0.1234567890123456789012345"
    read = Written.of(text)
    assert read == float(text)
    assert json.dumps({"n": read}) == '{"n": 0.12345678901234568}'
    assert unpack(pack(read)) == text
    assert type(Written.of("0.8")) is float


def test_doubles_are_sent_back_with_every_digit() -> None:
    assert unpack(pack(unpack(msgpack.packb(2.0**-30)))) == "0.000000000931322574615478515625"
    assert unpack(pack(unpack(msgpack.packb(-(2.0**65))))) == "-36893488147419103232"
    assert unpack(pack(unpack(msgpack.packb(2.0**53)))) == 1 << 53
