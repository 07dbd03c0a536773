"""Values that the service chooses and a model cannot foretell."""

from __future__ import annotations


class Opaque:
    """A text that is whatever it is when it is first compared, and the same from then on.

    Attributes:
        value: the text, None as long as nobody has seen it.

    Args:
        taken: the texts that others of its kind have become, none of which it can be.

    """

    def __init__(self, taken: set[str] | None = None) -> None:
        self.value: str | None = None
        self._taken = taken

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Opaque):
            return self is other or (self.value is not None and self.value == other.value)
        if self.value is None and isinstance(other, str) and other not in (self._taken or ()):
            self.value = other
            if self._taken is not None:
                self._taken.add(other)
        return self.value == other

    __hash__ = object.__hash__

    def __repr__(self) -> str:
        return "anything" if self.value is None else repr(self.value)
