"""What the service says when it does not do what it was asked."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Detail:
    """One place that is wrong.

    Attributes:
        pointer: where in the body that was sent, as a JSON pointer (RFC 6901).
        detail: what is wrong there and what is asked for.
        allowed: the values that are allowed there, if they can be listed.
        example: a valid value of the form that is asked for, if there is one to show.

    """

    pointer: str
    detail: str
    allowed: Sequence[object] | None = None
    example: object = None


class Refused(Exception):  # noqa: N818 - a refusal is an answer, not a fault of the service
    """A request that gets an error for an answer.

    Attributes:
        code: one of the contract's error codes, which also gives the status.
        message: what is wrong and what to do about it; the contract's own words when empty.
        details: the places that are wrong.
        retry_after: after how many seconds the same call may be answered otherwise, None where no time is known.

    """

    def __init__(
        self, code: str, message: str = "", details: Sequence[Detail] = (), *, retry_after: int | None = None
    ) -> None:
        super().__init__(code)
        self.code = code
        self.message = message
        self.details = details
        self.retry_after = retry_after


def pointer(*steps: object) -> str:
    """Return the JSON pointer of these member names and indices (RFC 6901, section 3)."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in steps)
