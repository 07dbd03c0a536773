"""What the application answers."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING

from flask import Response, request
from werkzeug.exceptions import HTTPException

from hosting.observing import described
from tama.control_plane.errors import StoreError

if TYPE_CHECKING:
    from flask import Flask

JSON = "application/json"

RETRY_AFTER_S = 1
"""After how many seconds a request that found no store may be repeated."""

_log = logging.getLogger("tama")


class Unanswerable(Exception):  # noqa: N818 - it is an answer, not a failure
    """A request that does not reach the control plane.

    Attributes:
        status: the HTTP status.
        detail: why, in a sentence.
        challenge: the value of `WWW-Authenticate`, empty for none (RFC 9110, section 11.6.1; RFC 6750, section 3).
    """

    def __init__(self, status: int, detail: str, challenge: str = "") -> None:
        super().__init__(status, detail)
        self.status = status
        self.detail = detail
        self.challenge = challenge


def json_answer(value: object, status: int) -> Response:
    """An answer of JSON."""
    # Half a surrogate pair can come in an escape, and leaves in one.
    return Response(json.dumps(value), status, content_type=JSON)


def unstored(answer: Response) -> Response:
    """The answer, which is to be stored nowhere."""
    answer.headers["Cache-Control"] = "no-store"
    return answer


def detailed(status: int, detail: str) -> Response:
    """An error that is not about a field."""
    return json_answer({"errors": {"detail": detail}}, status)


def answer_errors(app: Flask) -> None:
    """Answer every error of an application with JSON, and log what is the server's fault."""
    app.register_error_handler(Unanswerable, _refusal)
    app.register_error_handler(HTTPException, _explanation)
    app.register_error_handler(StoreError, _outage)
    app.register_error_handler(Exception, _failure)


def _refusal(error: Unanswerable) -> Response:
    answer = detailed(error.status, error.detail)
    if error.challenge:
        answer.headers["WWW-Authenticate"] = error.challenge
    return answer


def _explanation(error: HTTPException) -> Response:
    """What stands in the place of Flask's own pages."""
    answer = detailed(error.code or 500, error.name)
    answer.headers.extend((name, value) for name, value in error.get_headers() if name == "Allow")
    return answer


def log_outage(error: StoreError) -> None:
    """Say in the log that a request found no store."""
    _log.error("the store is not available", extra=described(request) | {"reason": str(error)})


def _outage(error: StoreError) -> Response:
    log_outage(error)
    answer = detailed(503, "Service Unavailable")
    answer.headers["Retry-After"] = str(RETRY_AFTER_S)
    return answer


def _failure(error: Exception) -> Response:
    _log.error("a request failed", exc_info=error, extra=described(request))
    return detailed(500, "Internal Server Error")
