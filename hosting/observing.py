"""What is recorded of each request: a line in the log, and what the metrics count.

Of the caller's trace context (W3C Trace Context, section 3.2) the trace id is kept, which is a number.
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

from hosting.gathering import Gatherer
from hosting.metrics import Metrics

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

REQUEST_ID = "X-Request-Id"
NO_ROUTE = "none"
"""The operation of a request whose path leads nowhere."""

_ID = "hosting.request_id"
_OBSERVER = "hosting.observer"
_REQUEST = "werkzeug.request"
_KNOWN_METHODS = frozenset({"GET", "HEAD", "PUT", "POST", "PATCH", "DELETE", "OPTIONS"})
_TRACEPARENT = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:-.*)?")
_CONVERTER = re.compile("<(?:[a-z]+:)?")
_STDERR = 2


class Answered(NamedTuple):
    """What is kept of a request until it is recorded.

    Attributes:
        request_id: its id.
        method: its method.
        endpoint: the endpoint of its route, NO_ROUTE without one.
        rule: the rule of its route, empty without one.
        traceparent: the header of that name.
        status: the three digits of the answer's status.
        time: when it was answered, in seconds since the epoch.
        seconds: how long that took.
        more: what `Observer.kept` returned.

    """

    request_id: str
    method: str
    endpoint: str
    rule: str
    traceparent: str | None
    status: str
    time: float
    seconds: float
    more: tuple[str, ...]


def to_stderr(lines: bytes) -> None:
    """Write lines to the log; what cannot be written is lost, and the service goes on."""
    rest = memoryview(lines)
    with suppress(OSError):
        while rest:
            rest = rest[os.write(_STDERR, rest) :]


def described(request: Request) -> dict[str, object]:
    """Return what a line of the log says of a request, without what came from the caller."""
    observer: Observer = request.environ[_OBSERVER]
    return observer.described(observer.answered(request.environ, "000", 0.0))


class Observer:
    """Records each request of an application; what else one keeps of a request, its own observer says.

    Args:
        name: of the application: its lines are those of the logger `<name>.requests`.
        metrics: what counts them.
        write: takes lines of the log.

    """

    def __init__(self, name: str, metrics: Metrics, write: Callable[[bytes], object] = to_stderr) -> None:
        self.metrics = metrics
        self._logger = f"{name}.requests"
        self._write = write
        self._answered = Gatherer(self._record)
        self._start = secrets.token_hex(6)
        self._numbers = itertools.count(1)

    def observe(self, app: Flask) -> None:
        """Record the requests of an application from now on."""
        app.wsgi_app = self._observed(app.wsgi_app)  # type: ignore[method-assign,assignment] # Flask's own way

    def flush(self) -> None:
        """Record at once what was answered."""
        self._answered.flush()

    def request_id(self, environ: "WSGIEnvironment") -> str:  # noqa: ARG002 - others look into it
        """Return the id of a request: one of ours, as one of the caller's could be somebody's name."""
        return f"{self._start}{next(self._numbers):08x}"

    def kept(self, environ: "WSGIEnvironment", values: dict[str, Any]) -> tuple[str, ...]:  # noqa: ARG002 - as above
        """Return what else is kept of a request, with the values in its path."""
        return ()

    def describe(self, answered: Answered, said: dict[str, object]) -> None:
        """Say in a line of the log what else was kept."""

    def count(self, batch: list[Answered]) -> None:
        """Count what else was kept."""

    def described(self, answered: Answered) -> dict[str, object]:
        """Return what a line of the log says of a request."""
        said: dict[str, object] = {}
        self._describe(answered, said)
        return said

    def answered(self, environ: "WSGIEnvironment", status: str, seconds: float) -> Answered:
        """Return what is kept of a request."""
        # werkzeug leaves the request here, and with it where it was routed to.
        request = environ.get(_REQUEST)
        rule, values = (request.url_rule, request.view_args) if isinstance(request, Request) else (None, None)
        return Answered(
            environ[_ID],
            environ["REQUEST_METHOD"],
            rule.endpoint if rule is not None else NO_ROUTE,
            rule.rule if rule is not None else "",
            environ.get("HTTP_TRACEPARENT"),
            status,
            time.time(),
            seconds,
            self.kept(environ, values or {}),
        )

    def _describe(self, answered: Answered, said: dict[str, object]) -> None:
        said["request_id"] = answered.request_id
        said["method"] = answered.method if answered.method in _KNOWN_METHODS else "other"
        said["route"] = _template(answered.rule)
        said["operation"] = _operation(answered.endpoint)
        if answered.traceparent and (found := _TRACEPARENT.fullmatch(answered.traceparent)):
            said["trace_id"] = found[1]
        self.describe(answered, said)

    def _observed(self, app: "WSGIApplication") -> "WSGIApplication":
        def observed(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
            begun = time.perf_counter()
            environ[_ID] = request_id = self.request_id(environ)
            environ[_OBSERVER] = self

            def start(status: str, headers: list[tuple[str, str]], *error: Any) -> Any:
                # Once the application has returned, the request is gone from where it was.
                self._answered.add(self.answered(environ, status[:3], time.perf_counter() - begun))
                headers.append((REQUEST_ID, request_id))
                return start_response(status, headers, *error)

            return app(environ, start)

        return observed

    def _record(self, batch: list[Answered]) -> None:
        self.metrics.requests.observe((_operation(each.endpoint), each.status, each.seconds) for each in batch)
        self.count(batch)
        self._write(b"".join([orjson.dumps(self._line(each), option=orjson.OPT_APPEND_NEWLINE) for each in batch]))

    def _line(self, answered: Answered) -> dict[str, object]:
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(answered.time, UTC),
            "level": "info",
            "logger": self._logger,
            "message": "answered",
        }
        self._describe(answered, line)
        line["status"] = int(answered.status)
        line["milliseconds"] = round(answered.seconds * 1_000, 2)
        return line


@cache
def _template(rule: str) -> str:
    return _CONVERTER.sub("{", rule).replace(">", "}")


@cache
def _operation(endpoint: str) -> str:
    return endpoint.rpartition(".")[2]
