from __future__ import annotations

import h2.config
import h2.connection
import h2.errors
import h2.events
import h2.settings
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provider.protocol import frames, hpack, http2
from provider.protocol.frames import frame
from provider.protocol.http2 import Connection
from provider.protocol.streams import DataReceived, RequestReceived, StreamReset

GREETING = frames.PREFACE + frames.settings({})
REQUEST = [
    (b":method", b"POST"),
    (b":scheme", b"http"),
    (b":path", b"/s/m"),
    (b":authority", b"localhost"),
    (b"content-type", b"application/grpc"),
]
BLOCK = hpack.encode(REQUEST)
END_BOTH = frames.END_HEADERS | frames.END_STREAM
OPEN = frame(frames.HEADERS, frames.END_HEADERS, 1, BLOCK)
WHOLE = frame(frames.HEADERS, END_BOTH, 1, BLOCK)
ANSWER = hpack.encode([(b":status", b"200")])
TRAILER = (b"grpc-status", b"0")
TRAILERS = hpack.encode([TRAILER])
ALL = 1 << 30


def split(data: bytes) -> list[tuple[int, int, int, bytes]]:
    """Return the frames in `data` as kind, flags, stream and payload."""
    found = []
    while data:
        size = int.from_bytes(data[:3], "big")
        found.append((data[3], data[4], int.from_bytes(data[5:9], "big"), data[9 : 9 + size]))
        data = data[9 + size :]
    return found


def greeted() -> Connection:
    connection = Connection()
    assert connection.receive(GREETING) == []
    kinds = [kind for kind, *_ in split(connection.output(ALL))]
    assert kinds == [frames.SETTINGS, frames.WINDOW_UPDATE, frames.SETTINGS]
    return connection


class Client:
    """The h2 library as a client, wired to a connection; it answers window updates as they are needed."""

    def __init__(self, **client_settings: int) -> None:
        self.connection = Connection()
        config = h2.config.H2Configuration(client_side=True, header_encoding=None)
        self.h2 = h2.connection.H2Connection(config)
        self.h2.initiate_connection()
        self.h2.update_settings({h2.settings.SettingCodes[key]: value for key, value in client_settings.items()})
        self.requests: dict[int, bytearray] = {}
        self.ended: list[int] = []
        self.answers: dict[int, bytearray] = {}
        self.trailers: dict[int, list[tuple[bytes, bytes]]] = {}
        self.resets: dict[int, int] = {}

    def exchange(self, output: int = ALL) -> None:
        """Move bytes both ways until nobody has anything more to say."""
        while True:
            outgoing, incoming = self.h2.data_to_send(), self.connection.output(output)
            if not outgoing and not incoming:
                return
            for event in self.connection.receive(outgoing or b""):
                if isinstance(event, RequestReceived):
                    self.requests[event.stream_id] = bytearray()
                elif isinstance(event, DataReceived):
                    self.requests[event.stream_id] += event.data
                if not isinstance(event, StreamReset) and event.ended:
                    self.ended.append(event.stream_id)
            for received in self.h2.receive_data(incoming):
                self.note(received)

    def note(self, event: h2.events.Event) -> None:
        if isinstance(event, h2.events.DataReceived):
            assert event.stream_id is not None
            self.answers.setdefault(event.stream_id, bytearray()).extend(event.data or b"")
            if event.flow_controlled_length:
                self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        elif isinstance(event, h2.events.TrailersReceived):
            assert event.stream_id is not None
            self.trailers[event.stream_id] = [(bytes(k), bytes(v)) for k, v in event.headers or []]
        elif isinstance(event, h2.events.StreamReset):
            assert event.stream_id is not None
            self.resets[event.stream_id] = int(event.error_code or 0)

    def request(self, body: bytes, fields: list[tuple[bytes, bytes]] = REQUEST) -> int:
        """Send a request, as the windows allow."""
        stream_id = self.h2.get_next_available_stream_id()
        self.h2.send_headers(stream_id, fields)
        rest = memoryview(body)
        while rest:
            size = min(len(rest), self.h2.local_flow_control_window(stream_id), self.h2.max_outbound_frame_size)
            if size:
                self.h2.send_data(stream_id, bytes(rest[:size]))
                rest = rest[size:]
            self.exchange()
        self.h2.end_stream(stream_id)
        self.exchange()
        return stream_id


