"""Everything that can go wrong between a caller and a control plane.

TamaError
├── ConfigurationError    an unknown scheme, or credentials that are missing
├── Unreachable           no answer came: connection, timeout, a folder that cannot be opened
│   └── Interrupted       nobody waits for it any more
├── OutcomeUnknown        a create that may have been carried out
└── ResponseError         the control plane refused
    ├── Unauthorized      401 and 403: the credentials are wrong, or not enough
    ├── NotFound          404: no such object
    ├── Invalid           422: the object breaks a rule
    └── ServerError       5xx

No message holds a credential. Nothing of the HTTP library or the database comes through a client but these.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


class TamaError(Exception):
    """The root of the tree.

    Attributes:
        request: method and path of the request that failed; empty when none was sent.
        request_id: what the control plane calls it by in its log (`X-Request-Id`); empty when it says none.
    """

    request = ""
    request_id = ""


class ConfigurationError(TamaError):
    """The client was told something that no control plane can be reached by."""


class Unreachable(TamaError):  # noqa: N818 - the name says what happened
    """No answer came; whether the request was carried out is not known."""


class Interrupted(Unreachable):
    """The client was interrupted before the request was answered, or sent."""


class OutcomeUnknown(TamaError):  # noqa: N818 - the name says what happened
    """A create was sent and no usable answer came, so that the object may exist.

    Args:
        cause: what happened last.
        key: the idempotency key by which the control plane can be asked for the object (`Client.resolve`); empty when
            it knows no keys.
        expires: until when it can, in seconds since 1970.
    """

    def __init__(self, cause: TamaError, key: str, expires: float) -> None:
        super().__init__(str(cause))
        self.key = key
        self.expires = expires
        self.request, self.request_id = cause.request, cause.request_id


class ResponseError(TamaError):
    """The control plane answered with an error.

    Args:
        status: the HTTP status.
        errors: the `errors` member of the answer, in any of the shapes that Tama uses.
        phrase: what stands behind the status in the status line, for an answer without `errors`.

    Attributes:
        status: the HTTP status.
        errors: messages by field in the alphabetical order of the fields; fields of nested objects are joined by dots.
    """

    def __init__(self, status: int, errors: object = None, phrase: str = "") -> None:
        self.status = status
        self.errors = _by_field(errors)
        super().__init__(status, errors, phrase)

    def __str__(self) -> str:
        if self.errors:
            said = ", ".join(f"{field} {message}" for field, messages in self.errors.items() for message in messages)
            return f"API error {self.status}: {said}"
        phrase = self.args[2]
        return f"API error: {self.status} {phrase}" if phrase else f"API error {self.status}"


class Unauthorized(ResponseError):  # noqa: N818 - the name says what happened
    """The credentials are wrong, or do not reach this far."""


class NotFound(ResponseError):  # noqa: N818 - the name says what happened
    """There is no such object."""


class Invalid(ResponseError):  # noqa: N818 - the name says what happened
    """The object breaks a rule; `errors` says which of its fields, and why."""


class ServerError(ResponseError):
    """The control plane failed."""


def response_error(status: int, errors: object = None, phrase: str = "") -> ResponseError:
    """The member of the tree for an answer's status."""
    kinds = {401: Unauthorized, 403: Unauthorized, 404: NotFound, 422: Invalid}
    kind = ServerError if status >= 500 else kinds.get(status, ResponseError)  # noqa: PLR2004 - HTTP's class 5xx
    return kind(status, errors, phrase)


def _by_field(errors: object) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for field, message in _flat(errors, ""):
        found.setdefault(field, []).append(message)
    return dict(sorted(found.items()))


def _flat(errors: object, field: str) -> Iterator[tuple[str, str]]:
    if isinstance(errors, dict):
        for key, value in errors.items():
            yield from _flat(value, f"{field}.{key}" if field else str(key))
    elif isinstance(errors, list):
        for value in errors:
            yield from _flat(value, field)
    elif errors is not None and field:
        yield field, str(errors)
