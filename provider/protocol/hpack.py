"""HPACK, the header compression of HTTP/2, as functions of bytes (RFC 7541).

The decoder has all of it. The encoder uses neither the dynamic table nor Huffman: the few fields of a gRPC answer are
shorter than the work.
"""

from __future__ import annotations

from provider.protocol.hpack_tables import HUFFMAN_LENGTHS, STATIC_TABLE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections import deque
    from collections.abc import Iterable
    from typing import Final

    Field = tuple[bytes, bytes]
else:
    from _collections import deque  # the package around it is slow to import

TABLE_SIZE: Final = 4096
EMPTY_TABLE_UPDATE: Final = b"\x20"
_FIELD_OVERHEAD: Final = 32
_EOS: Final = 256
_SHORT: Final = 8


class HpackError(Exception):
    """A header block cannot be decoded; the connection's compression state is lost."""


class FieldsTooLarge(Exception):  # noqa: N818 - named for what is wrong; the compression state is sound
    """The decoded fields are larger than this endpoint accepts."""


def encode(fields: Iterable[Field]) -> bytes:
    """Return a header block of literals that no table remembers (RFC 7541 section 6.2.2)."""
    out = bytearray()
    for name, value in fields:
        out.append(0)
        out += _encode_length(len(name)) + name + _encode_length(len(value)) + value
    return bytes(out)


def _encode_length(length: int) -> bytes:
    """Encode a length with a prefix of 7 bits (RFC 7541 section 5.1)."""
    if length < 0x7F:
        return bytes((length,))
    out = bytearray((0x7F,))
    length -= 0x7F
    while length > 0x7F:
        out.append(length & 0x7F | 0x80)
        length >>= 7
    out.append(length)
    return bytes(out)


class Decoder:
    """Decodes the header blocks of one connection, in their order.

    `max_fields` bounds the decoded fields of a block in bytes, counted as RFC 9113 section 6.5.2 counts them.
    """

    __slots__ = ("_capacity", "_entries", "_max_fields", "_size")

    def __init__(self, max_fields: int) -> None:
        self._max_fields = max_fields
        self._entries: deque[Field] = deque()
        self._size = 0
        self._capacity = TABLE_SIZE

    def decode(self, block: bytes) -> list[Field]:
        """Return the fields of a block.

        Raises:
            HpackError: the block is malformed.
            FieldsTooLarge: there are more than `max_fields` bytes of fields; the block is decoded nevertheless.
        """
        fields: list[Field] = []
        size = at = 0
        while at < len(block):
            head = block[at]
            if head & 0xE0 == 0x20:
                if fields:
                    raise HpackError("a table size update behind a field")
                at = self._resize(block, at)
                continue
            field, at = self._field(block, at, head)
            size += len(field[0]) + len(field[1]) + _FIELD_OVERHEAD
            fields.append(field)
        if size > self._max_fields:
            raise FieldsTooLarge
        return fields

    def _field(self, block: bytes, at: int, head: int) -> tuple[Field, int]:
        """Decode the field at `at` and remember it where it asks for that (RFC 7541 sections 6.1 and 6.2)."""
        if head & 0x80:
            index, at = _integer(block, at, 7)
            return self._entry(index), at
        indexed = head & 0x40
        index, at = _integer(block, at, 6 if indexed else 4)
        if index:
            name = self._entry(index)[0]
        else:
            name, at = _string(block, at)
        value, at = _string(block, at)
        if indexed:
            self._remember((name, value))
        return (name, value), at

    def _entry(self, index: int) -> Field:
        if not index:
            raise HpackError("index 0")
        if index <= len(STATIC_TABLE):
            return STATIC_TABLE[index - 1]
        index -= len(STATIC_TABLE) + 1
        if index >= len(self._entries):
            raise HpackError("an index beyond the table")
        return self._entries[index]

    def _remember(self, field: Field) -> None:
        self._entries.appendleft(field)
        self._size += len(field[0]) + len(field[1]) + _FIELD_OVERHEAD
        self._evict()

    def _resize(self, block: bytes, at: int) -> int:
        capacity, at = _integer(block, at, 5)
        if capacity > TABLE_SIZE:
            raise HpackError("a table larger than allowed")
        self._capacity = capacity
        self._evict()
        return at

    def _evict(self) -> None:
        while self._size > self._capacity:
            name, value = self._entries.pop()
            self._size -= len(name) + len(value) + _FIELD_OVERHEAD


