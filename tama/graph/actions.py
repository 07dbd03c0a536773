"""What a plan does to the actions of a specification: Tama derives them, so a plan does not tell."""

from __future__ import annotations

import json

from tama.catalog.openapi import BadDocument, describe
from tama.graph.model import Action, Change

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from tama.catalog.openapi import Description


def described(schema: Any) -> Description | None:
    """What a document yields, as JSON; None where it is not known yet, or will fail."""
    try:
        document = json.loads(schema) if isinstance(schema, str) else None
        return describe(document) if isinstance(document, dict) else None
    except (BadDocument, RecursionError):
        return None


def actions(before: Description | None, after: Description | None, change: Change) -> list[Action]:
    """The actions that there were or will be, each with what becomes of it.

    Args:
        before: what the document yielded.
        after: what it will yield.
        change: what is done to the specification.
    """
    old, new = ({one.identifier: one for one in it.operations} if it else {} for it in (before, after))
    found = []
    for identifier, one in {**old, **new}.items():
        if identifier not in new:
            own = Change.REMOVED
        elif identifier not in old:
            own = Change.ADDED
        elif change is Change.REPLACED:
            own = Change.REPLACED
        else:
            own = (
                Change.KEPT
                if (one.method, one.path) == (old[identifier].method, old[identifier].path)
                else Change.CHANGED
            )
        found.append(Action(identifier, one.method, one.path, own))
    return found
