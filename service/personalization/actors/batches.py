"""How much one change does when many items are to be changed; see MAX_CHANGES and MAX_STORED."""

from collections.abc import Iterator, Sequence
from typing import Final, TypeVar

EVENTS: Final = 30
"""How many events: each is two items, and has up to 100,000 bytes, where six stand for one in its JSON."""

PREFERENCES: Final = 11
"""How many preferences: each has up to MAX_BYTES of them."""

ITEMS: Final = 88
"""How many items that are one each."""

_T = TypeVar("_T")


def batched(things: Sequence[_T], size: int) -> Iterator[Sequence[_T]]:
    """Return the things in their order, at most `size` at a time."""
    for first in range(0, len(things), size):
        yield things[first : first + size]
