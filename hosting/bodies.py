"""The body of a request, whole or not at all.

granian hands a body over as far as it came, and cuts one that is too long: both look like a shorter body. A length is
asked for, bounded and counted here, before anything is made of the body.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment


class BodyError(Exception):
    """There is no whole body.

    Attributes:
        code: `length_required` (411), `body_too_large` (413) or `incomplete_body` (400).

    """

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def read_body(environ: "WSGIEnvironment", max_bytes: int) -> bytes:
    """Return the body of a request.

    Raises:
        BodyError: it has no length, is longer than `max_bytes`, or ends before its length.

    """
    length = environ.get("CONTENT_LENGTH", "")
    if "HTTP_TRANSFER_ENCODING" in environ or not (length.isascii() and length.isdigit()):
        raise BodyError("length_required")
    if len(length) > len(str(max_bytes)) or int(length) > max_bytes:
        raise BodyError("body_too_large")
    body = _read_exactly(environ, int(length))
    if len(body) < int(length):
        raise BodyError("incomplete_body")
    return body


def _read_exactly(environ: "WSGIEnvironment", length: int) -> bytes:
    stream = environ["wsgi.input"]
    pieces, missing = [], length
    while missing and (piece := stream.read(missing)):
        pieces.append(piece)
        missing -= len(piece)
    return b"".join(pieces)
