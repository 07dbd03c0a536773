from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provider.protocol import frames, grpc, hpack
from provider.protocol.frames import frame
from provider.protocol.grpc import Call, Session

ALL = 1 << 30
METHOD = (b":method", b"POST")
CONTENT_TYPE = (b"content-type", b"application/grpc")


def request(*fields: tuple[bytes, bytes], path: bytes = b"/s/m", stream_id: int = 1, end: bool = False) -> bytes:
    fields = fields or (METHOD, CONTENT_TYPE)
    pseudo = [field for field in fields if field[0].startswith(b":")]
    regular = [field for field in fields if field not in pseudo]
    block = hpack.encode([*pseudo, (b":scheme", b"http"), (b":path", path), *regular])
    return frame(frames.HEADERS, frames.END_HEADERS | (frames.END_STREAM if end else 0), stream_id, block)


def message(data: bytes, flag: int = 0) -> bytes:
    return bytes((flag,)) + len(data).to_bytes(4, "big") + data


def data(content: bytes, *, stream_id: int = 1, end: bool = True) -> bytes:
    return frame(frames.DATA, frames.END_STREAM if end else 0, stream_id, content)


def greeted(*silent: str) -> Session:
    session = Session(silent)
    session.receive(frames.PREFACE + frames.settings({}))
    session.output(ALL)
    return session


def answer(session: Session) -> tuple[dict[str, str], bytes]:
    """Return the fields, of head and trailers, and the content that were sent on stream 1."""
    output, decoder = session.output(ALL), hpack.Decoder(1 << 20)
    fields: dict[str, str] = {}
    content = b""
    while output:
        size, kind = int.from_bytes(output[:3], "big"), output[3]
        payload, output = output[9 : 9 + size], output[9 + size :]
        if kind == frames.HEADERS:
            fields |= {name.decode(): value.decode() for name, value in decoder.decode(payload)}
        elif kind == frames.DATA:
            content += payload
    return fields, content


def arrived(calls: list[Call]) -> list[tuple[int, str, bytes]]:
    return [(call.stream_id, call.path, call.message) for call in calls]


@given(st.binary(max_size=100), st.lists(st.integers(1, 20), min_size=1))
def test_a_message_may_come_in_any_pieces(content: bytes, sizes: list[int]) -> None:
    session = greeted()
    calls = session.receive(request())
    rest = message(content)
    for size in sizes:
        calls += session.receive(data(rest[:size], end=False))
        rest = rest[size:]
    assert calls == []
    assert arrived(session.receive(data(rest))) == [(1, "/s/m", content)]


def test_calls_that_interleave_are_told_apart() -> None:
    session = greeted()
    calls = session.receive(request() + request(path=b"/s/n", stream_id=3))
    calls += session.receive(data(message(b"bb"), stream_id=3) + data(message(b"a")))
    assert arrived(calls) == [(3, "/s/n", b"bb"), (1, "/s/m", b"a")]


def test_an_answer_has_head_message_and_trailers() -> None:
    session = greeted()
    session.receive(request() + data(message(b"")))
    session.answer(1, b"content")
    expected = {":status": "200", "content-type": "application/grpc", "grpc-status": "0"}
    assert answer(session) == (expected, message(b"content"))


def test_a_failure_has_its_text_percent_encoded() -> None:
    session = greeted()
    session.receive(request() + data(message(b"")))
    session.fail(1, grpc.INTERNAL, "50 % of\nä\ud800")
    fields, content = answer(session)
    assert (fields["grpc-status"], fields["grpc-message"]) == ("13", "50 %25 of%0A%C3%A4?")
    assert content == b""


