"""Paths that routing would read as others: werkzeug replaces bytes that are not UTF-8, and merges first slashes."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


def refusing_misread_paths(
    app: "WSGIApplication", malformed: "WSGIApplication", unknown: "WSGIApplication"
) -> "WSGIApplication":
    """Wrap an application so that such a path never reaches its routing.

    Args:
        app: the application.
        malformed: answers a path that is not UTF-8.
        unknown: answers a path that begins with more than one slash.

    """

    def guarded(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        try:
            path.encode("latin-1").decode()
        except UnicodeDecodeError:
            return malformed(environ, start_response)
        if path.startswith("//"):
            return unknown(environ, start_response)
        return app(environ, start_response)

    return guarded
