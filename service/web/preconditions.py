"""Conditional requests (RFC 9110, section 13)."""

import re
from dataclasses import dataclass

from service.items import Item
from service.refusal import Refused

_TAG = re.compile(r'(W/)?"([\x21\x23-\x7e\x80-\xff]*)"')
_TAGS = re.compile(rf"[ \t]*(?:{_TAG.pattern}|,)(?:[ \t]*,[ \t]*(?:{_TAG.pattern})?)*[ \t]*")


def etag(stored: Item, representation: str = "") -> str:
    """Return the strong validator of a stored version, as it is or in another representation that is named."""
    return (
        f'"{stored.life}.{stored.version}.{representation}"' if representation else f'"{stored.life}.{stored.version}"'
    )


@dataclass(frozen=True, slots=True)
class _Tags:
    """The tags of a header: `*` is any of what there is."""

    strong: frozenset[str]
    weak: frozenset[str]
    anything: bool

    def match(self, stored: Item | None, *, weakly: bool) -> bool:
        """Return whether one of the tags is of the stored version, in whatever representation."""
        versions = {".".join(tag.split(".")[:2]) for tag in (self.strong | self.weak if weakly else self.strong)}
        return stored is not None and (self.anything or etag(stored)[1:-1] in versions)

    def match_exactly(self, stored: Item, representation: str) -> bool:
        """Return whether one of the tags, weak ones too, is of the stored version in this representation."""
        return self.anything or etag(stored, representation)[1:-1] in self.strong | self.weak


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
        if if_match is None and if_none_match is None:
            return NO_PRECONDITIONS
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

    def names_version(self) -> bool:
        """Return whether `If-Match` names the version that the caller has seen."""
        return self.if_match is not None and not self.if_match.anything

    def is_unmodified(self, stored: Item, representation: str = "") -> bool:
        """Check the preconditions of a read, and return whether the caller has this representation already.

        Raises:
            Refused: `precondition_failed`.

        """
        if self.if_match and not self.if_match.match(stored, weakly=False):
            raise Refused("precondition_failed")
        return self.if_none_match is not None and self.if_none_match.match_exactly(stored, representation)


NO_PRECONDITIONS = Preconditions(None, None)


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
