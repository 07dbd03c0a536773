"""How an older copy of a data file knows of what came after it: who was erased, and who has withdrawn consent."""

from collections.abc import Iterator, Mapping
from typing import Any

import apsw
import orjson

from service.items import CONSENT, ERASED, MARKS
from service.storage.owner import Owner
from service.storage.sqlite_file import marks_key
from service.storage.sqlite_items import SQLiteChanges, SQLiteItems

# Whoever has only work has been somebody too.
_ACTORS = """
SELECT tenant, actor FROM item WHERE tenant <> '' AND actor NOT LIKE :marks
UNION SELECT tenant, actor FROM work WHERE tenant <> ''
"""
_TENANTS = "SELECT tenant FROM item WHERE tenant <> '' UNION SELECT tenant FROM work WHERE tenant <> ''"
_FORGET = (
    "DELETE FROM item WHERE tenant = ? AND actor = ?",
    "DELETE FROM work WHERE tenant = ? AND actor = ?",
)
_EVERYBODY = ""
_WITHDRAW = "INSERT OR IGNORE INTO item (tenant, actor, key, life, version, document) VALUES (?, ?, ?, ?, 1, ?)"


def erase_again(connection: apsw.Connection, erasures: Mapping[str, str]) -> int:
    """Delete all that a copy holds of those who were erased and whose erasure it has not seen.

    Whoever came again after the latest erasure that the copy has seen stays.

    Args:
        connection: the copy, which nobody else uses.
        erasures: the latest erasure of each keyed hash, as the log has it.

    Returns:
        How many actors were erased.

    """
    if not erasures:
        return 0
    key = marks_key(connection)
    unseen = {}
    for owner in _owners(connection, key):
        erasure = erasures.get(owner.pseudonym)
        if erasure is not None and _seen(connection, owner) != erasure:
            unseen[owner] = erasure
    tenants = {owner.tenant for owner in unseen if owner.actor == _EVERYBODY}
    people = [owner for owner in _owners(connection, key) if owner in unseen or owner.tenant in tenants]
    connection.execute("BEGIN")
    for owner in people:
        for statement in _FORGET:
            connection.execute(statement, (owner.tenant, owner.actor))
    for owner, erasure in unseen.items():
        SQLiteChanges(connection, owner, 0).put(ERASED, orjson.dumps(erasure))
    connection.execute("COMMIT")
    return sum(owner.actor != _EVERYBODY for owner in people)


def withdraw_again(connection: apsw.Connection, withdrawals: Mapping[tuple[str, str], bytes]) -> None:
    """Mark in a copy those whose consent stands withdrawn and who have no mark there; lives are given afterwards.

    Args:
        connection: the copy, which nobody else uses.
        withdrawals: the mark of each tenant's keyed hash, as the log has it.

    """
    rows = [(tenant, MARKS + pseudonym, CONSENT, "", mark) for (tenant, pseudonym), mark in withdrawals.items()]
    with connection:
        connection.executemany(_WITHDRAW, rows)


def _owners(connection: apsw.Connection, key: bytes) -> Iterator[Owner]:
    """Return every actor of a copy, and for each tenant the id that stands for all of its actors."""
    tenants: Any = connection.execute(_TENANTS)
    yield from (Owner(tenant, _EVERYBODY, key) for (tenant,) in tenants)
    actors: Any = connection.execute(_ACTORS, {"marks": f"{MARKS}%"})
    for tenant, actor in actors:
        if actor != _EVERYBODY:
            yield Owner(tenant, actor, key)


def _seen(connection: apsw.Connection, owner: Owner) -> str | None:
    """Return the latest erasure of an actor that a copy has seen."""
    mark = SQLiteItems(connection, owner, 0).get(ERASED)
    seen: str | None = orjson.loads(mark.document) if mark else None
    return seen
