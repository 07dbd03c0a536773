from __future__ import annotations

import hpack as reference
import pytest
from hpack.huffman import HuffmanEncoder
from hpack.huffman_constants import REQUEST_CODES, REQUEST_CODES_LENGTH
from hypothesis import given, settings
from hypothesis import strategies as st

from provider.protocol import hpack
from provider.protocol.hpack import Decoder, FieldsTooLarge, HpackError

NAMES = st.binary(min_size=1, max_size=30)
FIELDS = st.lists(st.tuples(NAMES, st.binary(max_size=200)), max_size=8)
LIMIT = 1 << 20


@given(st.lists(FIELDS, max_size=6), st.booleans(), st.lists(st.integers(0, 4096), max_size=6))
def test_blocks_of_another_encoder_are_decoded(
    blocks: list[list[tuple[bytes, bytes]]], huffman: bool, sizes: list[int]
) -> None:
    encoder, decoder = reference.Encoder(), Decoder(LIMIT)
    for number, fields in enumerate(blocks):
        if number < len(sizes):
            encoder.header_table_size = sizes[number]
        for _ in range(2):
            assert decoder.decode(encoder.encode(fields, huffman=huffman)) == fields


@given(FIELDS)
def test_another_decoder_reads_our_blocks(fields: list[tuple[bytes, bytes]]) -> None:
    found = reference.Decoder().decode(hpack.encode(fields), raw=True)
    assert [tuple(field) for field in found] == fields


@given(st.binary(max_size=300))
def test_huffman_codes_are_read(text: bytes) -> None:
    coded = HuffmanEncoder(REQUEST_CODES, REQUEST_CODES_LENGTH).encode(text)
    assert hpack._huffman(coded) == text


@given(st.binary(max_size=12))
@settings(max_examples=500)
def test_any_bytes_as_huffman_codes_are_refused_or_mean_what_they_encode(data: bytes) -> None:
    try:
        text = hpack._huffman(data)
    except HpackError:
        return
    assert HuffmanEncoder(REQUEST_CODES, REQUEST_CODES_LENGTH).encode(text) == data


def test_the_examples_of_the_rfc_are_decoded() -> None:
    decoder = Decoder(LIMIT)
    request = [(b":method", b"GET"), (b":scheme", b"http"), (b":path", b"/"), (b":authority", b"www.example.com")]
    assert decoder.decode(bytes.fromhex("828684418cf1e3c2e5f23a6ba0ab90f4ff")) == request
    assert decoder.decode(bytes.fromhex("828684be5886a8eb10649cbf")) == [*request, (b"cache-control", b"no-cache")]


def test_the_dynamic_table_evicts_the_oldest() -> None:
    decoder = Decoder(LIMIT)
    literal = b"\x40\x01%c\x7f\x9f\x0e" + b"v" * 1950
    for name in b"abc":
        decoder.decode(literal % name)
    assert [name for name, _ in decoder.decode(b"\xbe\xbf")] == [b"c", b"b"]
    with pytest.raises(HpackError, match="beyond"):
        decoder.decode(b"\xc0")


def test_a_smaller_table_forgets() -> None:
    decoder = Decoder(LIMIT)
    decoder.decode(b"\x40\x01a\x01b")
    assert decoder.decode(b"\x3f\x03\xbe") == [(b"a", b"b")]
    with pytest.raises(HpackError, match="beyond"):
        decoder.decode(b"\x20\xbe")


@pytest.mark.parametrize(
    ("block", "reason"),
    [
        ("80", "index 0"),
        ("be", "beyond"),
        ("7f", "truncated"),
        ("00", "truncated"),
        ("0005616263", "truncated string"),
        ("0001617f", "truncated integer"),
        ("ffffffffff7f", "too large"),
        ("ff8080808000", "too large"),
        ("3fe21f", "larger than allowed"),
        ("8220", "behind a field"),
        ("0081ff00", "inside a symbol"),
        ("008400ffffff00", "inside a symbol"),
        ("0084ffffffff00", "end of a string"),
        ("008118", "inside a symbol"),
    ],
)
def test_malformed_blocks_are_refused(block: str, reason: str) -> None:
    with pytest.raises(HpackError, match=reason):
        Decoder(LIMIT).decode(bytes.fromhex(block))


def test_fields_that_are_too_large_are_refused_but_remembered() -> None:
    decoder = Decoder(100)
    with pytest.raises(FieldsTooLarge):
        decoder.decode(b"\x40\x01a\x01b" + b"\xbe" * 10_000)
    assert decoder.decode(b"\xbe") == [(b"a", b"b")]


@given(st.lists(FIELDS, max_size=3), st.data())
@settings(max_examples=300)
def test_mutated_blocks_are_refused_or_read_within_the_limits(
    blocks: list[list[tuple[bytes, bytes]]], draw: st.DataObject
) -> None:
    encoder, decoder = reference.Encoder(), Decoder(2000)
    for fields in blocks:
        block = bytearray(encoder.encode(fields))
        at = draw.draw(st.integers(0, len(block)))
        block[at : at + draw.draw(st.integers(0, 2))] = draw.draw(st.binary(max_size=2))
        try:
            found = decoder.decode(bytes(block))
        except FieldsTooLarge:
            continue
        except HpackError:
            return
        assert sum(len(name) + len(value) + 32 for name, value in found) <= 2000
        assert decoder._size <= hpack.TABLE_SIZE
