"""What a request holds."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, quote

from flask import request

from hosting.bodies import BodyError, read_body
from tama.control_plane.clients import Denied
from tama.control_plane.web.answers import JSON, Unanswerable

if TYPE_CHECKING:
    from typing import Any

LONGEST_KEY = 255
"""Characters that an idempotency key may have."""

_LARGEST_FORM = 64 * 1024
_BODY_ERRORS = {
    "length_required": (411, "The body has no Content-Length."),
    "body_too_large": (413, "The body is too large."),
    "incomplete_body": (400, "The body ended before its Content-Length."),
}


def credential(*schemes: str) -> str:
    """What the header `Authorization` holds in one of the schemes; empty when it is not there."""
    scheme, _, presented = request.headers.get("Authorization", "").partition(" ")
    return presented.strip() if scheme.lower() in schemes else ""


def target() -> str:
    """The path and the query, percent-encoded."""
    path, query = quote(request.path), request.query_string.decode("latin-1")
    return f"{path}?{query}" if query else path


def asked_for() -> str | None:
    """The scope in the body of a request for a token, as JSON or as a form; None where none is named.

    Raises:
        Denied: `unsupported_grant_type`, or `invalid_request` when it is neither.
    """
    try:
        body = json_body(_LARGEST_FORM) if request.mimetype == JSON else form()
    except Unanswerable:
        body = None
    if not isinstance(body, dict) or not isinstance(scope := body.get("scope", ""), str):
        raise Denied("invalid_request", "The body is neither a form nor an object of JSON with grant_type and scope.")
    if body.get("grant_type") != "client_credentials":
        raise Denied("unsupported_grant_type", "grant_type is client_credentials.")
    return scope or None


def form() -> dict[str, str]:
    """The first value of each field of a form, those that have one; none where the body is no form.

    Raises:
        Unanswerable: it is too large, or not whole.
    """
    try:
        fields = parse_qs(_body(_LARGEST_FORM).decode(), strict_parsing=True)
    except ValueError:
        return {}
    return {name: values[0] for name, values in fields.items()}


def json_body(max_bytes: int) -> Any:
    """The parsed body, None when there is none.

    Raises:
        Unanswerable: it is too large, not whole, or not JSON in UTF-8 whose objects say each key once.
    """
    content = _body(max_bytes)
    if not content:
        return None
    try:
        return json.loads(content.decode(), parse_constant=_no_constant, object_pairs_hook=_unique)
    except UnicodeDecodeError:
        raise Unanswerable(400, "The body is not UTF-8.") from None
    except json.JSONDecodeError as error:
        raise Unanswerable(400, f"The body is not JSON: {error}.") from None
    except RecursionError:
        raise Unanswerable(400, "The body is nested too deeply.") from None
    except ValueError as error:
        raise Unanswerable(400, str(error)) from None


def idempotency_key() -> str:
    """The key of a create, a string of structured fields (RFC 8941, section 3.3.3); empty when it has none.

    Raises:
        Unanswerable: it is no such string.
    """
    field = request.headers.get("Idempotency-Key", "").strip()
    if not field:
        return ""
    if len(field) < 3 or field[0] != '"' or field[-1] != '"':  # noqa: PLR2004 - two quotes, and something within
        raise Unanswerable(400, "The header Idempotency-Key is a text in double quotes.")
    return well_formed(field[1:-1])


def well_formed(key: str) -> str:
    """The idempotency key.

    Raises:
        Unanswerable: it holds what no key does.
    """
    if len(key) > LONGEST_KEY or not (key.isascii() and key.isprintable()) or '"' in key or "\\" in key:
        raise Unanswerable(400, f"An idempotency key has at most {LONGEST_KEY} printable ASCII characters.")
    return key


def _body(max_bytes: int) -> bytes:
    # One that says neither has no body: RFC 9112, section 6.3.
    if not {"CONTENT_LENGTH", "HTTP_TRANSFER_ENCODING"} & request.environ.keys():
        return b""
    try:
        return read_body(request.environ, max_bytes)
    except BodyError as error:
        raise Unanswerable(*_BODY_ERRORS[error.code]) from None


def _no_constant(name: str) -> None:
    raise ValueError(f"The body is not JSON, which has no {name}.")


def _unique(members: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(members)
    if len(found) != len(members):
        raise ValueError("An object in the body says a key more than once.")
    return found