def test_large_messages_go_both_ways_within_the_windows() -> None:
    client = Client()
    body = bytes(range(256)) * 20_000
    stream_id = client.request(body)
    assert client.requests[stream_id] == body
    assert client.ended == [stream_id]
    client.connection.respond(stream_id, ANSWER, body, TRAILERS)
    client.exchange(1 << 16)
    assert client.answers[stream_id] == body
    assert client.trailers[stream_id] == [TRAILER]
    assert client.connection._streams == {}


def test_streams_share_the_connection() -> None:
    client = Client()
    ids = [client.request(b"%d" % number) for number in range(100)]
    for stream_id in reversed(ids):
        client.connection.respond(stream_id, ANSWER, bytes(client.requests[stream_id]) * 10_000, TRAILERS)
    client.exchange(1 << 14)
    assert all(client.answers[stream_id] == b"%d" % n * 10_000 for n, stream_id in enumerate(ids))


@given(st.integers(0, 1 << 17), st.integers(1 << 14, 1 << 16), st.integers(0, 100_000))
@settings(max_examples=30)
def test_the_peers_settings_are_kept(window: int, frame_size: int, size: int) -> None:
    client = Client(INITIAL_WINDOW_SIZE=1 << 16, MAX_FRAME_SIZE=frame_size, HEADER_TABLE_SIZE=0)
    stream_id = client.request(b"x")
    client.h2.update_settings({h2.settings.SettingCodes.INITIAL_WINDOW_SIZE: window})
    client.exchange()
    client.connection.respond(stream_id, ANSWER, b"y" * size, TRAILERS)
    client.exchange()
    if len(client.answers.get(stream_id, b"")) < size:
        client.h2.update_settings({h2.settings.SettingCodes.INITIAL_WINDOW_SIZE: 1 << 20})
        client.exchange()
    assert client.answers.get(stream_id, b"") == b"y" * size
    assert client.trailers[stream_id] == [TRAILER]


def test_a_window_of_zero_holds_content_back_until_it_opens() -> None:
    connection = greeted()
    connection.receive(frames.settings({frames.INITIAL_WINDOW_SIZE: 3}) + WHOLE)
    connection.respond(1, ANSWER, b"abcdef", TRAILERS)
    sent = [item for item in split(connection.output(ALL)) if item[2] == 1]
    assert [(kind, payload) for kind, _, _, payload in sent[1:]] == [(frames.DATA, b"abc")]
    connection.receive(frames.settings({frames.INITIAL_WINDOW_SIZE: 1}) + frames.window_update(1, 2))
    assert all(kind != frames.DATA for kind, *_ in split(connection.output(ALL)))
    connection.receive(frames.window_update(1, 5))
    assert [kind for kind, *_ in split(connection.output(ALL))] == [frames.DATA, frames.HEADERS]


def test_headers_in_pieces_with_padding_and_priority_are_read() -> None:
    block = BLOCK + hpack.encode([(b"x", b"y")])
    padded = bytes((3,)) + b"\x80\x00\x00\x00\x10" + block[:5] + bytes(3)
    pieces = [frame(frames.HEADERS, frames.PADDED | frames.PRIORITY_FLAG, 1, padded)]
    pieces += [frame(frames.CONTINUATION, 0, 1, block[at : at + 1]) for at in range(5, len(block))]
    pieces += [frame(frames.CONTINUATION, frames.END_HEADERS, 1)]
    pieces += [frame(frames.DATA, frames.PADDED | frames.END_STREAM, 1, b"\x02abc\x00\x00")]
    connection = greeted()
    data = b"".join(pieces)
    events = [event for at in range(len(data)) for event in connection.receive(data[at : at + 1])]
    request, content = events
    assert isinstance(request, RequestReceived)
    assert request.fields[b"x"] == b"y"
    assert not request.ended
    assert isinstance(content, DataReceived)
    assert (content.data, content.ended) == (b"abc", True)


def test_long_fields_are_sent_in_continuations() -> None:
    client = Client()
    stream_id = client.request(b"")
    client.connection.respond(stream_id, ANSWER, b"", hpack.encode([(b"grpc-message", b"m" * 40_000)]))
    client.exchange()
    assert client.trailers[stream_id] == [(b"grpc-message", b"m" * 40_000)]


