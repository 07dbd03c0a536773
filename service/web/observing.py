"""What is recorded of each request: a line in the log, and what the metrics count.

A request is named by an id of ours, since one of the caller's could be somebody's name. Of the caller's trace context
(W3C Trace Context, section 3.2) the trace id is kept, which is a number.
"""

import itertools
import os
import re
import secrets
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson
from flask import Flask, Request

from service.gathering import Gatherer
from service.metrics import Metrics
from service.web.privacy import Pseudonyms

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

REQUEST_ID = "X-Request-Id"
NO_ROUTE = "none"
"""The operation of a request whose path leads nowhere."""

_ID = "personalization.request_id"
_CODE = "personalization.code"
_OBSERVER = "personalization.observer"
_REQUEST = "werkzeug.request"
_KNOWN_METHODS = frozenset({"GET", "HEAD", "PUT", "POST", "PATCH", "DELETE", "OPTIONS"})
_TRACEPARENT = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:-.*)?")
_CONVERTER = re.compile("<(?:[a-z]+:)?")
_STDERR = 2


class _Answered(NamedTuple):
    """What is kept of a request until it is recorded."""

    request_id: str
    method: str
    endpoint: str
    rule: str
    actor: str
    traceparent: str | None
    status: str
    code: str | None
    time: float
    seconds: float


def to_stderr(lines: bytes) -> None:
    """Write lines to the log; what cannot be written is lost, and the service goes on."""
    rest = memoryview(lines)
    with suppress(OSError):
        while rest:
            rest = rest[os.write(_STDERR, rest) :]


def take_down_code(request: Request, code: str) -> None:
    """Have the record of a request say with which error code it is answered."""
    request.environ[_CODE] = code


def described(request: Request) -> dict[str, object]:
    """Return what a line of the log says of a request without telling whose it is."""
    observer: Observer = request.environ[_OBSERVER]
    return observer.described(_answered(request.environ, "000", 0.0))


class Observer:
    """Records each request of an application.

    Args:
        metrics: what counts them.
        write: takes lines of the log.
        metrics_route: whether the application shows the metrics at `/metrics` to a credential with the scope `admin`.

    """

    def __init__(
        self, metrics: Metrics, write: Callable[[bytes], object] = to_stderr, *, metrics_route: bool = True
    ) -> None:
        self.metrics = metrics
        self.metrics_route = metrics_route
        self._write = write
        self._pseudonyms = Pseudonyms()
        self._answered = Gatherer(self._record)
        self._start = secrets.token_hex(6)
        self._numbers = itertools.count(1)

    def observe(self, app: Flask) -> None:
        """Record the requests of an application from now on."""
        app.wsgi_app = self._observed(app.wsgi_app)  # type: ignore[method-assign,assignment] # Flask's own way

    def flush(self) -> None:
        """Record at once what was answered."""
        self._answered.flush()

    def described(self, answered: _Answered) -> dict[str, object]:
        """Return what a line of the log says of a request."""
        said: dict[str, object] = {}
        self._describe(answered, said)
        return said

    def _describe(self, answered: _Answered, said: dict[str, object]) -> None:
        said["request_id"] = answered.request_id
        said["method"] = answered.method if answered.method in _KNOWN_METHODS else "other"
        said["route"] = _template(answered.rule)
        said["operation"] = _operation(answered.endpoint)
        if answered.actor:
            said["actor"] = self._pseudonyms.of(answered.actor)
        if answered.traceparent and (found := _TRACEPARENT.fullmatch(answered.traceparent)):
            said["trace_id"] = found[1]
        if answered.code:
            said["code"] = answered.code

    def _observed(self, app: "WSGIApplication") -> "WSGIApplication":
        def observed(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
            begun = time.perf_counter()
            environ[_ID] = request_id = f"{self._start}{next(self._numbers):08x}"
            environ[_OBSERVER] = self

            def start(status: str, headers: list[tuple[str, str]], *error: Any) -> Any:
                # Once the application has returned, the request is gone from where it was.
                self._answered.add(_answered(environ, status[:3], time.perf_counter() - begun))
                headers.append((REQUEST_ID, request_id))
                return start_response(status, headers, *error)

            return app(environ, start)

        return observed

    def _record(self, batch: list[_Answered]) -> None:
        self.metrics.requests.observe((_operation(each.endpoint), each.status, each.seconds) for each in batch)
        for each in batch:
            if each.code:
                self.metrics.observe_refusal(each.code)
        self._write(b"".join([orjson.dumps(self._line(each), option=orjson.OPT_APPEND_NEWLINE) for each in batch]))

    def _line(self, answered: _Answered) -> dict[str, object]:
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(answered.time, UTC),
            "level": "info",
            "logger": "personalization.requests",
            "message": "answered",
        }
        self._describe(answered, line)
        line["status"] = int(answered.status)
        line["milliseconds"] = round(answered.seconds * 1_000, 2)
        return line


def _answered(environ: "WSGIEnvironment", status: str, seconds: float) -> _Answered:
    # werkzeug leaves the request here, and with it where it was routed to.
    request = environ.get(_REQUEST)
    rule, values = (request.url_rule, request.view_args) if isinstance(request, Request) else (None, None)
    return _Answered(
        environ[_ID],
        environ["REQUEST_METHOD"],
        rule.endpoint if rule is not None else NO_ROUTE,
        rule.rule if rule is not None else "",
        values.get("actor_id", "") if values else "",
        environ.get("HTTP_TRACEPARENT"),
        status,
        environ.get(_CODE),
        time.time(),
        seconds,
    )


@cache
def _template(rule: str) -> str:
    return _CONVERTER.sub("{", rule).replace(">", "}")


@cache
def _operation(endpoint: str) -> str:
    return endpoint.rpartition(".")[2]
