"""A PostgreSQL database as one side of a migration."""

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from typing import Final

import psycopg

from hosting.postgresql import Connection, Database, DatabaseError
from service.items import KEPT, MARKS
from service.storage import StoreUnavailableError
from service.storage.migrating import Batch, Row, Side
from service.storage.postgresql import marks_key, position, prepare, refuse_missing
from service.storage.sql_side import SQLSide

PATIENCE_S: Final = 60.0
"""How long one transaction may take."""

_PUT_ACTOR = """
INSERT INTO personalization.actor (tenant, actor, attempt, kept) VALUES (%s, %s, '', %s)
ON CONFLICT (tenant, actor) DO UPDATE SET kept = actor.kept OR excluded.kept
"""


@contextmanager
def postgresql_side(address: str, *, is_source: bool) -> Iterator[Side]:
    """See `open_side`; the tables of a target are made if they are not there."""
    if is_source:
        refuse_missing(address)
    try:
        with closing(Database(address)) as database:
            prepare(database)
            yield _PostgreSQLSide(database)
    except (DatabaseError, psycopg.Error) as error:
        text = str(error) if isinstance(error, DatabaseError) else type(error).__name__
        raise StoreUnavailableError(text) from error


class _PostgreSQLSide(SQLSide):
    prefix = "personalization."
    parameter = "%s"

    def __init__(self, database: Database) -> None:
        super().__init__(marks_key(database))
        self._database = database

    def position(self) -> str | None:
        """See `Side.position`."""
        return position(self._database)

    def fetch(self, statement: str, values: Sequence[object] = ()) -> list[Row]:
        """See `SQLSide.fetch`."""
        return self._database.read(
            lambda connection: connection.execute(statement.encode(), values, binary=True).fetchall(),
            seconds=PATIENCE_S,
        )

    def change(self, *changes: tuple[str, Sequence[Row]]) -> None:
        """See `SQLSide.change`."""

        def change(connection: Connection) -> None:
            cursor = connection.cursor()
            for statement, rows in changes:
                cursor.executemany(statement.encode(), rows)

        self._database.transact(change, seconds=PATIENCE_S)

    def insertions(self, batch: Batch) -> list[tuple[str, Sequence[Row]]]:
        """See `SQLSide.insertions`; writes wait for each other at the rows of actors."""
        return [*super().insertions(batch), (_PUT_ACTOR, _actors(batch.items))]


def _actors(rows: Sequence[Row]) -> list[Row]:
    """Return the rows that actors with these items have."""
    kept: dict[tuple[str, str], bool] = {}
    for tenant, actor, key, *_ in rows:
        if not actor.startswith(MARKS):
            kept[tenant, actor] = kept.get((tenant, actor), False) or key.startswith(KEPT)
    return [(*actor, is_kept) for actor, is_kept in kept.items()]
