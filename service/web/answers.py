"""What the views of all operations have in common."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from flask import Response, request

from service.items import Item
from service.web.preconditions import Preconditions, etag

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

JSON = "application/json"
View = Callable[..., "WSGIApplication"]
"""What carries an operation out; it takes the caller and the parameters of the path."""
NO_BODY = frozenset({204, 304})
"""Statuses whose answers have no body, and no length of one."""


def unstored(content_type: str = JSON) -> dict[str, str]:
    """Return the headers of an answer of this type that is to be stored nowhere."""
    return {"Content-Type": content_type, "Cache-Control": "no-store"}


class Answer(Response):
    """An answer whose body is there as a whole, in bytes or text, and whose headers are as they are to be sent."""

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Send it; one without a body is looked over by werkzeug first."""
        if environ["REQUEST_METHOD"] == "HEAD" or self.status_code in NO_BODY:
            return super().__call__(environ, start_response)
        start_response(self.status, self.headers.to_wsgi_list())
        return self.response  # type: ignore[return-value] # what `set_data` has made of the body


def preconditions() -> Preconditions:
    """Return the preconditions of the request at hand.

    Raises:
        Refused: `invalid_precondition`.

    """
    environ = request.environ
    return Preconditions.of(environ.get("HTTP_IF_MATCH"), environ.get("HTTP_IF_NONE_MATCH"))


def query() -> Mapping[str, Sequence[str]]:
    """Return the parameters of the query of the request at hand, each with all its values."""
    return request.args.to_dict(flat=False) if request.environ.get("QUERY_STRING") else {}


def versioned(answer: Response, item: Item, representation: str = "") -> Response:
    """Return an answer with the version of the item that it shows."""
    answer.headers["ETag"] = etag(item, representation)
    answer.headers["Cache-Control"] = "private, no-cache"
    return answer
