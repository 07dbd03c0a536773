"""How many actors each tenant has, counted with every write so that the last place is given away once.

The numbers lie in a table that is there only while a store with a limit keeps it up. They change in the transaction of
the write that changes them, so they are right after a crash too.
"""

from collections.abc import Callable
from typing import Any, TypeVar

import apsw

from service.items import KEPT, MARKS, keeps_actor
from service.storage import TenantFullError
from service.storage.sqlite_actors import FOUND, LAST_MARK
from service.storage.sqlite_items import SQLiteChanges

_FORGET = "DROP TABLE IF EXISTS census"
_IS_KEPT = "SELECT 1 FROM sqlite_schema WHERE name = 'census'"
_CREATE = "CREATE TABLE census (tenant TEXT NOT NULL PRIMARY KEY, actors INTEGER NOT NULL) STRICT, WITHOUT ROWID"
_NEXT_TENANT = "SELECT min(tenant) FROM item WHERE tenant > ?"
_COUNT_FOUND = "INSERT INTO census SELECT :tenant, count(*) FROM found WHERE instr(name, '/') = 0 AND ({})"
_HAS = "EXISTS (SELECT 1 FROM item WHERE tenant = :tenant AND actor = name AND key >= :kind{0} AND key < :end{0})"
_COUNT = " ".join((FOUND, _COUNT_FOUND.format(" OR ".join(_HAS.format(number) for number in range(len(KEPT))))))
_ADD = """
INSERT INTO census VALUES (?, ?) ON CONFLICT (tenant) DO UPDATE SET actors = actors + excluded.actors RETURNING actors
"""

_T = TypeVar("_T")


def forget_census(connection: apsw.Connection) -> None:
    """Have the actors counted anew when a limit is next set; for whoever changes items and does not count."""
    connection.execute(_FORGET)


class Census:
    """The numbers of actors, on the connection of a store's writer.

    They are counted when nobody has kept them up since: that reads a page of the file or two for each actor.

    Args:
        connection: the writer's, in no transaction.
        limit: how many actors a tenant can have.

    """

    def __init__(self, connection: apsw.Connection, limit: int) -> None:
        self._connection = connection
        self._limit = limit
        connection.execute("BEGIN IMMEDIATE")
        if not _rows(connection, _IS_KEPT):
            connection.execute(_CREATE)
            self._count()
        connection.execute("COMMIT")

    def counted(self, tenant: str, changes: SQLiteChanges, change: Callable[[SQLiteChanges], _T]) -> _T:
        """Change the items of an actor of a tenant, and count whether an actor came or went with that.

        Raises:
            TenantFullError: an actor came who is one too many.

        What the change raises is raised.

        """
        had = keeps_actor(changes)
        result = change(changes)
        has = keeps_actor(changes)
        if has != had:
            ((actors,),) = _rows(self._connection, _ADD, (tenant, has - had))
            if has and actors > self._limit:
                raise TenantFullError
        return result

    def _count(self) -> None:
        asked = {"after": "", "marks": MARKS, "last_mark": LAST_MARK}
        for number, kind in enumerate(KEPT):
            asked |= {f"kind{number}": kind, f"end{number}": f"{kind}~"}
        tenant = ""
        while (tenant := _rows(self._connection, _NEXT_TENANT, (tenant,))[0][0]) is not None:
            self._connection.execute(_COUNT, {"tenant": tenant, **asked})


def _rows(connection: apsw.Connection, statement: str, values: tuple[str | int, ...] = ()) -> list[Any]:
    return connection.execute(statement, values).fetchall()
