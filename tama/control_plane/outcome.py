"""What a rule answers: what is wrong with an object, and what is done once it is stored."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from tama.control_plane.store import Document, Transaction

    Put = Callable[[str, Document], None]
    Outcome = tuple[dict[str, Any], Callable[[Put], None]]
    Rule = Callable[[Transaction, Document, Document | None], Outcome]


def nothing(put: Put) -> None:
    """Nothing is to be done once the object is stored."""
