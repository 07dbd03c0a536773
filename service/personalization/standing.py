"""What an actor id stands for, besides an actor of its own: another actor's alias, or someone who is being changed.

One item says it. While an erasure, an import or a merge is under way, which takes more steps than one write, no other
write goes on.
"""

from dataclasses import asdict, dataclass
from typing import Final, Self

import orjson

from service.items import Changes, Item, Items

STANDING: Final = "standing"
"""The key of the item that says it; an actor like any other has none."""

ALIASES: Final = "aliases"
"""The key of the item of an actor that lists the ids that lead to them."""

MAX_ALIASES: Final = 64
"""How many ids can lead to one actor besides their own."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What an actor id stands for.

    Attributes:
        alias_of: the actor to whom it leads, None for an actor of its own; that one is no alias.
        erasure: the id of the erasure that is under way, None without one.
        importing: the id of the import that is under way, None without one.
        merging_from: the id that is being merged into this actor, None without one.
        merging_into: the actor into whom this one is being merged, None without one.
        attempt: the id of the latest attempt to do so, None without one.
        target_erasure: the latest erasure of that actor before the first attempt, None without one.

    """

    alias_of: str | None = None
    erasure: str | None = None
    importing: str | None = None
    merging_from: str | None = None
    merging_into: str | None = None
    attempt: str | None = None
    target_erasure: str | None = None

    @property
    def is_hidden(self) -> bool:
        """Return whether the actor reads as one nobody knows."""
        return self.erasure is not None or self.importing is not None

    @property
    def is_merging(self) -> bool:
        """Return whether the actor is one of two that are being merged."""
        return self.merging_from is not None or self.merging_into is not None

    @property
    def is_shown(self) -> bool:
        """Return whether what lies under the id itself is to be seen."""
        return self.alias_of is None and not self.is_hidden

    @classmethod
    def read(cls, item: Item | None) -> Self:
        """Read it from the item with the key STANDING, None where there is none."""
        said = {} if item is None else orjson.loads(item.document)
        return cls(**said)

    @classmethod
    def of(cls, items: Items) -> Self:
        """Read it from the items that lie under the id itself."""
        return cls.read(items.get(STANDING))

    def store(self, changes: Changes) -> None:
        """Store it under the id itself."""
        kept = {name: value for name, value in asdict(self).items() if value is not None}
        changes.put(STANDING, orjson.dumps(kept, option=orjson.OPT_SORT_KEYS))


def aliases(items: Items) -> list[str]:
    """Return the ids that lead to an actor besides their own, in the order in which they came."""
    stored = items.get(ALIASES)
    ids: list[str] = orjson.loads(stored.document) if stored else []
    return ids


def put_aliases(changes: Changes, ids: list[str]) -> None:
    """Store the ids that lead to an actor besides their own."""
    changes.put(ALIASES, orjson.dumps(ids))
