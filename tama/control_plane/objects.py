from __future__ import annotations

from tama.control_plane.errors import INVALID, TAKEN, Invalid
from tama.control_plane.store import Taken

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tama.control_plane.kinds import Kinds
    from tama.control_plane.store import Document, Entry, Transaction


class Objects:
    """Stores objects as their kinds have it: with what they refer to, and what they are found by and unique by.

    Attributes:
        transaction: the one in which it does.

    Raises:
        Invalid: an object has what only one may have, or holds what JSON cannot; from both methods.
    """

    __slots__ = ("_kinds", "transaction")

    def __init__(self, kinds: Kinds, transaction: Transaction) -> None:
        self._kinds = kinds
        self.transaction = transaction

    def add(self, type_: str, documents: Iterable[Document]) -> None:
        """Store new objects of a kind."""
        self._store(self.transaction.add, type_, documents)

    def replace(self, type_: str, documents: Iterable[Document]) -> None:
        """Store objects of a kind in the place of those that have their ids."""
        self._store(self.transaction.replace, type_, documents)

    def _store(self, store: Callable[[str, Iterable[Entry]], None], type_: str, documents: Iterable[Document]) -> None:
        kind = self._kinds[type_]
        try:
            store(type_, [(one, kind.targets(one), kind.keys(one)) for one in documents])
        except Taken as taken:
            raise Invalid({taken.fields[-1]: [TAKEN]}) from None
        except ValueError:
            # JSON has no NaN, and Python writes no integer of more than 4300 digits.
            raise Invalid({type_: [INVALID]}) from None