def _integer(block: bytes, at: int, prefix: int) -> tuple[int, int]:
    """Return an integer with a prefix of some bits, at most 2^28 or so, and the offset behind it (section 5.1)."""
    if at >= len(block):
        raise HpackError("a truncated block")
    limit = (1 << prefix) - 1
    value = block[at] & limit
    at += 1
    if value < limit:
        return value, at
    for shift in (0, 7, 14, 21):
        if at >= len(block):
            raise HpackError("a truncated integer")
        byte = block[at]
        at += 1
        value += (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
    raise HpackError("an integer that is too large")


def _string(block: bytes, at: int) -> tuple[bytes, int]:
    """Return a string literal and the offset behind it (section 5.2)."""
    length, start = _integer(block, at, 7)
    end = start + length
    if end > len(block):
        raise HpackError("a truncated string")
    text = block[start:end]
    return (_huffman(text) if block[at] & 0x80 else text), end


def _huffman(data: bytes) -> bytes:
    """Decode a Huffman-coded string (section 5.2 and appendix B)."""
    out = bytearray()
    window = pending = 0
    for byte in data:
        window = (window & (1 << pending) - 1) << 8 | byte
        pending += 8
        while pending >= _SHORT:
            symbol, length = _SHORT_CODES[window >> (pending - _SHORT) & 0xFF] or _long_code(window, pending)
            if not length:
                break
            if symbol == _EOS:
                raise HpackError("the end of a string inside it")
            out.append(symbol)
            pending -= length
    return bytes(out + _last_symbols(window, pending))


def _last_symbols(window: int, pending: int) -> bytes:
    """Decode the codes of fewer than 8 bits that end a string, and check that ones fill up its last byte."""
    out = bytearray()
    while pending < _SHORT:
        padded = window << (_SHORT - pending) | (1 << (_SHORT - pending)) - 1
        symbol, length = _SHORT_CODES[padded & 0xFF] or (0, _SHORT)
        if length > pending:
            break
        out.append(symbol)
        pending -= length
    if pending >= _SHORT or ~window & (1 << pending) - 1:
        raise HpackError("a string that ends inside a symbol")
    return bytes(out)


def _long_code(window: int, pending: int) -> tuple[int, int]:
    """Return symbol and length of the code of 9 or more bits that leads the window; (0, 0) when it is not complete."""
    for length, first, symbols in _LONG_CODES:
        if length > pending:
            break
        offset = (window >> (pending - length) & (1 << length) - 1) - first
        if 0 <= offset < len(symbols):
            return symbols[offset], length
    return 0, 0


def _codes() -> tuple[list[tuple[int, int] | None], list[tuple[int, int, list[int]]]]:
    """Derive the codes from their lengths.

    The code of HPACK is canonical: in the order of length, then symbol, each code is the one before it plus one. Short
    codes are looked up by the next 8 bits, long ones by length, first code and the symbols in order.
    """
    short: list[tuple[int, int] | None] = [None] * (1 << _SHORT)
    long: list[tuple[int, int, list[int]]] = []
    by_length: list[list[int]] = [[] for _ in range(31)]
    for symbol, length in enumerate(HUFFMAN_LENGTHS):
        by_length[length].append(symbol)
    code = 0
    for length, symbols in enumerate(by_length):
        code <<= 1
        if length > _SHORT:
            if symbols:
                long.append((length, code, symbols))
        else:
            for offset, symbol in enumerate(symbols):
                first = code + offset << (_SHORT - length)
                short[first : first + (1 << _SHORT - length)] = [(symbol, length)] * (1 << _SHORT - length)
        code += len(symbols)
    return short, long


_SHORT_CODES, _LONG_CODES = _codes()
