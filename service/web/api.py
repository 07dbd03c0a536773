"""Flask without what the service has no use for.

On each request Flask opens a session, tells the listeners of its signals, runs hooks, and works out under which
address it was reached, for redirects. The service has no sessions, listeners, hooks or redirects, and looking for them
would take longer than all that a read of a profile does besides. What concerns every request wraps `wsgi_app`.
"""

from collections.abc import Callable
from typing import Any

from flask import Flask, Request
from flask.ctx import AppContext
from flask.sessions import NullSession, SessionInterface
from werkzeug.routing import MapAdapter


class _NoSessions(SessionInterface):
    """Sessions that are all the same one, which nobody can write to."""

    def __init__(self) -> None:
        self._session = NullSession()

    def open_session(self, _app: Flask, _request: Request) -> NullSession:
        """See `SessionInterface.open_session`."""
        return self._session


class _NoContext(AppContext):
    """A context of the application that is never there: `current_app` and `g` are for those who have several."""

    def push(self) -> None:
        """See `AppContext.push`."""

    def pop(self, exc: BaseException | None = None) -> None:
        """See `AppContext.pop`."""


class Api(Flask):
    """An application of routes, views and error handlers; hooks that are registered with it are never run."""

    session_interface = _NoSessions()

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._context = _NoContext(self)

    def create_url_adapter(self, request: Request | None) -> MapAdapter | None:
        """See `Flask.create_url_adapter`; the adapter matches paths, and makes no absolute addresses."""
        if request is None:
            return None
        return MapAdapter(self.url_map, "", "/", "", "http", request.path, request.method)

    def full_dispatch_request(self) -> Any:
        """See `Flask.full_dispatch_request`; what a view returns may be any WSGI application."""
        try:
            answer = self.dispatch_request()
        except Exception as error:  # noqa: BLE001 - the error handlers answer each
            answer = self.handle_user_exception(error)
        return answer if callable(answer) else self.make_response(answer)

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """See `Flask.ensure_sync`; no view is a coroutine."""
        return func

    def do_teardown_request(self, exc: BaseException | None = None) -> None:
        """See `Flask.do_teardown_request`; there is nothing to tear down."""

    def app_context(self) -> AppContext:
        """See `Flask.app_context`."""
        return self._context
