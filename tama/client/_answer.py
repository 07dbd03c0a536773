from __future__ import annotations

from tama.client.errors import ResponseError, response_error

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, Final

_NO_CONTENT: Final = 204
_ERRORS: Final = 400
_NOT_FOUND: Final = 404
_NO_HEADERS: Final[Mapping[str, str]] = {}


class Answer:
    """What a control plane answered.

    Args:
        status: the HTTP status.
        body: the parsed JSON; None when there is none.
        phrase: what stands behind the status in the status line.
        headers: the header fields, by name in lower case.
    """

    __slots__ = ("body", "headers", "phrase", "status")

    def __init__(self, status: int, body: Any, phrase: str = "", headers: Mapping[str, str] = _NO_HEADERS) -> None:
        self.status = status
        self.body = body
        self.phrase = phrase
        self.headers = headers

    def data(self) -> Any:
        """The `data` member of the body; None when there is no content.

        Raises:
            ResponseError: the answer is an error, or has no such member.
        """
        members = self.body if isinstance(self.body, dict) else {}
        media_type = self.headers.get("content-type", "")
        if self.status == _NOT_FOUND and media_type and "json" not in media_type:
            # Were it taken for NotFound, whoever stands between would make Terraform forget what Tama still has.
            raise ResponseError(self.status, {"detail": f"The answer is {media_type}, not JSON as Tama's are"})
        if self.status >= _ERRORS:
            raise self.error(members.get("errors"))
        if self.status == _NO_CONTENT:
            return None
        if "data" not in members:
            raise self.error({"detail": "The answer is not JSON with a member 'data'"})
        return members["data"]

    def error(self, errors: object) -> ResponseError:
        """The error for this answer; `errors` is what is wrong, in any of the shapes that Tama uses."""
        kind = response_error if self.status >= _ERRORS else ResponseError
        error = kind(self.status, errors, self.phrase)
        error.request_id = self.headers.get("x-request-id", "")
        return error
