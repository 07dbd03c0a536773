"""The list of a tenant's actors. It goes on by their ids, so no clock orders it, and who comes or goes moves nobody."""

from collections.abc import Callable, Sequence
from typing import Any, Final

from service.items import Items
from service.personalization import cursors
from service.personalization.actors.known import is_known
from service.personalization.standing import Standing
from service.refusal import Refused

_LIST: Final = "list-actors"
"""Keys the cursors. It is no secret: who makes one up chooses no more than where their own list begins."""


def make_cursor(tenant: str, actor: str) -> str:
    """Return the cursor that goes on after an id."""
    return cursors.make_cursor(_LIST, (tenant,), actor.encode())


def read_cursor(tenant: str, cursor: str) -> str:
    """Return the id after which a list goes on.

    Raises:
        Refused: `invalid_cursor` when it was not given for the list of this tenant.

    """
    try:
        return cursors.read_cursor(_LIST, (tenant,), cursor).decode()
    except UnicodeDecodeError:
        raise Refused("invalid_cursor") from None


def is_listed(items: Items) -> bool:
    """Return whether these are the items of an actor of whom something is kept, and no alias of another."""
    return Standing.of(items).is_shown and is_known(items)


def page(tenant: str, ids: Sequence[str], limit: int, listed: Callable[[str], bool]) -> dict[str, Any]:
    """Return a page of actors, and where the list goes on if it may.

    A page is short when some of the ids that it looks at are not listed.

    Args:
        tenant: whose actors.
        ids: one more than the limit where there are so many.
        limit: how many ids to look at.
        listed: whether an id is of an actor who is listed.

    """
    looked_at = ids[:limit]
    shown: dict[str, Any] = {"actors": [{"actor_id": actor} for actor in looked_at if listed(actor)]}
    if len(ids) > limit:
        shown["next"] = make_cursor(tenant, looked_at[-1])
    return shown
