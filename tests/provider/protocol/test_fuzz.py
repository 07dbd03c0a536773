"""Random and mutated bytes into each codec: its own error, or what the reference reads; no hang, no growth.

TAMA_FUZZ sets how many byte strings each codec gets; TAMA_SEED repeats a run.
"""

from __future__ import annotations

import gc
import os
import random
import signal
import tracemalloc
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

import hpack as reference
import msgpack  # type: ignore[import-untyped]
import pytest
from google.protobuf.message import DecodeError

from provider.protocol import frames, grpc, hpack
from provider.protocol.errors import WireError
from provider.protocol.messages import decode, encode
from provider.protocol.values import UNKNOWN, pack, unpack
from tests.provider.protocol.test_grpc import data, message, request
from tests.provider.protocol.test_http2 import split
from tests.provider.protocol.test_messages import NAMES, NOT_SERVED, assert_read_alike, generated_type
from tests.provider.protocol.test_values import assert_alike, reference_unpack

if TYPE_CHECKING:
    from tests.provider.protocol.conftest import Generated

STRINGS = int(os.environ.get("TAMA_FUZZ", "1500"))
SEED = int(os.environ.get("TAMA_SEED", "0")) or random.SystemRandom().randrange(1, 1 << 32)
# Processor time, which a busy machine does not lengthen; an input takes well under a millisecond of it.
HANG_SECONDS = 10
# What the codecs may hold after the second half that they did not hold before it.
GROWTH = 20_000
CODECS = str(Path(frames.__file__).with_name("*"))
# What one input may need while it is read; the longest has some hundred bytes.
PEAK = 4_000_000
TEXTS = ("", "a", "name", "ä", "\U0001f3ac" * 9, "x" * 300)
NUMBERS = (0, 1, 127, 128, -1, -33, 1 << 53, (1 << 63) - 1, -(1 << 63), (1 << 64) - 1, 1 << 64, 0.5, 0.8, -1e300)

Fuzzed = Callable[[bytes], str]


def mutated(sample: bytes, chance: random.Random) -> bytes:
    """Return bytes at random, or a sample with up to four places cut, changed, doubled or filled."""
    if chance.random() < 0.2:
        return chance.randbytes(chance.randrange(60))
    out = bytearray(sample)
    for _ in range(chance.choice((1, 1, 1, 2, 4))):
        at = chance.randint(0, len(out))
        until = min(len(out), at + chance.choice((0, 1, 1, 1, 2, 9, 40)))
        out[at:until] = chance.choice(
            (
                b"",
                chance.randbytes(until - at),
                chance.randbytes(chance.randint(1, 4)),
                bytes(out[at:until]) * 2,
                b"\xff" * 4,
                b"\0" * 4,
            )
        )
    return bytes(out)


