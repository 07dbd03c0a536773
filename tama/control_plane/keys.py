from __future__ import annotations

import json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any


_LONGEST = 1_000
"""Characters that a name may have; PostgreSQL's indexes take at most 2,704 bytes."""


class Key:
    """What an object of a kind is found by: the values of some of its fields together.

    Args:
        exclusive: at most one object may have it.
    """

    __slots__ = ("exclusive", "fields", "name")

    def __init__(self, kind: str, fields: tuple[str, ...], values: Iterable[Any], *, exclusive: bool = False) -> None:
        self.fields = fields
        self.exclusive = exclusive
        name = json.dumps([kind, fields, list(values)])
        self.name = name if len(name) <= _LONGEST else _digest(name)


def _digest(name: str) -> str:
    import hashlib  # noqa: PLC0415 - it costs 5 ms, and hardly a name is that long

    return hashlib.sha256(name.encode()).hexdigest()
