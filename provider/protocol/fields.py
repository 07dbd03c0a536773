"""Which header fields make a well-formed request (RFC 9113 sections 8.1 to 8.3)."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from provider.protocol.hpack import Field

# RFC 9110 section 5.6.2, without upper case (RFC 9113 section 8.2.1).
_NAME_BYTES = b"!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz"
_FORBIDDEN_IN_VALUES = b"\x00\r\n"
_REQUEST_PSEUDO_FIELDS = (b":method", b":scheme", b":authority", b":path")
_CONNECTION_FIELDS = (b"connection", b"proxy-connection", b"keep-alive", b"transfer-encoding", b"upgrade")


class MalformedError(Exception):
    """A request or its trailers are malformed; a stream error of type PROTOCOL_ERROR."""


def read_request(fields: list[Field]) -> dict[bytes, bytes]:
    """Check a request's fields and return them by name; of a field that comes twice the last is kept.

    Raises:
        MalformedError: the request is malformed.
    """
    request: dict[bytes, bytes] = {}
    pseudo_fields_may_come = True
    for name, value in fields:
        if name.startswith(b":"):
            if name not in _REQUEST_PSEUDO_FIELDS or name in request or not pseudo_fields_may_come:
                raise MalformedError("a pseudo-header field that is unknown, comes twice or late")
            _check_value(value)
        else:
            pseudo_fields_may_come = False
            _check(name, value)
            if name == b"content-length" and request.get(name, value) != value:
                raise MalformedError("two different content-lengths")
        request[name] = value
    for name in (b":method", b":scheme", b":path"):
        if not request.get(name):
            raise MalformedError("a pseudo-header field is missing")
    return request


def check_trailers(fields: list[Field]) -> None:
    """Check the fields behind a request's content.

    Raises:
        MalformedError: they are malformed.
    """
    for name, value in fields:
        _check(name, value)


def content_length(request: dict[bytes, bytes]) -> int | None:
    """Return the length in bytes that the request announces for its content, or None.

    Raises:
        MalformedError: it is no number.
    """
    text = request.get(b"content-length")
    if text is None:
        return None
    if not text.isdigit() or len(text) > 18:
        raise MalformedError("a content-length that is no number")
    return int(text)


def _check(name: bytes, value: bytes) -> None:
    if not name or name.translate(None, _NAME_BYTES):
        raise MalformedError("a field name with a byte that is not allowed")
    if name in _CONNECTION_FIELDS or (name == b"te" and value != b"trailers"):
        raise MalformedError("a field that belongs to the connection")
    _check_value(value)


def _check_value(value: bytes) -> None:
    if len(value.translate(None, _FORBIDDEN_IN_VALUES)) != len(value) or value != value.strip(b" \t"):
        raise MalformedError("a field value with a byte that is not allowed")