def test_trailers_of_a_request_end_it() -> None:
    connection = greeted()
    events = connection.receive(OPEN + frame(frames.HEADERS, END_BOTH, 1, hpack.encode([(b"x", b"y")])))
    assert [getattr(event, "ended", None) for event in events] == [False, True]


def test_a_peer_that_still_sends_is_asked_to_stop_after_the_answer() -> None:
    connection = greeted()
    connection.receive(OPEN)
    connection.respond(1, ANSWER)
    sent = split(connection.output(ALL))
    assert sent[-1] == (frames.RST_STREAM, 0, 1, bytes(4))
    assert connection.receive(frame(frames.DATA, 0, 1, b"late") + frame(frames.HEADERS, END_BOTH, 1, BLOCK)) == []
    assert connection.output(ALL) == b""


def test_a_cancelled_stream_takes_no_answer() -> None:
    connection = greeted()
    events = connection.receive(WHOLE + frames.reset(1, 8))
    assert isinstance(events[-1], StreamReset)
    connection.respond(1, ANSWER, b"late", TRAILERS)
    assert connection.output(ALL) == b""


def test_ping_and_settings_are_acknowledged_and_acknowledgements_are_not() -> None:
    connection = greeted()
    connection.receive(frame(frames.PING, 0, 0, b"12345678") + frame(frames.PING, frames.ACK, 0, bytes(8)))
    connection.receive(frames.settings({99: 1}) + frame(frames.SETTINGS, frames.ACK, 0))
    assert split(connection.output(ALL)) == [
        (frames.PING, frames.ACK, 0, b"12345678"),
        (frames.SETTINGS, frames.ACK, 0, b""),
    ]


def test_what_changes_nothing_is_ignored() -> None:
    connection = greeted()
    connection.receive(WHOLE)
    connection.respond(1, ANSWER)
    connection.output(ALL)
    data = frame(0x42, 0xFF, 7, b"unknown") + frame(frames.PRIORITY, 0, 9, bytes(5))
    data += frames.window_update(1, 1) + frames.reset(1, 0) + frame(frames.GOAWAY, 0, 0, bytes(8))
    assert connection.receive(data) == []
    assert connection.output(ALL) == b""
    assert not connection.closed


