"""What the control plane refuses, and what it cannot do.

Exception
├── Refused           the request breaks a rule; becomes an answer with an `errors` member
│   ├── NotFound      404
│   └── Invalid       422
├── StoreError        the folder or the file in it cannot be used
└── CallError         a tool call cannot be made; nothing was sent to the endpoint
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    Errors = Mapping[str, object]

REQUIRED = "is required"
INVALID = "is invalid"
TAKEN = "has already been taken"
MISSING = "does not exist"


class Refused(Exception):  # noqa: N818 - it is an answer, not a failure
    """An answer with an error.

    Attributes:
        status: the HTTP status.
        errors: the answer's `errors`: lists of messages by field, nested as the request's body is.
    """

    def __init__(self, status: int, errors: Errors) -> None:
        super().__init__(status, errors)
        self.status = status
        self.errors = errors


class NotFound(Refused):
    """There is no such object, or no such path."""

    def __init__(self) -> None:
        super().__init__(404, {"detail": "Not Found"})


class Invalid(Refused):
    """A value breaks a rule."""

    def __init__(self, errors: Errors) -> None:
        super().__init__(422, errors)


class StoreError(Exception):
    """The store cannot be opened, read or written; the message is a sentence that says which file and why."""


class CallError(Exception):
    """A tool call cannot be made as it is; the message says what to change."""
