"""A server's side of one HTTP/2 connection as a machine of bytes, without IO (RFC 9113).

What comes in is given to `receive`, which returns events; what goes out is fetched with `output`. A stream error ends
in RST_STREAM, a connection error in GOAWAY and `closed`; neither is ever raised. The machine is made for gRPC's unary
calls: a response is one piece, `respond`.
"""

from __future__ import annotations

from provider.protocol import frames, hpack
from provider.protocol.fields import MalformedError, check_trailers, content_length, read_request
from provider.protocol.streams import (
    ConnectionFault,
    DataReceived,
    HeaderBlock,
    RequestReceived,
    Stream,
    StreamFault,
    StreamReset,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Final

    Event = RequestReceived | DataReceived | StreamReset

MAX_STREAMS: Final = 1000
STREAM_WINDOW: Final = 1 << 20
CONNECTION_WINDOW: Final = 1 << 24
MAX_FIELDS: Final = 1 << 15
_CONNECTION_KINDS: Final = (frames.SETTINGS, frames.PING, frames.GOAWAY)
_STREAM_KINDS: Final = (
    frames.DATA,
    frames.HEADERS,
    frames.PRIORITY,
    frames.RST_STREAM,
    frames.PUSH_PROMISE,
    frames.CONTINUATION,
)
_MAX_BLOCK: Final = 1 << 16
_MAX_STRIKES: Final = 200
_MAX_REMEMBERED_RESETS: Final = 1000


class Connection:
    """The state of one connection.

    `closed` is set by a connection error: `output` then ends with GOAWAY, and the transport closes behind it.
    """

    def __init__(self) -> None:
        self.closed = False
        self._events: list[Event] = []
        self._input = bytearray()
        self._output = bytearray(
            frames.settings(
                {
                    frames.MAX_CONCURRENT_STREAMS: MAX_STREAMS,
                    frames.INITIAL_WINDOW_SIZE: STREAM_WINDOW,
                    frames.MAX_HEADER_LIST_SIZE: MAX_FIELDS,
                }
            )
            + frames.window_update(0, CONNECTION_WINDOW - frames.DEFAULT_WINDOW)
        )
        self._readers: dict[int, Callable[[int, int, bytes], None]] = {
            frames.DATA: self._read_data,
            frames.HEADERS: self._read_headers,
            frames.PRIORITY: self._read_priority,
            frames.RST_STREAM: self._read_reset,
            frames.SETTINGS: self._read_settings,
            frames.PUSH_PROMISE: self._read_push_promise,
            frames.PING: self._read_ping,
            frames.GOAWAY: self._read_goaway,
            frames.WINDOW_UPDATE: self._read_window_update,
            frames.CONTINUATION: self._read_continuation,
        }
        self._greeted = False
        self._configured = False
        self._decoder = hpack.Decoder(MAX_FIELDS)
        self._block: HeaderBlock | None = None
        self._streams: dict[int, Stream] = {}
        self._resets: dict[int, None] = {}
        self._highest = 0
        self._delivered = 0
        self._strikes = 0
        self._receive_window = CONNECTION_WINDOW
        self._send_window = frames.DEFAULT_WINDOW
        self._initial_send_window = frames.DEFAULT_WINDOW
        self._frame_size = frames.DEFAULT_FRAME_SIZE
        self._encoder_table = hpack.TABLE_SIZE
        self._table_update = b""

    def receive(self, data: bytes) -> list[Event]:
        """Take bytes from the peer, cut anywhere, and return what they mean.

        After a connection error the bytes of that call mean nothing, so that nothing is begun that cannot be answered.
        """
        if self.closed:
            return []
        self._input += data
        events = self._events = []
        try:
            self._read_frames()
        except ConnectionFault as fault:
            self._output += frames.goaway(self._delivered, fault.code, fault.reason)
            self.closed = True
            self._input.clear()
            self._streams.clear()
            return []
        self._delivered = self._highest
        return events

    def respond(self, stream_id: int, fields: bytes, body: bytes = b"", trailers: bytes = b"") -> None:
        """Queue a whole response; on a stream that has ended early it is dropped.

        Args:
            stream_id: the stream of the request.
            fields: the header block, as `hpack.encode` makes it.
            body: the content.
            trailers: the header block that follows the content, if one does.
        """
        stream = self._streams.get(stream_id)
        if stream is None or stream.sending:
            return
        stream.body = memoryview(body)
        stream.trailers = trailers
        stream.sending = True
        ends = not body and not stream.trailers
        self._send_fields(stream_id, fields, end_stream=ends)
        if ends:
            self._finish(stream_id, stream)

    def output(self, limit: int) -> bytes:
        """Return what is to be sent now: about `limit` bytes of content at most, as far as the peer's windows allow."""
        progress = True
        while progress and len(self._output) < limit:
            progress = False
            for stream_id, stream in [item for item in self._streams.items() if item[1].sending]:
                progress = self._send_part(stream_id, stream) or progress
        out = bytes(self._output)
        self._output.clear()
        return out

    def _send_part(self, stream_id: int, stream: Stream) -> bool:
        """Send at most one frame of a response's content, then its trailers; say if anything was sent."""
        size = min(len(stream.body), self._frame_size, self._send_window, stream.send_window)
        if size <= 0 < len(stream.body):
            return False
        if size > 0:
            part, stream.body = stream.body[:size], stream.body[size:]
            self._send_window -= size
            stream.send_window -= size
            ends = not stream.body and not stream.trailers
            self._output += frames.frame(frames.DATA, frames.END_STREAM if ends else 0, stream_id, bytes(part))
        if not stream.body:
            if stream.trailers:
                self._send_fields(stream_id, stream.trailers, end_stream=True)
            self._finish(stream_id, stream)
        return True

    def _send_fields(self, stream_id: int, block: bytes, *, end_stream: bool) -> None:
        block = self._table_update + block
        self._table_update = b""
        self._output += frames.headers(stream_id, block, end_stream=end_stream, frame_size=self._frame_size)

    def _finish(self, stream_id: int, stream: Stream) -> None:
        """Forget a stream that was answered; a peer that still sends is asked to stop (section 8.1)."""
        del self._streams[stream_id]
        self._strikes = max(0, self._strikes - 1)
        if not stream.remote_closed:
            self._output += frames.reset(stream_id, frames.NO_ERROR)
            self._remember_reset(stream_id)

    def _remember_reset(self, stream_id: int) -> None:
        """Remember that frames of the stream that are on their way are no errors (section 5.1)."""
        self._resets[stream_id] = None
        if len(self._resets) > _MAX_REMEMBERED_RESETS:
            del self._resets[next(iter(self._resets))]

    def _read_frames(self) -> None:
        data, at = self._input, 0
        if not self._greeted:
            if not frames.PREFACE.startswith(data[: len(frames.PREFACE)]):
                raise ConnectionFault(frames.PROTOCOL_ERROR, "no HTTP/2 preface")
            if len(data) < len(frames.PREFACE):
                return
            at = len(frames.PREFACE)
            self._greeted = True
        while len(data) - at >= frames.HEADER_SIZE:
            size = int.from_bytes(data[at : at + 3], "big")
            if size > frames.DEFAULT_FRAME_SIZE:
                raise ConnectionFault(frames.FRAME_SIZE_ERROR, "a frame larger than allowed")
            end = at + frames.HEADER_SIZE + size
            if len(data) < end:
                break
            stream_id = int.from_bytes(data[at + 5 : at + 9], "big") & frames.MAX_WINDOW
            self._read_frame(data[at + 3], data[at + 4], stream_id, bytes(data[at + frames.HEADER_SIZE : end]))
            at = end
        del data[:at]

    def _read_frame(self, kind: int, flags: int, stream_id: int, payload: bytes) -> None:
        if not self._configured and kind != frames.SETTINGS:
            raise ConnectionFault(frames.PROTOCOL_ERROR, "the first frame is not SETTINGS")
        if self._block and (kind != frames.CONTINUATION or stream_id != self._block.stream_id):
            raise ConnectionFault(frames.PROTOCOL_ERROR, "a header block is interrupted")
        read = self._readers.get(kind)
        if read is None:
            return
        if kind in (_CONNECTION_KINDS if stream_id else _STREAM_KINDS):
            raise ConnectionFault(frames.PROTOCOL_ERROR, "a frame on a stream where it has no place")
        try:
            read(flags, stream_id, payload)
        except StreamFault as fault:
            self._strike()
            self._output += frames.reset(fault.stream_id, fault.code)
            self._remember_reset(fault.stream_id)
            self._drop(fault.stream_id)

    def _strike(self) -> None:
        """Count what a sound peer rarely does: errors and cancelled requests (CVE-2023-44487 was made of them)."""
        self._strikes += 1
        if self._strikes > _MAX_STRIKES:
            raise ConnectionFault(frames.ENHANCE_YOUR_CALM, "too many stream errors or cancelled requests")

    def _drop(self, stream_id: int) -> None:
        if self._streams.pop(stream_id, None):
            self._events.append(StreamReset(stream_id))

    def _stream(self, stream_id: int) -> Stream | None:
        """Return the stream if it is open, None if it was (section 5.1)."""
        if stream_id > self._highest:
            raise ConnectionFault(frames.PROTOCOL_ERROR, "a frame on an idle stream")
        return self._streams.get(stream_id)

    def _read_data(self, flags: int, stream_id: int, payload: bytes) -> None:
        self._receive_window -= len(payload)
        if self._receive_window < 0:
            raise ConnectionFault(frames.FLOW_CONTROL_ERROR, "more data than the connection's window")
        data = _unpad(flags, payload)
        stream = self._stream(stream_id)
        if self._receive_window < CONNECTION_WINDOW // 2:
            self._output += frames.window_update(0, CONNECTION_WINDOW - self._receive_window)
            self._receive_window = CONNECTION_WINDOW
        if stream is None or stream.remote_closed:
            if stream_id in self._resets:
                return
            raise StreamFault(stream_id, frames.STREAM_CLOSED)
        stream.receive_window -= len(payload)
        if stream.receive_window < 0:
            raise StreamFault(stream_id, frames.FLOW_CONTROL_ERROR)
        ended = bool(flags & frames.END_STREAM)
        if stream.expected is not None:
            stream.expected -= len(data)
        if ended:
            self._end_request(stream_id, stream)
        elif stream.receive_window < STREAM_WINDOW // 2:
            self._output += frames.window_update(stream_id, STREAM_WINDOW - stream.receive_window)
            stream.receive_window = STREAM_WINDOW
        self._events.append(DataReceived(stream_id, data, ended=ended))

    def _end_request(self, stream_id: int, stream: Stream) -> None:
        if stream.expected:
            raise StreamFault(stream_id, frames.PROTOCOL_ERROR)
        stream.remote_closed = True

    def _read_headers(self, flags: int, stream_id: int, payload: bytes) -> None:
        block = _unpad(flags, payload)
        if flags & frames.PRIORITY_FLAG:
            if len(block) < 5:
                raise ConnectionFault(frames.FRAME_SIZE_ERROR, "a HEADERS frame that is too short")
            block = block[5:]
        if flags & frames.END_HEADERS:
            self._read_block(flags, stream_id, block)
        else:
            self._block = HeaderBlock(stream_id, flags, block)

    def _read_continuation(self, flags: int, stream_id: int, payload: bytes) -> None:
        block = self._block
        if block is None:
            raise ConnectionFault(frames.PROTOCOL_ERROR, "a CONTINUATION without HEADERS")
        block.data += payload
        # Frames without content cost work too, so each counts with its header (CVE-2024-27316 was made of them).
        block.cost += frames.HEADER_SIZE + len(payload)
        if block.cost > _MAX_BLOCK:
            raise ConnectionFault(frames.ENHANCE_YOUR_CALM, "a header block larger than allowed")
        if flags & frames.END_HEADERS:
            self._block = None
            self._read_block(block.flags, stream_id, bytes(block.data))

    def _read_block(self, flags: int, stream_id: int, block: bytes) -> None:
        too_large = False
        fields: list[hpack.Field] = []
        try:
            fields = self._decoder.decode(block)
        except hpack.HpackError as error:
            raise ConnectionFault(frames.COMPRESSION_ERROR, str(error)) from None
        except hpack.FieldsTooLarge:
            too_large = True
        stream = self._streams.get(stream_id)
        if stream is None:
            if stream_id in self._resets:
                return
            self._check_new(stream_id)
            self._highest = stream_id
        if too_large:
            raise StreamFault(stream_id, frames.ENHANCE_YOUR_CALM)
        try:
            if stream is None:
                self._open(flags, stream_id, fields)
            else:
                self._read_trailers(flags, stream_id, stream, fields)
        except MalformedError:
            raise StreamFault(stream_id, frames.PROTOCOL_ERROR) from None

    def _check_new(self, stream_id: int) -> None:
        if stream_id % 2 == 0:
            raise ConnectionFault(frames.PROTOCOL_ERROR, "a client's stream with an even number")
        if stream_id <= self._highest:
            raise ConnectionFault(frames.STREAM_CLOSED, "a stream that has been used")

    def _open(self, flags: int, stream_id: int, fields: list[hpack.Field]) -> None:
        if len(self._streams) >= MAX_STREAMS:
            raise StreamFault(stream_id, frames.REFUSED_STREAM)
        request = read_request(fields)
        stream = Stream(self._initial_send_window, STREAM_WINDOW)
        stream.expected = content_length(request)
        ended = bool(flags & frames.END_STREAM)
        if ended:
            self._end_request(stream_id, stream)
        self._streams[stream_id] = stream
        self._events.append(RequestReceived(stream_id, request, ended=ended))

    def _read_trailers(self, flags: int, stream_id: int, stream: Stream, fields: list[hpack.Field]) -> None:
        if stream.remote_closed:
            raise StreamFault(stream_id, frames.STREAM_CLOSED)
        if not flags & frames.END_STREAM:
            raise MalformedError("trailers that do not end the stream")
        check_trailers(fields)
        self._end_request(stream_id, stream)
        self._events.append(DataReceived(stream_id, b"", ended=True))

    def _read_priority(self, _flags: int, stream_id: int, payload: bytes) -> None:
        """Check and forget: priorities are deprecated (section 5.3.2)."""
        if len(payload) != 5:
            raise StreamFault(stream_id, frames.FRAME_SIZE_ERROR)

    def _read_reset(self, _flags: int, stream_id: int, payload: bytes) -> None:
        _check_size(payload, 4)
        if self._stream(stream_id):
            self._strike()
            self._drop(stream_id)

    def _read_settings(self, flags: int, _stream_id: int, payload: bytes) -> None:
        self._configured = True
        if flags & frames.ACK:
            _check_size(payload, 0)
            return
        if len(payload) % 6:
            raise ConnectionFault(frames.FRAME_SIZE_ERROR, "SETTINGS of a wrong size")
        for at in range(0, len(payload), 6):
            self._set(int.from_bytes(payload[at : at + 2], "big"), int.from_bytes(payload[at + 2 : at + 6], "big"))
        self._output += frames.frame(frames.SETTINGS, frames.ACK, 0)

    def _set(self, setting: int, value: int) -> None:
        """Apply one setting of the peer's (section 6.5.2)."""
        if setting == frames.HEADER_TABLE_SIZE:
            if value < self._encoder_table:
                # The encoder uses no table, so it says once that the table is empty (RFC 7541 section 4.2).
                self._encoder_table = 0
                self._table_update = hpack.EMPTY_TABLE_UPDATE
        elif setting == frames.INITIAL_WINDOW_SIZE:
            self._set_initial_window(value)
        elif setting == frames.MAX_FRAME_SIZE:
            if not frames.DEFAULT_FRAME_SIZE <= value < 1 << 24:
                raise ConnectionFault(frames.PROTOCOL_ERROR, "a MAX_FRAME_SIZE out of range")
            self._frame_size = value
        elif setting == frames.ENABLE_PUSH and value > 1:
            raise ConnectionFault(frames.PROTOCOL_ERROR, "an ENABLE_PUSH that is neither 0 nor 1")

    def _set_initial_window(self, size: int) -> None:
        """Move the windows of all streams by the change (section 6.9.2); they can become negative."""
        change = size - self._initial_send_window
        self._initial_send_window = size
        for stream in self._streams.values():
            stream.send_window += change
        if size > frames.MAX_WINDOW or any(s.send_window > frames.MAX_WINDOW for s in self._streams.values()):
            raise ConnectionFault(frames.FLOW_CONTROL_ERROR, "a window larger than allowed")

    def _read_push_promise(self, _flags: int, _stream_id: int, _payload: bytes) -> None:
        raise ConnectionFault(frames.PROTOCOL_ERROR, "a PUSH_PROMISE from a client")

    def _read_ping(self, flags: int, _stream_id: int, payload: bytes) -> None:
        _check_size(payload, 8)
        if not flags & frames.ACK:
            self._output += frames.frame(frames.PING, frames.ACK, 0, payload)

    def _read_goaway(self, _flags: int, _stream_id: int, payload: bytes) -> None:
        """Check and go on: a client that leaves wants the answers that are under way."""
        if len(payload) < 8:
            raise ConnectionFault(frames.FRAME_SIZE_ERROR, "a GOAWAY that is too short")

    def _read_window_update(self, _flags: int, stream_id: int, payload: bytes) -> None:
        _check_size(payload, 4)
        increment = int.from_bytes(payload, "big") & frames.MAX_WINDOW
        if stream_id == 0:
            self._send_window += increment
            if not increment:
                raise ConnectionFault(frames.PROTOCOL_ERROR, "a WINDOW_UPDATE of nothing")
            if self._send_window > frames.MAX_WINDOW:
                raise ConnectionFault(frames.FLOW_CONTROL_ERROR, "a window larger than allowed")
            return
        stream = self._stream(stream_id)
        if stream is None:
            return
        stream.send_window += increment
        if not increment:
            raise StreamFault(stream_id, frames.PROTOCOL_ERROR)
        if stream.send_window > frames.MAX_WINDOW:
            raise StreamFault(stream_id, frames.FLOW_CONTROL_ERROR)


def _unpad(flags: int, payload: bytes) -> bytes:
    """Return a payload without its padding (section 6.1)."""
    if not flags & frames.PADDED:
        return payload
    if not payload or payload[0] >= len(payload):
        raise ConnectionFault(frames.PROTOCOL_ERROR, "more padding than payload")
    return payload[1 : len(payload) - payload[0]]


def _check_size(payload: bytes, size: int) -> None:
    if len(payload) != size:
        raise ConnectionFault(frames.FRAME_SIZE_ERROR, "a frame of a wrong size")
