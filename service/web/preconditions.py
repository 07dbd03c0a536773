"""Conditional requests (RFC 9110, section 13)."""

import re
from dataclasses import dataclass

from service.items import Item
from service.refusal import Refused

_TAG = re.compile(r'(W/)?"([\x21\x23-\x7e\x80-\xff]*)"')
_TAGS = re.compile(rf"[ \t]*(?:{_TAG.pattern}|,)(?:[ \t]*,[ \t]*(?:{_TAG.pattern})?)*[ \t]*")


def etag(stored: Item) -> str:
    """Return the strong validator of a stored version."""
    return f'"{stored.life}.{stored.version}"'


@dataclass(frozen=True, slots=True)
class _Tags:
    """The tags of a header: `*` is any of what there is."""

    strong: frozenset[str]
    weak: frozenset[str]
    anything: bool

    def match(self, stored: Item | None, *, weakly: bool) -> bool:
        if stored is None:
            return False
        tag = etag(stored)[1:-1]
        return self.anything or tag in self.strong or (weakly and tag in self.weak)


@dataclass(frozen=True, slots=True)
class Preconditions:
    """What a request asks of the stored version before it is carried out."""

    if_match: _Tags | None
    if_none_match: _Tags | None

    @classmethod
    def of(cls, if_match: str | None, if_none_match: str | None) -> "Preconditions":
        """Read the values of the headers `If-Match` and `If-None-Match`, None where there is none.

        Raises:
            Refused: `invalid_precondition` when a header is not one; it is never passed over.

        """
        return cls(_read("If-Match", if_match), _read("If-None-Match", if_none_match))

    def check(self, stored: Item | None) -> None:
        """Check the preconditions of a write.

        Raises:
            Refused: `precondition_failed`.

        """
        if self.if_match and not self.if_match.match(stored, weakly=False):
            raise Refused("precondition_failed")
        if self.if_none_match and self.if_none_match.match(stored, weakly=True):
            raise Refused("precondition_failed")

    def is_unmodified(self, stored: Item) -> bool:
        """Check the preconditions of a read, and return whether the caller has this version already.

        Raises:
            Refused: `precondition_failed`.

        """
        if self.if_match and not self.if_match.match(stored, weakly=False):
            raise Refused("precondition_failed")
        return self.if_none_match is not None and self.if_none_match.match(stored, weakly=True)


def _read(name: str, value: str | None) -> _Tags | None:
    if value is None:
        return None
    if value.strip() == "*":
        return _Tags(frozenset(), frozenset(), anything=True)
    if not _TAGS.fullmatch(value):
        raise Refused(
            "invalid_precondition",
            f"{name} takes `*` or ETags in double quotes, exactly as an answer gave them. Leave it out without one.",
        )
    tags = _TAG.findall(value)
    return _Tags(
        frozenset(tag for weak, tag in tags if not weak), frozenset(tag for weak, tag in tags if weak), anything=False
    )
