"""What a rule answers: what is wrong with an object, and what is done once it is stored."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from tama.control_plane.objects import Objects
    from tama.control_plane.store import Document, Transaction

    Outcome = tuple[dict[str, Any], Callable[[Objects], None]]
    Rule = Callable[[Transaction, Document, Document | None], Outcome]


def nothing(objects: Objects) -> None:
    """Nothing is to be done once the object is stored."""
