"""The body of a request: JSON, or a form."""

from collections.abc import Sequence
from urllib.parse import parse_qsl

from flask import Request

from hosting.bodies import BodyError, read_body
from service.refusal import Refused

MAX_BYTES = 65_536
FORM = "application/x-www-form-urlencoded"
_MAX_FIELDS = 32


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
    try:
        return read_body(declared, max_bytes)
    except BodyError as error:
        too_large = f"The body has more than {max_bytes} bytes. Send only what the actor told."
        raise Refused(error.code, too_large if error.code == "body_too_large" else "") from None


def parse_form(body: bytes) -> dict[str, str]:
    """Return the fields of a form (URL Standard, section 5.1).

    Raises:
        ValueError: it is no form in ASCII whose fields are UTF-8, or a field is there twice.

    """
    fields = parse_qsl(body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=_MAX_FIELDS)
    if len(dict(fields)) < len(fields):
        raise ValueError("a field is there twice")
    return dict(fields)


def _check_media_type(request: Request, media_types: Sequence[str]) -> None:
    charset = request.mimetype_params.get("charset", "utf-8").lower()
    encoding = request.headers.get("Content-Encoding", "identity").strip().lower()
    if request.mimetype not in media_types or charset not in {"utf-8", "utf8"} or encoding != "identity":
        known = " or ".join(media_types)
        message = f"Send the body as Content-Type: {known}, in UTF-8 and without a Content-Encoding."
        raise Refused("unsupported_media_type", message)