CONNECTION_ERRORS = {
    "another protocol": (b"GET / HTTP/1.1\r\n", frames.PROTOCOL_ERROR),
    "no settings first": (frames.PREFACE + frame(frames.PING, 0, 0, bytes(8)), frames.PROTOCOL_ERROR),
    "a frame that is too large": (GREETING + b"\x00\x40\x01" + bytes(6), frames.FRAME_SIZE_ERROR),
    "data on the connection": (GREETING + frame(frames.DATA, 0, 0), frames.PROTOCOL_ERROR),
    "data on an idle stream": (GREETING + frame(frames.DATA, 0, 1), frames.PROTOCOL_ERROR),
    "reset of an idle stream": (GREETING + frames.reset(1, 0), frames.PROTOCOL_ERROR),
    "window of an idle stream": (GREETING + frames.window_update(1, 1), frames.PROTOCOL_ERROR),
    "headers on the connection": (GREETING + frame(frames.HEADERS, 4, 0, BLOCK), frames.PROTOCOL_ERROR),
    "an even stream": (GREETING + frame(frames.HEADERS, 4, 2, BLOCK), frames.PROTOCOL_ERROR),
    "a used stream": (
        GREETING + frame(frames.HEADERS, 5, 3, BLOCK) + frame(frames.HEADERS, 5, 1, BLOCK),
        frames.STREAM_CLOSED,
    ),
    "padding of data": (GREETING + OPEN + frame(frames.DATA, frames.PADDED, 1, b"\x03ab"), frames.PROTOCOL_ERROR),
    "padding without a length": (GREETING + OPEN + frame(frames.DATA, frames.PADDED, 1), frames.PROTOCOL_ERROR),
    "padding of headers": (GREETING + frame(frames.HEADERS, 4 | 8, 1, b"\xff" + BLOCK), frames.PROTOCOL_ERROR),
    "short priority": (GREETING + frame(frames.HEADERS, 4 | 32, 1, bytes(4)), frames.FRAME_SIZE_ERROR),
    "a broken block": (GREETING + frame(frames.HEADERS, 4, 1, b"\x80"), frames.COMPRESSION_ERROR),
    "a lone continuation": (GREETING + frame(frames.CONTINUATION, 4, 1), frames.PROTOCOL_ERROR),
    "an interrupted block": (
        GREETING + frame(frames.HEADERS, 0, 1, BLOCK) + frame(frames.PING, 0, 0, bytes(8)),
        frames.PROTOCOL_ERROR,
    ),
    "a block interrupted by an unknown frame": (
        GREETING + frame(frames.HEADERS, 0, 1, BLOCK) + frame(0x42, 0, 1),
        frames.PROTOCOL_ERROR,
    ),
    "a continuation of another stream": (
        GREETING + frame(frames.HEADERS, 0, 1, BLOCK) + frame(frames.CONTINUATION, 4, 3),
        frames.PROTOCOL_ERROR,
    ),
    "endless continuations": (
        GREETING + frame(frames.HEADERS, 0, 1) + frame(frames.CONTINUATION, 0, 1, bytes(1 << 13)) * 9,
        frames.ENHANCE_YOUR_CALM,
    ),
    "endless empty continuations": (
        GREETING + frame(frames.HEADERS, 0, 1) + frame(frames.CONTINUATION, 0, 1) * 8000,
        frames.ENHANCE_YOUR_CALM,
    ),
    "settings on a stream": (GREETING + frame(frames.SETTINGS, 0, 1), frames.PROTOCOL_ERROR),
    "settings of a wrong size": (GREETING + frame(frames.SETTINGS, 0, 0, bytes(5)), frames.FRAME_SIZE_ERROR),
    "an acknowledgement with content": (GREETING + frame(frames.SETTINGS, 1, 0, bytes(6)), frames.FRAME_SIZE_ERROR),
    "a push setting": (GREETING + frames.settings({frames.ENABLE_PUSH: 2}), frames.PROTOCOL_ERROR),
    "a small frame size": (GREETING + frames.settings({frames.MAX_FRAME_SIZE: 16383}), frames.PROTOCOL_ERROR),
    "a large frame size": (GREETING + frames.settings({frames.MAX_FRAME_SIZE: 1 << 24}), frames.PROTOCOL_ERROR),
    "a large window": (GREETING + frames.settings({frames.INITIAL_WINDOW_SIZE: 1 << 31}), frames.FLOW_CONTROL_ERROR),
    "a window that overflows by settings": (
        GREETING + OPEN + frames.window_update(1, 1 << 30) + frames.settings({frames.INITIAL_WINDOW_SIZE: 1 << 30}),
        frames.FLOW_CONTROL_ERROR,
    ),
    "a push promise": (GREETING + OPEN + frame(frames.PUSH_PROMISE, 4, 1, bytes(4)), frames.PROTOCOL_ERROR),
    "a short ping": (GREETING + frame(frames.PING, 0, 0, bytes(7)), frames.FRAME_SIZE_ERROR),
    "a ping on a stream": (GREETING + frame(frames.PING, 0, 1, bytes(8)), frames.PROTOCOL_ERROR),
    "a short goaway": (GREETING + frame(frames.GOAWAY, 0, 0, bytes(7)), frames.FRAME_SIZE_ERROR),
    "a short window update": (GREETING + frame(frames.WINDOW_UPDATE, 0, 0, bytes(3)), frames.FRAME_SIZE_ERROR),
    "an empty window update": (GREETING + frames.window_update(0, 0), frames.PROTOCOL_ERROR),
    "a window that overflows": (GREETING + frames.window_update(0, frames.MAX_WINDOW), frames.FLOW_CONTROL_ERROR),
    "a short reset": (GREETING + OPEN + frame(frames.RST_STREAM, 0, 1, bytes(3)), frames.FRAME_SIZE_ERROR),
    "rapid resets": (
        GREETING + b"".join([frame(frames.HEADERS, 4, n, BLOCK) + frames.reset(n, 8) for n in range(1, 500, 2)]),
        frames.ENHANCE_YOUR_CALM,
    ),
    "endless stream errors": (
        GREETING + b"".join([frame(frames.HEADERS, 5, n, b"\x82") for n in range(1, 500, 2)]),
        frames.ENHANCE_YOUR_CALM,
    ),
}