@contextmanager
def no_hang() -> Iterator[None]:
    """Fail when what is inside takes too much of the processor."""

    def fail(_signal: int, _frame: FrameType | None) -> None:
        raise AssertionError(f"an input took more than {HANG_SECONDS} s of the processor")

    before = signal.signal(signal.SIGVTALRM, fail)
    signal.setitimer(signal.ITIMER_VIRTUAL, HANG_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


@pytest.fixture(autouse=True)
def _untraced() -> Iterator[None]:
    yield
    tracemalloc.stop()


def fuzz(read: Fuzzed, sample: Callable[[random.Random], bytes]) -> Counter[str]:
    """Read mutated samples, the second half of them with an eye on memory, and count how they ended."""
    print(f"TAMA_SEED={SEED}")  # noqa: T201 - repeats a failure
    chance = random.Random(SEED)
    ends: Counter[str] = Counter()

    highest = 0
    for number in range(STRINGS):
        if number == STRINGS // 2:
            gc.collect()
            tracemalloc.start()
        sent = mutated(sample(chance), chance)
        before, _ = tracemalloc.get_traced_memory()
        tracemalloc.reset_peak()
        try:
            with no_hang():
                ends[read(sent)] += 1
        except Exception as error:
            raise AssertionError(f"{sent!r} ended in {error!r}") from error
        highest = max(highest, tracemalloc.get_traced_memory()[1] - before)
    gc.collect()
    # What the references keep is not ours.
    ours = tracemalloc.take_snapshot().filter_traces([tracemalloc.Filter(True, CODECS)])
    held = sum(trace.size for trace in ours.traces)
    print(f"{dict(ends)}, {held} bytes more held, {highest} at most for one")  # noqa: T201 - for who runs the long form
    assert held < GROWTH
    assert highest < PEAK
    return ends


def any_value(chance: random.Random, depth: int = 0) -> Any:
    kind = chance.randrange(8 if depth < 4 else 5)
    if kind == 5:
        return [any_value(chance, depth + 1) for _ in range(chance.randrange(4))]
    if kind > 5:
        return {chance.choice(TEXTS): any_value(chance, depth + 1) for _ in range(chance.randrange(4))}
    return chance.choice(((None, True, False), (UNKNOWN,), TEXTS, NUMBERS, NUMBERS)[kind])


def test_msgpack() -> None:
    def read(sent: bytes) -> str:
        try:
            found = unpack(sent)
        except WireError as error:
            # The others are rules of Terraform's, not of msgpack's.
            if any(reason in str(error) for reason in ("truncated", "behind", "UTF-8")):
                with pytest.raises((ValueError, msgpack.UnpackException)):
                    reference_unpack(sent)
            return "refused"
        assert_alike(found, reference_unpack(sent))
        return "read"

    ends = fuzz(read, lambda chance: pack([any_value(chance) for _ in range(4)]))
    assert min(ends["refused"], ends["read"]) > STRINGS // 40


def any_message(name: str, chance: random.Random, proto: Generated) -> bytes:
    """Return a message that protobuf wrote, with some of its fields set."""
    made = generated_type(proto, name)()
    _fill(made, chance, 0)
    written: bytes = made.SerializeToString()
    return written


def _fill(made: Any, chance: random.Random, depth: int) -> None:
    for field in made.DESCRIPTOR.fields:
        if chance.random() < 0.5:
            continue
        if field.message_type is None:
            value = _scalar(field, chance)
            if field.is_repeated:
                getattr(made, field.name).append(value)
            else:
                setattr(made, field.name, value)
        elif depth < 3:
            _fill_message(getattr(made, field.name), field, chance, depth)


def _fill_message(target: Any, field: Any, chance: random.Random, depth: int) -> None:
    if field.message_type.GetOptions().map_entry:
        key = chance.choice(TEXTS)
        if field.message_type.fields_by_name["value"].message_type is None:
            target[key] = chance.choice(TEXTS)
        else:
            _fill(target[key], chance, depth + 1)
    elif field.is_repeated:
        for _ in range(chance.randrange(3)):
            _fill(target.add(), chance, depth + 1)
    else:
        target.SetInParent()
        _fill(target, chance, depth + 1)


def _scalar(field: Any, chance: random.Random) -> Any:
    if field.type == field.TYPE_STRING:
        return chance.choice(TEXTS)
    if field.type == field.TYPE_BYTES:
        return pack(any_value(chance))
    if field.type == field.TYPE_INT64:
        return chance.choice((0, 1, -1, 1 << 40, (1 << 63) - 1, -(1 << 63)))
    return chance.randrange(2)


def test_protobuf(tfplugin6: Generated) -> None:
    names = random.Random(SEED)
    name = ""
    known = [name for name in NAMES if name not in NOT_SERVED]

    def sample(chance: random.Random) -> bytes:
        nonlocal name
        name = names.choice(known)
        return any_message(name, chance, tfplugin6)

    def read(sent: bytes) -> str:
        try:
            found = decode(name, sent)
        except WireError as error:
            # The others are what this reference is lenient about, and Go's protobuf, Terraform's, never writes.
            if any(reason in str(error) for reason in ("truncated", "10 bytes", "UTF-8")):
                with pytest.raises(DecodeError):
                    generated_type(tfplugin6, name).FromString(sent)
            return "refused"
        assert_read_alike(tfplugin6, name, sent, found)
        assert decode(name, encode(name, found)) == found, name
        return "read"

    ends = fuzz(read, sample)
    assert min(ends["refused"], ends["read"]) > STRINGS // 40


def test_hpack() -> None:
    limit = 2000
    fields = ((b":method", b"POST"), (b":path", b"/s/m"), (b"a", b""), (b"b", b"v" * 150), (b"\xff", b"\0\xff" * 9))

    def sample(chance: random.Random) -> bytes:
        encoder = reference.Encoder()
        encoder.header_table_size = chance.choice((4096, 100, 0))
        sent = [chance.choice(fields) for _ in range(chance.randrange(6))]
        block: bytes = encoder.encode(sent, huffman=chance.random() < 0.7)
        return block + encoder.encode(sent) if chance.random() < 0.5 else block

    def read(sent: bytes) -> str:
        decoder, other = hpack.Decoder(limit), reference.Decoder(limit)
        try:
            found = decoder.decode(sent)
        except hpack.HpackError:
            with pytest.raises(reference.HPACKError):
                other.decode(sent, raw=True)
            return "refused"
        except hpack.FieldsTooLarge:
            return "too large"
        finally:
            assert decoder._size <= hpack.TABLE_SIZE
        assert [tuple(field) for field in other.decode(sent, raw=True)] == found
        return "read"

    ends = fuzz(read, sample)
    assert min(ends["refused"], ends["read"]) > STRINGS // 40


def test_http2() -> None:
    greeting = frames.PREFACE + frames.settings({})
    parts = (
        frames.frame(frames.PING, 0, 0, bytes(8)),
        frames.settings({frames.INITIAL_WINDOW_SIZE: 3}),
        frames.window_update(0, 1000),
        frames.window_update(1, 1000),
        frames.reset(1, 8),
        frames.frame(frames.PRIORITY, 0, 3, bytes(5)),
        frames.frame(frames.GOAWAY, 0, 0, bytes(8)),
    )

    def sample(chance: random.Random) -> bytes:
        sent = greeting
        for stream_id in (1, 3, 5)[: chance.randint(1, 3)]:
            called = request(stream_id=stream_id) + data(message(chance.randbytes(9)), stream_id=stream_id)
            sent += chance.choice(parts) + called + chance.choice(parts)
        # A mutation before the preface's end ends the session at once: leave most to what is behind it.
        return sent if chance.random() < 0.1 else sent[len(greeting) :]

    def read(sent: bytes) -> str:
        session = grpc.Session()
        if not sent.startswith(frames.PREFACE[:9]):
            sent = greeting + sent
        answered = 0
        for at in range(0, len(sent), 100):
            for call in session.receive(sent[at : at + 100]):
                session.answer(call.stream_id, call.message)
                answered += 1
        output = session.output(1 << 30)
        assert len(output) < len(sent) + 1500
        kinds = [kind for kind, *_ in split(output)]
        assert len(session._http._input) <= frames.DEFAULT_FRAME_SIZE + frames.HEADER_SIZE
        assert session.closed == (kinds[-1] == frames.GOAWAY)
        if session.closed:
            assert session.receive(greeting) == []
            return "closed"
        return "reset" if frames.RST_STREAM in kinds else "answered" if answered else "waiting"

    ends = fuzz(read, sample)
    assert min(ends["closed"], ends["answered"]) > STRINGS // 40
