"""What background work asks of PostgreSQL: what has expired, and what is due."""

from collections.abc import Sequence

from hosting.postgresql import Connection
from service.items import MARKS, MAX_CHANGES
from service.storage.rounds import Due

# From each tenant to the next by one look into the index, so that it serves all of them though the tenant comes first.
_TENANTS = """
WITH RECURSIVE tenants (tenant) AS (
    (SELECT tenant FROM personalization.{0} WHERE {1} ORDER BY tenant LIMIT 1)
    UNION ALL
    SELECT (SELECT tenant FROM personalization.{0} WHERE {1} AND tenant > tenants.tenant ORDER BY tenant LIMIT 1)
    FROM tenants WHERE tenant IS NOT NULL
)
"""
_EXPIRED = f"""{_TENANTS.format("item", "expires IS NOT NULL")}
SELECT found.* FROM tenants CROSS JOIN LATERAL (
    SELECT tenant, actor, key FROM personalization.item
    WHERE tenant = tenants.tenant AND (tenant, expires) <= (tenants.tenant, %s) AND expires IS NOT NULL
    ORDER BY tenant, expires LIMIT %s
) AS found LIMIT %s
"""  # noqa: S608 - of what stands above
_DUE = f"""{_TENANTS.format("work", "true")}
SELECT found.tenant, found.actor, found.name FROM tenants CROSS JOIN LATERAL (
    SELECT tenant, actor, name, at FROM personalization.work
    WHERE tenant = tenants.tenant AND (tenant, at) <= (tenants.tenant, %s) AND name = ANY(%s)
    ORDER BY tenant, at LIMIT %s
) AS found ORDER BY found.at LIMIT %s
"""  # noqa: S608 - as above
_HOLD = """
SELECT FROM personalization.actor JOIN unnest(%s::text[], %s::text[]) AS held (tenant, actor) USING (tenant, actor)
ORDER BY tenant, actor FOR UPDATE OF actor
"""
_DELETE_EXPIRED = """
DELETE FROM personalization.item USING unnest(%s::text[], %s::text[], %s::text[]) AS gone (tenant, actor, key)
WHERE item.tenant = gone.tenant AND item.actor = gone.actor AND item.key = gone.key AND item.expires <= %s
"""
_LEAVE = """
DELETE FROM personalization.actor USING unnest(%s::text[], %s::text[]) AS held (tenant, actor)
WHERE actor.tenant = held.tenant AND actor.actor = held.actor AND NOT EXISTS (
    SELECT FROM personalization.item WHERE item.tenant = held.tenant AND item.actor = held.actor
)
"""
_BACKLOG = """
SELECT (SELECT count(*) FROM personalization.item WHERE expires <= %s)
    + (SELECT count(*) FROM personalization.work WHERE at <= %s)
"""


def delete_expired(connection: Connection, now: int) -> bool:
    """Delete some of what has expired at a time, in a transaction, and return whether there was any."""
    rows = connection.execute(_EXPIRED, (now, MAX_CHANGES, MAX_CHANGES)).fetchall()
    if rows:
        tenants, actors, keys = map(list, zip(*rows, strict=True))
        owners = sorted({(tenant, actor) for tenant, actor, _ in rows if not actor.startswith(MARKS)})
        held = [tenant for tenant, _ in owners], [actor for _, actor in owners]
        # As every write does: first the rows of the actors, then those of their items.
        connection.execute(_HOLD, held)
        connection.execute(_DELETE_EXPIRED, (tenants, actors, keys, now))
        connection.execute(_LEAVE, held)
    return bool(rows)


def due(connection: Connection, names: Sequence[str], now: int) -> list[Due]:
    """Return some of the work of these kinds that is due at a time, what is longest due first."""
    rows = connection.execute(_DUE, (now, list(names), MAX_CHANGES, MAX_CHANGES)).fetchall()
    return [Due(*row) for row in rows]


def backlog(connection: Connection, now: int) -> int:
    """Return how many items have expired, and how much work is due, at a time."""
    ((count,),) = connection.execute(_BACKLOG, (now, now)).fetchall()
    return int(count)
