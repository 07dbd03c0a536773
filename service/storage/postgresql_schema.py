"""The tables of the store on PostgreSQL.

The tenant comes first in every key. Text is compared by its bytes, as every store does. Documents are bytes: jsonb
would order their members anew and write their numbers otherwise.
"""

from typing import Final

SCHEMA: Final = "personalization"

STEPS: Final = (
    """
CREATE TABLE personalization.actor (
    tenant text COLLATE "C" NOT NULL,
    actor text COLLATE "C" NOT NULL,
    attempt text NOT NULL,
    kept boolean,
    PRIMARY KEY (tenant, actor)
);
CREATE INDEX actor_kept ON personalization.actor (tenant, actor) WHERE kept;
CREATE TABLE personalization.item (
    tenant text COLLATE "C" NOT NULL,
    actor text COLLATE "C" NOT NULL,
    key text COLLATE "C" NOT NULL,
    life text NOT NULL,
    version bigint NOT NULL,
    document bytea NOT NULL,
    expires bigint,
    PRIMARY KEY (tenant, actor, key)
);
CREATE INDEX item_expires ON personalization.item (tenant, expires) WHERE expires IS NOT NULL;
CREATE TABLE personalization.work (
    tenant text COLLATE "C" NOT NULL,
    actor text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    at bigint NOT NULL,
    PRIMARY KEY (tenant, actor, name)
);
CREATE INDEX work_at ON personalization.work (tenant, at);
CREATE TABLE personalization.erasure (
    tenant text COLLATE "C" NOT NULL,
    pseudonym text COLLATE "C" NOT NULL,
    erasure text NOT NULL,
    at timestamptz NOT NULL,
    PRIMARY KEY (tenant, pseudonym)
);
CREATE TABLE personalization.secret (name text PRIMARY KEY, value bytea NOT NULL);
""",
)
"""What makes of each version of the tables the next.

A row of `actor` is what writes of an actor wait at, and says which one came last; it is there as long as items are that
are not marks. `kept` is what `keeps_actor` says of them; null until the first write ends.
"""
