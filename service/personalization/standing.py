"""What an actor id stands for, besides an actor of its own: someone who is being erased, or another actor's alias.

One item says it. An id with this item has nothing else to show, and no list of actors has it.
"""

from dataclasses import dataclass
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

    """

    alias_of: str | None = None
    erasure: str | None = None

    @classmethod
    def read(cls, item: Item | None) -> Self:
        """Read it from the item with the key STANDING, None where there is none."""
        said = {} if item is None else orjson.loads(item.document)
        return cls(said.get("alias"), said.get("erasing"))

    @classmethod
    def of(cls, items: Items) -> Self:
        """Read it from the items that lie under the id itself."""
        return cls.read(items.get(STANDING))

    def store(self, changes: Changes) -> None:
        """Store it under the id itself."""
        said = {"alias": self.alias_of, "erasing": self.erasure}
        kept = {name: value for name, value in said.items() if value is not None}
        changes.put(STANDING, orjson.dumps(kept, option=orjson.OPT_SORT_KEYS))


def aliases(items: Items) -> list[str]:
    """Return the ids that lead to an actor besides their own, in the order in which they came."""
    stored = items.get(ALIASES)
    ids: list[str] = orjson.loads(stored.document) if stored else []
    return ids


def put_aliases(changes: Changes, ids: list[str]) -> None:
    """Store the ids that lead to an actor besides their own."""
    changes.put(ALIASES, orjson.dumps(ids))