def test_a_long_failure_is_cut() -> None:
    session = greeted()
    session.receive(request() + data(message(b"")))
    session.fail(1, grpc.INTERNAL, "x" * 100_000)
    assert answer(session)[0]["grpc-message"] == "x" * grpc.MAX_STATUS_TEXT


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"", "13"),
        (message(b"abc")[:4], "13"),
        (message(b"abc")[:-1], "13"),
        (message(b"abc") + b"x", "13"),
        (message(b"abc") * 2, "13"),
        (message(b"abc", flag=1), "12"),
        (message(b"abc", flag=2), "13"),
        (b"\0" + (grpc.MAX_MESSAGE + 1).to_bytes(4, "big"), "8"),
    ],
)
def test_a_call_without_one_plain_message_is_refused(content: bytes, status: str) -> None:
    session = greeted()
    assert session.receive(request() + data(content)) == []
    fields, body = answer(session)
    assert (fields["grpc-status"], body) == (status, b"")
    assert arrived(session.receive(request(stream_id=3) + data(message(b"next"), stream_id=3)))


def test_a_call_that_ends_with_its_headers_is_refused() -> None:
    session = greeted()
    assert session.receive(request(end=True)) == []
    assert answer(session)[0]["grpc-status"] == "13"


@pytest.mark.parametrize(
    ("fields", "http_status"),
    [
        (((b":method", b"GET"), CONTENT_TYPE), "405"),
        ((METHOD, (b"content-type", b"application/json")), "415"),
        ((METHOD, (b"content-type", b"application/grpc-web")), "415"),
        ((METHOD,), "415"),
    ],
)
def test_what_is_no_grpc_request_gets_an_http_status(fields: tuple[tuple[bytes, bytes], ...], http_status: str) -> None:
    session = greeted()
    assert session.receive(request(*fields) + data(message(b""))) == []
    found = answer(session)[0]
    assert (found[":status"], found["grpc-status"]) == (http_status, "13")


@pytest.mark.parametrize("value", [b"application/grpc+proto", b"Application/GRPC; charset=x"])
def test_forms_of_the_content_type_are_accepted(value: bytes) -> None:
    assert arrived(greeted().receive(request(METHOD, (b"content-type", value)) + data(message(b"a"))))


def test_a_cancelled_call_is_forgotten() -> None:
    session = greeted()
    session.receive(request() + data(message(b"abc")[:6], end=False) + frames.reset(1, 8))
    assert session._incoming == {}
    session.answer(1, b"late")
    assert session.output(ALL) == b""


def test_a_refused_call_takes_no_more_memory() -> None:
    session = greeted()
    session.receive(request() + data(message(b"", flag=1), end=False))
    session.receive(data(b"x" * 10_000, end=False))
    assert session._incoming == {}


def test_a_silent_stream_ends_well_without_a_message() -> None:
    session = greeted("/p/Stream")
    assert session.receive(request(path=b"/p/Stream")) == []
    fields, content = answer(session)
    assert (fields["grpc-status"], content) == ("0", b"")
    assert "grpc-message" not in fields


def test_a_connection_error_closes_the_session() -> None:
    session = greeted()
    assert session.receive(request() + data(message(b"abc")) + frame(frames.PING, 0, 0, b"short")) == []
    assert session.closed
    assert session.output(ALL)[3] == frames.GOAWAY


@given(st.lists(st.sampled_from([1, 3, 5]), max_size=5), st.data())
@settings(max_examples=200)
def test_mutated_calls_are_answered_refused_or_wait(ids: list[int], draw: st.DataObject) -> None:
    sent = bytearray()
    for stream_id in sorted(set(ids)):
        sent += request(stream_id=stream_id) + data(message(draw.draw(st.binary(max_size=20))), stream_id=stream_id)
    for _ in range(draw.draw(st.integers(0, 3))):
        at = draw.draw(st.integers(0, len(sent)))
        sent[at : at + draw.draw(st.integers(0, 2))] = draw.draw(st.binary(max_size=2))
    session = greeted()
    for call in session.receive(bytes(sent)):
        session.answer(call.stream_id, call.message)
    assert len(session.output(ALL)) <= len(sent) + 1000
    assert sum(len(incoming.data) for incoming in session._incoming.values()) <= len(sent)
