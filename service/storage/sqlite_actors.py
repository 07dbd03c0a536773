"""Which actors a tenant has, from the order in which items lie in the file."""

from typing import Any, Final

import apsw

from service.items import MARKS

# From each actor to the next: one look into the primary key, however many items an actor has. All marks are passed over
# in one step.
FOUND: Final = """
WITH RECURSIVE found (name) AS (
    SELECT (SELECT actor FROM item WHERE tenant = :tenant AND actor > :after ORDER BY actor LIMIT 1)
    UNION ALL
    SELECT (
        SELECT actor FROM item
        WHERE tenant = :tenant AND actor > iif(substr(name, 1, length(:marks)) = :marks, :last_mark, name)
        ORDER BY actor LIMIT 1
    )
    FROM found WHERE name IS NOT NULL
)
"""
"""The beginning of a statement: the names under which items of a tenant lie, of actors and of one mark at most."""

LAST_MARK: Final = MARKS + "~"
"""Comes after every mark, whose name goes on in hexadecimal, and before every actor that is not one."""

_ACTORS = " ".join((FOUND, "SELECT name FROM found WHERE instr(name, '/') = 0 LIMIT :limit"))


def actors_of(connection: apsw.Connection, tenant: str, after: str | None, limit: int) -> list[str]:
    """See `Store.actors`."""
    asked = {"tenant": tenant, "after": after or "", "limit": limit, "marks": MARKS, "last_mark": LAST_MARK}
    rows: list[Any] = connection.execute(_ACTORS, asked).fetchall()
    return [name for (name,) in rows]
