"""The values inside a DynamicValue: msgpack without its types, as Terraform's type system (cty) writes it.

The types come from the schema: a number may arrive as an integer, a float or a decimal string, so whoever knows the
schema converts. Source: https://github.com/msgpack/msgpack/blob/master/spec.md and
https://github.com/zclconf/go-cty/blob/main/cty/msgpack/doc.go (unknown values are extensions).
"""

from __future__ import annotations

from _struct import Struct

from provider.protocol.errors import WireError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Final

_MAX_DEPTH: Final = 200


class Unknown:
    """A value that is known after apply; its only instance is `UNKNOWN`, compared by `is`."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "UNKNOWN"

    def __reduce__(self) -> str:
        """Keep a copy the same object."""
        return "UNKNOWN"


UNKNOWN: Final = Unknown()


class Written(float):
    """A fraction that a double does not hold as it was written, with the decimal `text` that is sent back."""

    __slots__ = ("text",)
    text: str

    @classmethod
    def of(cls, text: str) -> float:
        """Read a decimal; it is a plain float where that is sent as the same text."""
        number = cls(text)
        number.text = text
        return float(number) if float.__repr__(number) == text else number


if TYPE_CHECKING:
    Value = None | bool | int | float | str | list["Value"] | dict[str, "Value"] | Unknown
    _Reader = Callable[[bytes, int, Any, int], tuple[Value, int]]

_EXT_UNKNOWN, _EXT_REFINED_UNKNOWN = 0, 12
_FLOAT, _DOUBLE = Struct(">f"), Struct(">d")


def pack(value: Value) -> bytes:
    """Return the msgpack form of `value` as Terraform reads it.

    Integers beyond 64 bits and fractions are packed as decimal strings, the only form that keeps them: Terraform reads
    0.8 with 512 bits and finds it unequal to the double. What was read as a `Written` is packed as it was written.

    Raises:
        TypeError: a value that is not a `Value`.
        WireError: nested more than 200 levels, a number that is not finite, or text with lone surrogates.
    """
    out = bytearray()
    _pack(out, value, 0)
    return bytes(out)


def unpack(data: bytes) -> Value:
    """Read one msgpack value; an unknown, refined or not, is `UNKNOWN`.

    Raises:
        WireError: malformed data: truncated, bytes behind the value, a format or an extension that Terraform does not
            send (binary among them), a map's key that is no text or comes twice, not UTF-8, or more than 200 levels.
    """
    value, end = _unpack(data, 0, 0)
    if end != len(data):
        raise WireError("bytes behind the value")
    return value


def _pack(out: bytearray, value: Value, depth: int) -> None:
    if depth > _MAX_DEPTH:
        raise WireError("values are nested too deeply")
    packer = _PACKERS.get(value.__class__)
    if packer is None:
        raise TypeError(f"a {type(value).__name__} is not a value of Terraform's")
    packer(out, value, depth)


def _pack_array(out: bytearray, items: list[Value], depth: int) -> None:
    _pack_size(out, len(items), 0x90, 0xDC)
    for item in items:
        _pack(out, item, depth + 1)


def _pack_map(out: bytearray, items: dict[str, Value], depth: int) -> None:
    _pack_size(out, len(items), 0x80, 0xDE)
    for key, item in items.items():
        _pack_text(out, key)
        _pack(out, item, depth + 1)


def _pack_text(out: bytearray, text: str, _depth: int = 0) -> None:
    try:
        data = text.encode()
    except UnicodeEncodeError:
        raise WireError("text holds a lone surrogate") from None
    size = len(data)
    if size < 32:
        out.append(0xA0 | size)
    elif size < 1 << 8:
        out += bytes((0xD9, size))
    elif size < 1 << 16:
        out += b"\xda" + size.to_bytes(2, "big")
    else:
        out += b"\xdb" + size.to_bytes(4, "big")
    out += data


def _pack_int(out: bytearray, number: int, _depth: int = 0) -> None:
    if 0 <= number < 128:
        out.append(number)
    elif 0 <= number < 1 << 64:
        out += b"\xcf" + number.to_bytes(8, "big")
    elif -1 << 63 <= number < 0:
        out += b"\xd3" + number.to_bytes(8, "big", signed=True)
    else:
        _pack_text(out, _decimal(number))


def _decimal(number: int) -> str:
    """Write an integer of any size: `str` refuses more than 4300 digits, so it is cut into pieces."""
    digits: list[str] = []
    sign, rest = ("-", -number) if number < 0 else ("", number)
    while rest >= 10**4000:
        rest, low = divmod(rest, 10**4000)
        digits.append(str(low).rjust(4000, "0"))
    digits.append(str(rest))
    return sign + "".join(reversed(digits))


def _pack_float(out: bytearray, number: float, _depth: int) -> None:
    if number - number != 0:
        raise WireError("a number is not finite")
    if number.is_integer() and abs(number) < 1 << 53:
        _pack_int(out, int(number))
    else:
        _pack_text(out, repr(number))


def _pack_size(out: bytearray, size: int, fixed: int, wide: int) -> None:
    if size < 16:
        out.append(fixed | size)
    elif size < 1 << 16:
        out.append(wide)
        out += size.to_bytes(2, "big")
    else:
        out.append(wide + 1)
        out += size.to_bytes(4, "big")


_PACKERS: Final[dict[type, Callable[[bytearray, Any, int], None]]] = {
    type(None): lambda out, _value, _depth: out.append(0xC0),
    Unknown: lambda out, _value, _depth: out.extend(b"\xd4\x00\x00"),
    bool: lambda out, value, _depth: out.append(0xC3 if value else 0xC2),
    str: _pack_text,
    int: _pack_int,
    float: _pack_float,
    Written: lambda out, value, _depth: _pack_text(out, value.text),
    list: _pack_array,
    dict: _pack_map,
}


def _unpack(data: bytes, at: int, depth: int) -> tuple[Value, int]:
    """Return the value at `at` and the offset behind it."""
    if depth > _MAX_DEPTH:
        raise WireError("values are nested too deeply")
    if at >= len(data):
        raise WireError("a value is truncated")
    read, argument = _FORMATS[data[at]]
    return read(data, at + 1, argument, depth)


def _take(data: bytes, at: int, size: int) -> bytes:
    if at + size > len(data):
        raise WireError("a value is truncated")
    return data[at : at + size]


def _constant(_data: bytes, at: int, value: Value, _depth: int) -> tuple[Value, int]:
    return value, at


def _unsigned(data: bytes, at: int, size: int, _depth: int) -> tuple[int, int]:
    return int.from_bytes(_take(data, at, size), "big"), at + size


def _signed(data: bytes, at: int, size: int, _depth: int) -> tuple[int, int]:
    return int.from_bytes(_take(data, at, size), "big", signed=True), at + size


def _float(data: bytes, at: int, form: Struct, _depth: int) -> tuple[float, int]:
    number: float = form.unpack(_take(data, at, form.size))[0]
    return number if number - number != 0 else _exact(number), at + form.size


def _exact(number: float) -> float | int:
    """Keep every digit of a double: Terraform sends one only where it is the number itself."""
    numerator, denominator = number.as_integer_ratio()
    if denominator == 1:
        return numerator
    # A denominator of 2^n makes n decimals.
    decimals = denominator.bit_length() - 1
    digits = _decimal(abs(numerator) * 5**decimals).rjust(decimals + 1, "0")
    return Written.of(f"{'-' * (number < 0)}{digits[:-decimals]}.{digits[-decimals:]}")


def _text(data: bytes, at: int, size: int, _depth: int) -> tuple[str, int]:
    end = at + size
    if end > len(data):
        raise WireError("a value is truncated")
    try:
        return data[at:end].decode(), end
    except UnicodeDecodeError:
        raise WireError("text is not UTF-8") from None


def _extension(data: bytes, at: int, size: int, _depth: int) -> tuple[Value, int]:
    kind = _take(data, at, 1 + size)[0]
    if kind not in {_EXT_UNKNOWN, _EXT_REFINED_UNKNOWN}:
        raise WireError("an extension that Terraform does not send")
    return UNKNOWN, at + 1 + size


def _array(data: bytes, at: int, size: int, depth: int) -> tuple[Value, int]:
    items: list[Value] = []
    for _ in range(size):
        item, at = _unpack(data, at, depth + 1)
        items.append(item)
    return items, at


def _map(data: bytes, at: int, size: int, depth: int) -> tuple[Value, int]:
    items: dict[str, Value] = {}
    for _ in range(size):
        key, at = _unpack(data, at, depth + 1)
        if not isinstance(key, str) or key in items:
            raise WireError("a map's key is no text or comes twice")
        items[key], at = _unpack(data, at, depth + 1)
    return items, at


def _sized(data: bytes, at: int, form: tuple[int, _Reader], depth: int) -> tuple[Value, int]:
    """Read a format whose size stands behind its head, in as many bytes as `form` says."""
    width, read = form
    size, at = _unsigned(data, at, width, depth)
    return read(data, at, size, depth)


def _refuse(_data: bytes, _at: int, _argument: None, _depth: int) -> tuple[Value, int]:
    raise WireError("a format that Terraform does not send")


def _formats() -> list[tuple[_Reader, Any]]:
    """Return for each head byte of msgpack its reader and what the head itself says."""
    table: list[tuple[_Reader, Any]] = [(_refuse, None)] * 0x100
    table[0x00:0x80] = [(_constant, number) for number in range(0x80)]
    table[0x80:0x90] = [(_map, size) for size in range(16)]
    table[0x90:0xA0] = [(_array, size) for size in range(16)]
    table[0xA0:0xC0] = [(_text, size) for size in range(32)]
    table[0xC0] = (_constant, None)
    table[0xC2:0xC4] = [(_constant, False), (_constant, True)]
    table[0xC7:0xCA] = [(_sized, (width, _extension)) for width in (1, 2, 4)]
    table[0xCA:0xCC] = [(_float, _FLOAT), (_float, _DOUBLE)]
    table[0xCC:0xD0] = [(_unsigned, size) for size in (1, 2, 4, 8)]
    table[0xD0:0xD4] = [(_signed, size) for size in (1, 2, 4, 8)]
    table[0xD4:0xD9] = [(_extension, size) for size in (1, 2, 4, 8, 16)]
    table[0xD9:0xDC] = [(_sized, (width, _text)) for width in (1, 2, 4)]
    table[0xDC:0xDE] = [(_sized, (width, _array)) for width in (2, 4)]
    table[0xDE:0xE0] = [(_sized, (width, _map)) for width in (2, 4)]
    table[0xE0:0x100] = [(_constant, number - 0x100) for number in range(0xE0, 0x100)]
    return table


_FORMATS: Final = _formats()
