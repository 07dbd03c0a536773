"""The application factory, and the views."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Flask, Response, request

from hosting.metrics import CONTENT_TYPE
from hosting.paths import refusing_misread_paths
from tama.control_plane.clients import ALL, LIFETIME_S, METRICS, READ, Denied
from tama.control_plane.creates import KEPT_S, CreateKey
from tama.control_plane.errors import StoreError
from tama.control_plane.web import reading
from tama.control_plane.web.answers import Unanswerable, answer_errors, detailed, json_answer, unstored
from tama.control_plane.web.observing import Observer, take_down_client
from tama.control_plane.web.pages import add_pages
from tama.control_plane.web.rules import rules

if TYPE_CHECKING:
    from hosting.metrics import Metrics
    from tama.control_plane import ControlPlane

MAX_BYTES = 16 * 1024 * 1024
"""How long, in bytes, a request's body may be: OpenAPI documents are long."""

MAX_IMPORT_BYTES = 64 * 1024 * 1024
"""How long, in bytes, the document of a whole control plane may be."""

_REALM = 'Bearer realm="tama"'


def create_app(
    plane: ControlPlane,
    observer: Observer | None = None,
    *,
    metrics_route: bool = True,
    pages: bool = True,
    token_lifetime_s: int = LIFETIME_S,
) -> Flask:
    """Build the application of a control plane.

    Args:
        plane: the control plane.
        observer: records the requests; one of its own by default.
        metrics_route: whether the metrics are at `/metrics`, for a client that may read them.
        pages: whether people find its pages.
        token_lifetime_s: how long, in seconds, an access token is good.
    """
    observer = observer or Observer()
    observer.metrics.gauge(
        "tama_waiting_jobs", "Objects that are pending, and that nobody settles.", plane.waiting, StoreError
    )
    app = Flask("tama", static_folder=None)
    app.url_map.merge_slashes = False
    app.url_map.strict_slashes = True
    api = _Api(plane, observer.metrics, token_lifetime_s)
    for method, path, operation in rules():
        app.add_url_rule(path, operation, api.provision, methods=[method], provide_automatic_options=False)
    for method, path, operation, view in (
        ("POST", "/auth/tokens", "give-token", api.give_token),
        ("DELETE", "/idempotency-keys/<key>", "end-idempotency-key", api.end_key),
        ("GET", "/healthz", "healthz", api.say_that_it_lives),
        ("GET", "/readyz", "readyz", api.say_whether_it_is_ready),
    ):
        app.add_url_rule(path, operation, view, methods=[method], provide_automatic_options=False)
    if metrics_route:
        app.add_url_rule("/metrics", "metrics", api.show_metrics, methods=["GET"], provide_automatic_options=False)
    if pages:
        add_pages(app, plane)
    answer_errors(app)
    app.wsgi_app = refusing_misread_paths(  # type: ignore[method-assign,assignment] # Flask's own way
        app.wsgi_app, detailed(400, "The path is not UTF-8."), detailed(404, "Not Found")
    )
    observer.observe(app)
    return app


class _Api:
    """The views."""

    def __init__(self, plane: ControlPlane, metrics: Metrics, token_lifetime_s: int) -> None:
        self._plane = plane
        self._clients = plane.clients
        self._metrics = metrics
        self._token_lifetime_s = token_lifetime_s

    def give_token(self) -> Response:
        try:
            # RFC 6749 asks for Basic; Tama's own clients send the same behind Bearer.
            presented = reading.credential("bearer", "basic")
            granted = self._clients.grant(presented, reading.asked_for(), self._token_lifetime_s)
        except Denied as denied:
            said = {"error": denied.error, "error_description": denied.description}
            answer = unstored(json_answer(said, 401 if denied.error == "invalid_client" else 400))
            if denied.error == "invalid_client":
                answer.headers["WWW-Authenticate"] = _REALM
            return answer
        answer = unstored(json_answer(granted, 200))
        answer.headers["Idempotency-Key-Lifetime"] = str(KEPT_S)
        return answer

    def provision(self, **_: str) -> Response:
        reads = request.method in ("GET", "HEAD")
        client = self._client(READ if reads and "secrets" not in request.args else ALL)
        body = reading.json_body(MAX_IMPORT_BYTES if request.endpoint == "import-document" else MAX_BYTES)
        key = CreateKey(client, key) if request.method == "POST" and (key := reading.idempotency_key()) else None
        return _answer(*self._plane.handle("GET" if reads else request.method, reading.target(), body, key))

    def end_key(self, key: str) -> Response:
        return _answer(*self._plane.end_key(CreateKey(self._client(ALL), reading.well_formed(key))))

    def show_metrics(self) -> Response:
        self._client(METRICS)
        return unstored(Response(self._metrics.exposition(), content_type=CONTENT_TYPE))

    def say_that_it_lives(self) -> Response:
        return unstored(json_answer({"status": "ok"}, 200))

    def say_whether_it_is_ready(self) -> Response:
        try:
            self._plane.check()
        except StoreError:
            return unstored(json_answer({"status": "not ready", "parts": {"store": "unavailable"}}, 503))
        return unstored(json_answer({"status": "ready"}, 200))

    def _client(self, scope: str) -> str:
        """The id of the client whose token the request carries.

        Args:
            scope: what the token must be good for.

        Raises:
            Unanswerable: it carries none, or one that is not good for it.
        """
        token = reading.credential("bearer")
        bearer = self._clients.bearer(token)
        if bearer is None:
            raise Unanswerable(401, "Unauthorized", f'{_REALM}, error="invalid_token"' if token else _REALM)
        take_down_client(request, bearer.client)
        if not bearer.may(scope):
            raise Unanswerable(403, "Forbidden", f'{_REALM}, error="insufficient_scope", scope="{scope}"')
        return bearer.client


def _answer(status: int, answer: object) -> Response:
    if answer is not None:
        return unstored(json_answer(answer, status))
    empty = Response(status=status)
    del empty.headers["Content-Type"]
    return empty