@pytest.mark.parametrize("name", CONNECTION_ERRORS)
def test_a_connection_error_ends_in_goaway(name: str) -> None:
    data, code = CONNECTION_ERRORS[name]
    connection = Connection()
    assert connection.receive(data) == []
    assert connection.closed
    kind, _, stream_id, payload = split(connection.output(ALL))[-1]
    assert (kind, stream_id, int.from_bytes(payload[4:8], "big")) == (frames.GOAWAY, 0, code)
    assert connection.receive(WHOLE) == []
    assert connection.output(ALL) == b""


def test_more_data_than_the_connections_window_is_a_connection_error() -> None:
    connection = greeted()
    connection._receive_window = 10
    connection.receive(OPEN + frame(frames.DATA, 0, 1, bytes(11)))
    assert split(connection.output(ALL))[-1][3][4:8] == bytes((0, 0, 0, frames.FLOW_CONTROL_ERROR))


def without(name: bytes) -> bytes:
    return frame(frames.HEADERS, 5, 1, hpack.encode([field for field in REQUEST if field[0] != name]))


def with_field(name: bytes, value: bytes) -> bytes:
    return frame(frames.HEADERS, 4, 1, hpack.encode([*REQUEST, (name, value)]))


STREAM_ERRORS = {
    "no method": (without(b":method"), frames.PROTOCOL_ERROR),
    "no path": (without(b":path"), frames.PROTOCOL_ERROR),
    "no scheme": (without(b":scheme"), frames.PROTOCOL_ERROR),
    "an unknown pseudo field": (with_field(b":status", b"200"), frames.PROTOCOL_ERROR),
    "a pseudo field twice": (
        frame(frames.HEADERS, 4, 1, hpack.encode([REQUEST[2], *REQUEST])),
        frames.PROTOCOL_ERROR,
    ),
    "a late pseudo field": (
        frame(frames.HEADERS, 4, 1, hpack.encode([*REQUEST[:3], REQUEST[4], REQUEST[3]])),
        frames.PROTOCOL_ERROR,
    ),
    "upper case": (with_field(b"Name", b"x"), frames.PROTOCOL_ERROR),
    "an empty name": (with_field(b"", b"x"), frames.PROTOCOL_ERROR),
    "a name with a space": (with_field(b"a b", b"x"), frames.PROTOCOL_ERROR),
    "a line feed": (with_field(b"a", b"x\ny"), frames.PROTOCOL_ERROR),
    "a leading space": (with_field(b"a", b" x"), frames.PROTOCOL_ERROR),
    "a connection's field": (with_field(b"connection", b"close"), frames.PROTOCOL_ERROR),
    "another te": (with_field(b"te", b"gzip"), frames.PROTOCOL_ERROR),
    "a length that is none": (with_field(b"content-length", b"1x"), frames.PROTOCOL_ERROR),
    "two lengths": (
        frame(frames.HEADERS, 4, 1, BLOCK + hpack.encode([(b"content-length", b"1"), (b"content-length", b"2")])),
        frames.PROTOCOL_ERROR,
    ),
    "content shorter than its length": (
        with_field(b"content-length", b"3") + frame(frames.DATA, 1, 1, b"ab"),
        frames.PROTOCOL_ERROR,
    ),
    "content longer than its length": (
        with_field(b"content-length", b"1") + frame(frames.DATA, 1, 1, b"ab"),
        frames.PROTOCOL_ERROR,
    ),
    "fields that are too large": (
        frame(frames.HEADERS, 4, 1, BLOCK + b"\x40" + hpack.encode([(b"a", b"x" * 999)])[1:] + b"\xbe" * 40),
        frames.ENHANCE_YOUR_CALM,
    ),
    "data behind the end": (WHOLE + frame(frames.DATA, 0, 1, b"x"), frames.STREAM_CLOSED),
    "headers behind the end": (WHOLE + frame(frames.HEADERS, 5, 1, BLOCK), frames.STREAM_CLOSED),
    "trailers that do not end": (OPEN + frame(frames.HEADERS, 4, 1, hpack.encode([(b"x", b"")])), 1),
    "trailers with pseudo fields": (OPEN + frame(frames.HEADERS, 5, 1, BLOCK), frames.PROTOCOL_ERROR),
    "an empty window update": (OPEN + frames.window_update(1, 0), frames.PROTOCOL_ERROR),
    "a window that overflows": (OPEN + frames.window_update(1, frames.MAX_WINDOW), frames.FLOW_CONTROL_ERROR),
    "a short priority": (frame(frames.PRIORITY, 0, 1, bytes(4)), frames.FRAME_SIZE_ERROR),
}


