"""The body of a request, whole or not at all.

The server hands a body over as far as it came, and cuts one that is too long: both look like a shorter body. A length
is asked for, bounded and counted here, before anything is made of the body.
"""

from collections.abc import Sequence

from flask import Request

from service.refusal import Refused

MAX_BYTES = 65_536


def read_json_body(
    request: Request, media_types: Sequence[str] = ("application/json",), max_bytes: int = MAX_BYTES
) -> bytes:
    """Return the body of a request that declares JSON in UTF-8.

    Args:
        request: the request.
        media_types: what JSON may be declared as, in lower case; the first is what is asked for.
        max_bytes: how long the body may be.

    Raises:
        Refused: `unsupported_media_type`, `length_required`, `body_too_large` or `incomplete_body`.

    """
    declared = request.environ
    if declared.get("CONTENT_TYPE") not in media_types or "HTTP_CONTENT_ENCODING" in declared:
        _check_media_type(request, media_types)
    length = request.environ.get("CONTENT_LENGTH", "")
    if "HTTP_TRANSFER_ENCODING" in request.environ or not (length.isascii() and length.isdigit()):
        raise Refused("length_required")
    if len(length) > len(str(max_bytes)) or int(length) > max_bytes:
        raise Refused("body_too_large", f"The body has more than {max_bytes} bytes. Send only what the actor told.")
    body = _read_exactly(request, int(length))
    if len(body) < int(length):
        raise Refused("incomplete_body")
    return body


def _check_media_type(request: Request, media_types: Sequence[str]) -> None:
    charset = request.mimetype_params.get("charset", "utf-8").lower()
    encoding = request.headers.get("Content-Encoding", "identity").strip().lower()
    if request.mimetype not in media_types or charset not in {"utf-8", "utf8"} or encoding != "identity":
        known = " or ".join(media_types)
        message = f"Send the body as Content-Type: {known}, in UTF-8 and without a Content-Encoding."
        raise Refused("unsupported_media_type", message)


def _read_exactly(request: Request, length: int) -> bytes:
    stream = request.environ["wsgi.input"]
    pieces, missing = [], length
    while missing and (piece := stream.read(missing)):
        pieces.append(piece)
        missing -= len(piece)
    return b"".join(pieces)
