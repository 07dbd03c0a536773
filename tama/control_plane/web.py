"""The provisioning API over HTTP: a Flask application around a control plane."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from urllib.parse import quote

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException

from tama.control_plane.clients import SCOPE, Denied
from tama.control_plane.creates import KEPT_S, CreateKey
from tama.control_plane.errors import StoreError

if TYPE_CHECKING:
    from typing import Any

    from tama.control_plane import ControlPlane

MAX_BYTES = 16 * 1024 * 1024
"""How long, in bytes, a request's body may be: OpenAPI documents are long."""

_JSON = "application/json"
_METHODS = ("GET", "POST", "PATCH", "DELETE")
_LONGEST_KEY = 255
_STATUSES = {"invalid_client": 401}


class _Unanswerable(Exception):  # noqa: N818 - it is an answer, not a failure
    """A request that does not reach the control plane."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(status, detail)
        self.status = status
        self.detail = detail


def create_app(plane: ControlPlane) -> Flask:
    """Build the application of a control plane.

    Source: tama-api, sections 1 and 3.
    """
    app = Flask("tama", static_folder=None)
    app.url_map.merge_slashes = False
    app.config["MAX_CONTENT_LENGTH"] = MAX_BYTES
    api = _Api(plane)
    app.add_url_rule("/auth/tokens", "tokens", api.give_token, methods=["POST"])
    app.add_url_rule("/provision/<path:rest>", "provision", api.provision, methods=_METHODS)
    app.add_url_rule("/idempotency-keys/<key>", "idempotency_key", api.end_key, methods=["DELETE"])
    app.add_url_rule("/healthz", "live", lambda: _json({"status": "ok"}, 200))
    app.register_error_handler(_Unanswerable, _refusal)
    app.register_error_handler(HTTPException, _explanation)
    app.register_error_handler(StoreError, lambda _: _json({"errors": {"detail": "Service Unavailable"}}, 503))
    return app


class _Api:
    """The views of what needs a credential."""

    def __init__(self, plane: ControlPlane) -> None:
        self._plane = plane
        self._clients = plane.clients

    def give_token(self) -> Response:
        try:
            granted = self._clients.grant(_bearer(), _asked_for())
        except Denied as denied:
            said = {"error": denied.error, "error_description": denied.description}
            return _unstored(said, _STATUSES.get(denied.error, 400))
        answer = _unstored(granted, 200)
        answer.headers["Idempotency-Key-Lifetime"] = str(KEPT_S)
        return answer

    def end_key(self, key: str) -> Response:
        return _answer(*self._plane.end_key(CreateKey(self._client(), _well_formed(key))))

    def provision(self, rest: str) -> Response:
        client = self._client()
        method = "GET" if request.method == "HEAD" else request.method
        path, query = f"/provision/{quote(rest)}", request.query_string.decode("latin-1")
        key = CreateKey(client, key) if method == "POST" and (key := _idempotency_key()) else None
        return _answer(*self._plane.handle(method, f"{path}?{query}" if query else path, _body(), key))

    def _client(self) -> str:
        """The id of the client whose token the request carries."""
        bearer = self._clients.bearer(_bearer())
        if bearer is None:
            raise _Unanswerable(401, "Unauthorized")
        if SCOPE not in bearer.scopes:
            raise _Unanswerable(403, "Forbidden")
        return bearer.client


def _refusal(error: _Unanswerable) -> Response:
    answer = _json({"errors": {"detail": error.detail}}, error.status)
    if error.status == 401:  # noqa: PLR2004 - RFC 9110, section 11.6.1
        answer.headers["WWW-Authenticate"] = "Bearer"
    return answer


def _explanation(error: HTTPException) -> Response:
    """What stands in the place of Flask's own pages."""
    answer = _json({"errors": {"detail": error.name}}, error.code or 500)
    answer.headers.extend((name, value) for name, value in error.get_headers() if name == "Allow")
    return answer


def _bearer() -> str:
    scheme, _, presented = request.headers.get("Authorization", "").partition(" ")
    return presented.strip() if scheme.lower() == "bearer" else ""


def _idempotency_key() -> str:
    """The key of a create, a string of structured fields (RFC 8941, section 3.3.3); empty when it has none."""
    field = request.headers.get("Idempotency-Key", "").strip()
    if not field:
        return ""
    if len(field) < 3 or field[0] != '"' or field[-1] != '"':  # noqa: PLR2004 - two quotes, and something within
        raise _Unanswerable(400, "The header Idempotency-Key is a text in double quotes.")
    return _well_formed(field[1:-1])


def _well_formed(key: str) -> str:
    if len(key) > _LONGEST_KEY or not (key.isascii() and key.isprintable()) or '"' in key or "\\" in key:
        raise _Unanswerable(400, f"An idempotency key has at most {_LONGEST_KEY} printable ASCII characters.")
    return key


def _asked_for() -> str | None:
    """The scope in the body of a request for a token, as JSON or as a form.

    Raises:
        Denied: `unsupported_grant_type`, or `invalid_request` when it is neither.
    """
    try:
        body = _body() if request.mimetype == _JSON else request.form.to_dict()
    except _Unanswerable:
        body = None
    if not isinstance(body, dict) or not isinstance(scope := body.get("scope", ""), str):
        raise Denied("invalid_request", "The body is neither a form nor an object of JSON with grant_type and scope.")
    if body.get("grant_type") != "client_credentials":
        raise Denied("unsupported_grant_type", "grant_type is client_credentials.")
    return scope or None


def _body() -> Any:
    """The parsed body, None when there is none.

    Raises:
        _Unanswerable: it is not JSON.
    """
    content = request.get_data()
    if not content:
        return None
    try:
        return json.loads(content, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise _Unanswerable(400, "Bad Request") from None


def _no_constant(name: str) -> None:
    raise ValueError(name)


def _answer(status: int, answer: object) -> Response:
    return Response(status=status) if answer is None else _json(answer, status)


def _json(value: object, status: int) -> Response:
    # Half a surrogate pair can come in an escape, and leaves in one.
    return Response(json.dumps(value), status, content_type=_JSON)


def _unstored(value: object, status: int) -> Response:
    answer = _json(value, status)
    answer.headers["Cache-Control"] = "no-store"
    return answer
