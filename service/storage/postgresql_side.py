"""A PostgreSQL database as one side of a migration."""

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from typing import Final

import psycopg

from hosting.postgresql import Connection, Database, DatabaseError
from service.items import KEPT, MARKS
from service.storage import StoreUnavailableError
from service.storage.migrating import Row, Side, Table
from service.storage.postgresql import marks_key, prepare

PATIENCE_S: Final = 60.0
"""How long one transaction, or one count of all rows, may take."""

_PUT_ACTOR = """
INSERT INTO personalization.actor (tenant, actor, attempt, kept) VALUES (%s, %s, '', %s)
ON CONFLICT (tenant, actor) DO UPDATE SET kept = actor.kept OR excluded.kept
"""


@contextmanager
def postgresql_side(address: str) -> Iterator[Side]:
    """See `open_side`; the tables are made if they are not there."""
    try:
        with closing(Database(address)) as database:
            prepare(database)
            yield _PostgreSQLSide(database)
    except (DatabaseError, psycopg.Error) as error:
        text = str(error) if isinstance(error, DatabaseError) else type(error).__name__
        raise StoreUnavailableError(text) from error


class _PostgreSQLSide(Side):
    prefix = "personalization."
    parameter = "%s"

    def __init__(self, database: Database) -> None:
        super().__init__(marks_key(database))
        self._database = database

    def fetch(self, statement: str, values: Sequence[object] = ()) -> list[Row]:
        """See `Side.fetch`."""
        return self._database.read(
            lambda connection: connection.execute(statement.encode(), values, binary=True).fetchall(),
            seconds=PATIENCE_S,
        )

    def adopt(self, marks_key: bytes) -> None:
        """See `Side.adopt`."""
        statement = "UPDATE personalization.secret SET value = %s WHERE name = 'marks'"
        self._database.transact(lambda connection: connection.execute(statement, (marks_key,)))
        self.marks_key = marks_key

    def put(self, table: Table, rows: Sequence[Row]) -> None:
        """See `Side.put`."""
        statement = self.insertion(table).encode()

        def put(connection: Connection) -> None:
            cursor = connection.cursor()
            cursor.executemany(statement, rows)
            if table.name == "item":
                cursor.executemany(_PUT_ACTOR, _actors(rows))

        self._database.transact(put, seconds=PATIENCE_S)


def _actors(rows: Sequence[Row]) -> list[Row]:
    """Return the rows that actors with these items have."""
    kept: dict[tuple[str, str], bool] = {}
    for tenant, actor, key, *_ in rows:
        if not actor.startswith(MARKS):
            kept[tenant, actor] = kept.get((tenant, actor), False) or key.startswith(KEPT)
    return [(*actor, is_kept) for actor, is_kept in kept.items()]
