"""gRPC's unary calls on one HTTP/2 connection, without IO.

Source: https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md. Bytes go in, whole calls come out; each is
answered once, with a message or with a status.
"""

from __future__ import annotations

from provider.protocol.hpack import encode
from provider.protocol.http2 import Connection
from provider.protocol.streams import DataReceived, RequestReceived

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Container
    from typing import Final

MAX_MESSAGE: Final = 256 << 20
MAX_STATUS_TEXT: Final = 4096
OK, RESOURCE_EXHAUSTED, UNIMPLEMENTED, INTERNAL = 0, 8, 12, 13

_PREFIX: Final = 5
_CONTENT_TYPE: Final = (b"content-type", b"application/grpc")
_HEAD: Final = encode(((b":status", b"200"), _CONTENT_TYPE))
_TRAILERS: Final = encode(((b"grpc-status", b"0"),))


class Call:
    """A call that has arrived as a whole; `path` is `/<service>/<method>`."""

    __slots__ = ("message", "path", "stream_id")

    def __init__(self, stream_id: int, path: str, message: bytes) -> None:
        self.stream_id = stream_id
        self.path = path
        self.message = message


class _Incoming:
    """A call that is arriving: `size` is the length of its message once the prefix has told it."""

    __slots__ = ("data", "path", "size")

    def __init__(self, path: str) -> None:
        self.path = path
        self.data = bytearray()
        self.size: int | None = None


class _Refusal(Exception):  # noqa: N818 - it is an answer
    """A call that cannot be served, as the status to answer."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.text = text


class Session:
    """The calls of one connection.

    A call of a path in `silent_streams` is answered at once with a stream that holds no message.
    """

    __slots__ = ("_http", "_incoming", "_silent_streams")

    def __init__(self, silent_streams: Container[str] = ()) -> None:
        self._http = Connection()
        self._incoming: dict[int, _Incoming] = {}
        self._silent_streams = silent_streams

    @property
    def closed(self) -> bool:
        """Whether a connection error ended the session; the last output is still to be sent."""
        return self._http.closed

    def receive(self, data: bytes) -> list[Call]:
        """Take bytes from the peer and return the calls that they complete."""
        calls: list[Call] = []
        for event in self._http.receive(data):
            if isinstance(event, RequestReceived):
                self._begin(event)
            elif not isinstance(event, DataReceived):
                self._incoming.pop(event.stream_id, None)
                continue
            incoming = self._incoming.get(event.stream_id)
            if incoming is None:
                continue
            try:
                if isinstance(event, DataReceived):
                    _collect(incoming, event.data)
                if event.ended:
                    calls.append(Call(event.stream_id, incoming.path, _message(incoming)))
                    del self._incoming[event.stream_id]
            except _Refusal as refusal:
                self.fail(event.stream_id, refusal.status, refusal.text)
        return calls

    def answer(self, stream_id: int, message: bytes) -> None:
        """Answer a call with a message; a call that was cancelled meanwhile is forgotten."""
        self._http.respond(stream_id, _HEAD, b"\0" + len(message).to_bytes(4, "big") + message, _TRAILERS)

    def fail(self, stream_id: int, status: int, text: str, http_status: bytes = b"200") -> None:
        """Answer a call with a status that is not OK and a text for a human reader."""
        self._incoming.pop(stream_id, None)
        fields = [(b":status", http_status), _CONTENT_TYPE, (b"grpc-status", b"%d" % status)]
        if text:
            fields.append((b"grpc-message", _percent_encode(text[:MAX_STATUS_TEXT])))
        self._http.respond(stream_id, encode(fields))

    def output(self, limit: int) -> bytes:
        """Return what is to be sent now, about `limit` bytes."""
        return self._http.output(limit)

    def _begin(self, event: RequestReceived) -> None:
        fields = event.fields
        if fields[b":method"] != b"POST":
            self.fail(event.stream_id, INTERNAL, "gRPC calls are POST requests", b"405")
        elif not _is_grpc(fields.get(b"content-type", b"")):
            self.fail(event.stream_id, INTERNAL, "the content-type is not application/grpc", b"415")
        else:
            path = fields[b":path"].decode("latin-1")
            if path in self._silent_streams:
                self.fail(event.stream_id, OK, "")
            else:
                self._incoming[event.stream_id] = _Incoming(path)


def _is_grpc(content_type: bytes) -> bool:
    kind, _, _ = content_type.partition(b";")
    return kind.strip().lower() in {b"application/grpc", b"application/grpc+proto"}


def _collect(incoming: _Incoming, data: bytes) -> None:
    """Add data to a call; its message is known to be too large before it is there."""
    incoming.data += data
    if incoming.size is None:
        if len(incoming.data) < _PREFIX:
            return
        compressed = incoming.data[0]
        incoming.size = int.from_bytes(incoming.data[1:_PREFIX], "big")
        if compressed == 1:
            raise _Refusal(UNIMPLEMENTED, "compressed messages are not supported")
        if compressed:
            raise _Refusal(INTERNAL, "the prefix of a message is malformed")
        if incoming.size > MAX_MESSAGE:
            raise _Refusal(RESOURCE_EXHAUSTED, f"a message of more than {MAX_MESSAGE} bytes")
    if len(incoming.data) > _PREFIX + incoming.size:
        raise _Refusal(INTERNAL, "more than one message in a unary call")


def _message(incoming: _Incoming) -> bytes:
    if incoming.size is None or len(incoming.data) < _PREFIX + incoming.size:
        raise _Refusal(INTERNAL, "a call that ends without a message")
    return bytes(memoryview(incoming.data)[_PREFIX:])


def _percent_encode(text: str) -> bytes:
    """Encode a status text: what is not printable ASCII, and the percent sign, as %XX of its UTF-8."""
    return b"".join(
        [
            bytes((byte,)) if 0x20 <= byte <= 0x7E and byte != 0x25 else b"%%%02X" % byte
            for byte in text.encode(errors="replace")
        ]
    )
