"""What the views of all operations have in common."""

from collections.abc import Callable, Mapping, Sequence

from flask import Response, request

from service.items import Item
from service.web.preconditions import Preconditions, etag

JSON = "application/json"
View = Callable[..., Response]
"""What carries an operation out; it takes the caller and the parameters of the path."""


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
