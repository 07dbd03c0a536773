"""What the views of all operations have in common."""

from collections.abc import Callable

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
    return Preconditions.of(request.headers.get("If-Match"), request.headers.get("If-None-Match"))


def versioned(answer: Response, item: Item, representation: str = "") -> Response:
    """Return an answer with the version of the item that it shows."""
    answer.headers["ETag"] = etag(item, representation)
    answer.headers["Cache-Control"] = "private, no-cache"
    return answer