@pytest.mark.parametrize("name", STREAM_ERRORS)
def test_a_stream_error_ends_in_a_reset_and_the_connection_lives(name: str) -> None:
    data, code = STREAM_ERRORS[name]
    connection = greeted()
    connection.receive(data)
    assert split(connection.output(ALL)) == [(frames.RST_STREAM, 0, 1, code.to_bytes(4, "big"))]
    assert connection._streams == {}
    assert len(connection.receive(frame(frames.HEADERS, 5, 3, BLOCK))) == 1


def test_cancelled_requests_among_answered_ones_are_no_attack() -> None:
    connection = greeted()
    for stream_id in range(1, 2000, 4):
        connection.receive(frame(frames.HEADERS, 5, stream_id, BLOCK))
        connection.respond(stream_id, ANSWER)
        connection.receive(frame(frames.HEADERS, 4, stream_id + 2, BLOCK) + frames.reset(stream_id + 2, 8))
    assert not connection.closed


def test_the_windows_are_opened_again_as_data_is_taken() -> None:
    connection = greeted()
    connection.receive(OPEN)
    part = frame(frames.DATA, 0, 1, bytes(1 << 14))
    received = sum(len(connection.receive(part)) for _ in range(2 * http2.CONNECTION_WINDOW >> 14))
    assert received == 2 * http2.CONNECTION_WINDOW >> 14
    opened = {0: 0, 1: 0}
    for kind, _, stream_id, payload in split(connection.output(ALL)):
        assert kind == frames.WINDOW_UPDATE
        opened[stream_id] += int.from_bytes(payload, "big")
    assert all(2 * http2.CONNECTION_WINDOW - size <= http2.CONNECTION_WINDOW for size in opened.values())


def test_more_data_than_a_streams_window_is_a_stream_error() -> None:
    connection = greeted()
    connection.receive(OPEN)
    connection._streams[1].receive_window = 10
    assert isinstance(connection.receive(frame(frames.DATA, 0, 1, bytes(11)))[0], StreamReset)
    assert split(connection.output(ALL))[-1][3] == bytes((0, 0, 0, frames.FLOW_CONTROL_ERROR))


def test_more_streams_than_allowed_are_refused() -> None:
    connection = greeted()
    first = range(1, 2 * http2.MAX_STREAMS, 2)
    assert len(connection.receive(b"".join([frame(frames.HEADERS, 4, n, BLOCK) for n in first]))) == len(first)
    connection.receive(frame(frames.HEADERS, 4, first.stop + 1, BLOCK))
    assert split(connection.output(ALL))[-1][3] == bytes((0, 0, 0, frames.REFUSED_STREAM))


FRAMES = st.builds(
    frame,
    st.integers(0, 11),
    st.integers(0, 255) | st.sampled_from([0, 1, 4, 5]),
    st.integers(0, 7),
    st.binary(max_size=20) | st.just(BLOCK) | st.just(bytes(8)) | st.just(bytes(4)),
)


@given(st.lists(FRAMES | st.just(OPEN) | st.just(WHOLE), max_size=12), st.data())
@settings(max_examples=300)
def test_any_frames_end_in_events_or_errors_and_bounded_output(sent: list[bytes], draw: st.DataObject) -> None:
    data = bytearray(GREETING + b"".join(sent))
    if draw.draw(st.booleans()):
        at = draw.draw(st.integers(0, len(data)))
        data[at : at + draw.draw(st.integers(0, 3))] = draw.draw(st.binary(max_size=3))
    connection = Connection()
    written = 0
    while data:
        size = draw.draw(st.integers(1, 200))
        for event in connection.receive(bytes(data[:size])):
            if not isinstance(event, StreamReset) and event.ended:
                connection.respond(event.stream_id, ANSWER, b"answer", TRAILERS)
        del data[:size]
        output = connection.output(ALL)
        written += len(output)
        split(output)
    assert written <= 3000
    assert len(connection._input) <= frames.DEFAULT_FRAME_SIZE + frames.HEADER_SIZE
