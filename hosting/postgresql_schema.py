"""The tables of a database, brought forward by whichever process comes first.

A row says who does it and until when that holds, so that a process that ends in the middle keeps nobody from going on.
"""

import secrets
import time
from collections.abc import Sequence

import psycopg

from hosting.postgresql import Connection, Database, DatabaseError

PATIENCE_S = 60
"""How long one step may take, and how long others wait for whoever takes it."""

_POLL_S = 0.05
_MEETINGS = 20
_BEGIN = """
CREATE SCHEMA IF NOT EXISTS {schema};
CREATE TABLE IF NOT EXISTS {schema}.migration (
    id integer PRIMARY KEY, version integer NOT NULL, holder text NOT NULL, until timestamptz NOT NULL
);
INSERT INTO {schema}.migration VALUES (1, 0, '', now()) ON CONFLICT DO NOTHING;
"""
_VERSION = "SELECT version FROM {schema}.migration WHERE id = 1"
_CLAIM = """
UPDATE {schema}.migration SET holder = %s, until = now() + %s * interval '1 second'
WHERE id = 1 AND version < %s AND until < now() RETURNING version
"""
_DONE = "UPDATE {schema}.migration SET version = %s, until = now() WHERE id = 1 AND version = %s AND holder = %s"
_RELEASE = "UPDATE {schema}.migration SET until = now() WHERE id = 1 AND holder = %s"


def bring_forward(database: Database, schema: str, steps: Sequence[str]) -> None:
    """Make the tables of a schema, or bring older ones forward, each step in a transaction of its own.

    Args:
        database: the database.
        schema: the name of the schema, in which the table `migration` is this function's.
        steps: SQL statements that make of each version the next, from none, which is version 0.

    Raises:
        DatabaseError: it was not done; or a later version of the program has been there.

    """
    deadline = time.monotonic() + PATIENCE_S
    while (version := _version(database, schema)) != len(steps):
        if version > len(steps):
            raise DatabaseError(
                f"its schema has version {version}, and this program knows version {len(steps)} and earlier ones"
            )
        if not _take_a_step(database, schema, steps):
            if time.monotonic() > deadline:
                raise DatabaseError("another process has been bringing its tables forward for too long")
            time.sleep(_POLL_S)


def _version(database: Database, schema: str) -> int:
    # Two processes that create the same thing at the same time may both find it missing, and one fails.
    for _ in range(_MEETINGS):
        try:
            ((version,),) = database.read(lambda connection: connection.execute(_sql(_VERSION, schema)).fetchall())
        except psycopg.errors.UndefinedTable:
            try:
                database.transact(lambda connection: connection.execute(_sql(_BEGIN, schema)))
            except (psycopg.errors.UniqueViolation, psycopg.errors.DuplicateTable, psycopg.errors.DuplicateSchema):
                time.sleep(_POLL_S)
            except psycopg.errors.InsufficientPrivilege:
                text = f"the role may not make the schema {schema} in it; it must own the database, or GRANT CREATE"
                raise DatabaseError(text) from None
        except psycopg.errors.InsufficientPrivilege:
            text = f"the role may not use the schema {schema} in it; name the role that made it"
            raise DatabaseError(text) from None
        else:
            return int(version)
    raise DatabaseError("its schema cannot be made")


def _take_a_step(database: Database, schema: str, steps: Sequence[str]) -> bool:
    """Take the next step unless another process does, and return whether it was taken."""
    holder = secrets.token_hex(8)
    claimed = database.transact(
        lambda connection: connection.execute(_sql(_CLAIM, schema), (holder, PATIENCE_S, len(steps))).fetchall()
    )
    if not claimed:
        return False
    ((version,),) = claimed

    def step(connection: Connection) -> None:
        connection.execute(steps[version].encode())
        if connection.execute(_sql(_DONE, schema), (version + 1, version, holder)).rowcount != 1:
            raise DatabaseError("another process has taken over bringing its tables forward")

    try:
        database.transact(step, seconds=PATIENCE_S)
    except Exception:
        database.transact(lambda connection: connection.execute(_sql(_RELEASE, schema), (holder,)))
        raise
    return True


def _sql(statement: str, schema: str) -> bytes:
    return statement.format(schema=schema).encode()
