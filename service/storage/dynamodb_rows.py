"""What lies where in a table of DynamoDB.

The items of an actor lie in the partition of the actor; marks lie in that of a keyed hash of it, and there too the head
of the actor is, which every write replaces. Beside them lie the lists of tenants' actors, their numbers, and the work
that is to be done (`service.storage.dynamodb_queue`).
"""

import math
from typing import Final, NamedTuple

from service.items import MARKS, Item
from service.storage.dynamodb_table import Key, Row, key_row
from service.storage.owner import Owner
from service.storage.versions import Stored

COUNTERS: Final = 8
"""Over how many items the number of a tenant's actors is spread, so that few writes meet at one."""

_HEAD = "head"
_HEAD_STAYS_S = 3_600
"""How long the head of an actor of whom nothing is left stays: longer than a reader may take."""


class Head(NamedTuple):
    """What a write knows of an actor before it reads items.

    Attributes:
        attempt: the id of the last write; None when there is no head.
        kept: how many items make the actor, see `KEPT`.
        lasting: how many items, but for marks, do not expire.
        until: when the last one of the others expires, in seconds since the epoch; 0 without one.
        schedule: the work that is to be done, and when.

    """

    attempt: str | None
    kept: int
    lasting: int
    until: int
    schedule: dict[str, int]

    def presence(self, now: int) -> float:
        """Return the time from which on nothing but marks is left; 0 when nothing is."""
        return math.inf if self.lasting else self.until if self.until > now else 0


def partition(tenant: str, name: str) -> str:
    """Return the partition in which items of a tenant lie; the length tells where the tenant ends."""
    return f"{len(tenant)}.{tenant}{name}"


def whose(row: Row) -> tuple[str, str]:
    """Return of which tenant an item is, and under what name it lies."""
    length, _, name = row["pk"]["S"].partition(".")
    return name[: int(length)], name[int(length) :]


def item_row(tenant: str, name: str, item: Item, expires: int | None) -> Row:
    """Return an item of a tenant as it lies under a name."""
    return (
        key_row((partition(tenant, name), item.key))
        | {"life": {"S": item.life}, "version": {"N": str(item.version)}, "document": {"B": item.document}}
        | _expiry(expires)
    )


def read_item(row: Row) -> Stored:
    """Return the item that a row is."""
    expires = int(row["expires"]["N"]) if "expires" in row else None
    return Item(row["sk"]["S"], row["life"]["S"], int(row["version"]["N"]), bytes(row["document"]["B"])), expires


def head_key(owner: Owner) -> Key:
    """Return where the head of an actor lies."""
    return partition(owner.tenant, MARKS + owner.pseudonym), _HEAD


def head_row(owner: Owner, head: Head, now: int) -> Row:
    """Return a head as it lies; that of an actor of whom nothing is left goes by itself."""
    row: Row = key_row(head_key(owner)) | {
        "attempt": {"S": head.attempt},
        "kept": {"N": str(head.kept)},
        "lasting": {"N": str(head.lasting)},
        "until": {"N": str(head.until)},
        "schedule": {"M": {name: {"N": str(at)} for name, at in head.schedule.items()}},
    }
    is_left = head.lasting or head.schedule
    return row | _expiry(None if is_left else max(head.until, now) + _HEAD_STAYS_S)


def read_head(row: Row) -> Head:
    """Return the head that a row is."""
    schedule = {name: int(at["N"]) for name, at in row["schedule"]["M"].items()}
    kept, lasting, until = (int(row[name]["N"]) for name in ("kept", "lasting", "until"))
    return Head(row["attempt"]["S"], kept, lasting, until, schedule)


def is_listed(owner: Owner) -> bool:
    """Return whether an actor is in the list of the tenant's actors, once there is something of them."""
    # Where no tenant is, names with a slash lie, which no actor has.
    return bool(owner.actor) and "/" not in owner.actor


def listing(tenant: str) -> str:
    """Return the partition that lists the actors of a tenant."""
    return f"actors.{tenant}"


def listing_row(owner: Owner, presence: float) -> Row:
    """Return what lists an actor, see `Head.presence`, of whom there is something."""
    return key_row((listing(owner.tenant), owner.actor)) | _expiry(None if math.isinf(presence) else int(presence))


def counters(tenant: str) -> str:
    """Return the partition of the items whose sum is the number of a tenant's actors."""
    return f"kept.{tenant}"


def _expiry(expires: int | None) -> Row:
    return {} if expires is None else {"expires": {"N": str(expires)}}
