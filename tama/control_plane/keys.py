from __future__ import annotations

import json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any


class Key:
    """What an object of a kind is found by: the values of some of its fields together.

    Args:
        exclusive: at most one object may have it.
    """

    __slots__ = ("exclusive", "fields", "name")

    def __init__(self, kind: str, fields: tuple[str, ...], values: Iterable[Any], *, exclusive: bool = False) -> None:
        self.fields = fields
        self.exclusive = exclusive
        self.name = json.dumps([kind, fields, list(values)])
