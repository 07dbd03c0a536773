"""The frames of HTTP/2: their names and how they are written (RFC 9113 sections 4 and 6)."""

from __future__ import annotations

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
HEADER_SIZE = 9

DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = range(10)

END_STREAM = ACK = 0x01
END_HEADERS = 0x04
PADDED = 0x08
PRIORITY_FLAG = 0x20

NO_ERROR = 0x00
PROTOCOL_ERROR = 0x01
FLOW_CONTROL_ERROR = 0x03
STREAM_CLOSED = 0x05
FRAME_SIZE_ERROR = 0x06
REFUSED_STREAM = 0x07
COMPRESSION_ERROR = 0x09
ENHANCE_YOUR_CALM = 0x0B

ENABLE_PUSH = 0x02
MAX_CONCURRENT_STREAMS = 0x03
INITIAL_WINDOW_SIZE = 0x04
MAX_FRAME_SIZE = 0x05
HEADER_TABLE_SIZE = 0x01
MAX_HEADER_LIST_SIZE = 0x06

DEFAULT_WINDOW = 0xFFFF
DEFAULT_FRAME_SIZE = 1 << 14
MAX_WINDOW = (1 << 31) - 1


def frame(kind: int, flags: int, stream_id: int, payload: bytes = b"") -> bytes:
    """Return one frame."""
    return len(payload).to_bytes(3, "big") + bytes((kind, flags)) + stream_id.to_bytes(4, "big") + payload


def settings(values: dict[int, int]) -> bytes:
    """Return a SETTINGS frame."""
    payload = b"".join([key.to_bytes(2, "big") + value.to_bytes(4, "big") for key, value in values.items()])
    return frame(SETTINGS, 0, 0, payload)


def window_update(stream_id: int, increment: int) -> bytes:
    """Return a WINDOW_UPDATE frame; stream 0 is the connection."""
    return frame(WINDOW_UPDATE, 0, stream_id, increment.to_bytes(4, "big"))


def reset(stream_id: int, code: int) -> bytes:
    """Return a RST_STREAM frame."""
    return frame(RST_STREAM, 0, stream_id, code.to_bytes(4, "big"))


def goaway(last_stream_id: int, code: int, reason: str) -> bytes:
    """Return a GOAWAY frame with a reason for a human reader."""
    return frame(GOAWAY, 0, 0, last_stream_id.to_bytes(4, "big") + code.to_bytes(4, "big") + reason.encode())


def headers(stream_id: int, block: bytes, *, end_stream: bool, frame_size: int) -> bytes:
    """Return a header block as HEADERS and as many CONTINUATION frames as it needs (section 6.10)."""
    out = bytearray()
    kind, flags = HEADERS, END_STREAM if end_stream else 0
    while len(block) > frame_size:
        out += frame(kind, flags, stream_id, block[:frame_size])
        block = block[frame_size:]
        kind, flags = CONTINUATION, 0
    return bytes(out + frame(kind, flags | END_HEADERS, stream_id, block))
