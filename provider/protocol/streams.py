"""What happens on an HTTP/2 connection: its events, its errors and the state of a stream (RFC 9113 section 5)."""

from __future__ import annotations


class ConnectionFault(Exception):  # noqa: N818 - RFC 9113 calls it a connection error; the builtin has that name
    """A connection error (section 5.4.1): GOAWAY with `code`."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class StreamFault(Exception):  # noqa: N818 - RFC 9113 calls it a stream error
    """A stream error (section 5.4.2): RST_STREAM with `code`."""

    def __init__(self, stream_id: int, code: int) -> None:
        super().__init__(stream_id, code)
        self.stream_id = stream_id
        self.code = code


class RequestReceived:
    """A request has begun; `ended` says that no content follows."""

    __slots__ = ("ended", "fields", "stream_id")

    def __init__(self, stream_id: int, fields: dict[bytes, bytes], *, ended: bool) -> None:
        self.stream_id = stream_id
        self.fields = fields
        self.ended = ended


class DataReceived:
    """A piece of a request's content; `ended` says that it is the last."""

    __slots__ = ("data", "ended", "stream_id")

    def __init__(self, stream_id: int, data: bytes, *, ended: bool) -> None:
        self.stream_id = stream_id
        self.data = data
        self.ended = ended


class StreamReset:
    """The stream has ended early, by the peer or by a stream error; nothing can be answered on it."""

    __slots__ = ("stream_id",)

    def __init__(self, stream_id: int) -> None:
        self.stream_id = stream_id


class Stream:
    """An open stream: its windows in bytes, what it still expects and what it still has to send."""

    __slots__ = ("body", "expected", "receive_window", "remote_closed", "send_window", "sending", "trailers")

    def __init__(self, send_window: int, receive_window: int) -> None:
        self.send_window = send_window
        self.receive_window = receive_window
        self.expected: int | None = None
        self.remote_closed = False
        self.sending = False
        self.body = memoryview(b"")
        self.trailers = b""


class HeaderBlock:
    """A header block that is not complete yet; `cost` is the bytes of the frames that it came in."""

    __slots__ = ("cost", "data", "flags", "stream_id")

    def __init__(self, stream_id: int, flags: int, data: bytes) -> None:
        self.stream_id = stream_id
        self.flags = flags
        self.data = bytearray(data)
        self.cost = len(data)
