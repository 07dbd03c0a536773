"""How long lines are, remembered without the lines.

From one context to the next most lines stay, and counting is most of the work. What is kept of a line is a hash of 64
bits, of which a part says where it lies in a table that never grows, and its length. Another line would be taken for
it once in 2**64 times; Python's hashes have a random key, so that nobody can look for such a line.
"""

from array import array
from collections.abc import Callable

SLOTS = 2**19
"""How many lines there is room for, in 8 bytes each; two that would lie in the same place displace each other."""

_LENGTH = 2**16 - 1
"""The bits of a slot that hold a length; the others are the line's hash, whose last bits choose the slot."""
_BITS = 2**64 - 1


class Sizes:
    """The lengths of lines, by what counts them.

    Args:
        count: counts a line that is not remembered.
        slots: a power of two, at least 65,536.

    """

    def __init__(self, count: Callable[[str], int], slots: int = SLOTS) -> None:
        self._count = count
        self._last = slots - 1
        # One number a slot, so that a thread that reads it sees all of what another has written, or nothing.
        self._slots = array("Q", bytes(8 * slots))

    def of(self, line: str) -> int:
        """Return how long a line is."""
        hashed = hash(line) & _BITS
        known = self._slots[hashed & self._last]
        if known & ~_LENGTH == hashed & ~_LENGTH and (size := known & _LENGTH):
            return size
        size = self._count(line)
        if size <= _LENGTH:
            self._slots[hashed & self._last] = hashed & ~_LENGTH | size
        return size
