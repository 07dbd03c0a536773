"""How many actors each tenant has, counted with every write so that the last place is given away once.

The numbers lie in a table that is there only while a store with a limit keeps it up. They change in the transaction of
the write that changes them, so they are right after a crash too.
"""

from collections.abc import Callable
from typing import Any, TypeVar

import apsw

from service.items import KEPT, MARKS
from service.storage import TenantFullError
from service.storage.sqlite_actors import FOUND, LAST_MARK

_FORGET = "DROP TABLE IF EXISTS census"
_IS_KEPT = "SELECT 1 FROM sqlite_schema WHERE name = 'census'"
_CREATE = "CREATE TABLE census (tenant TEXT NOT NULL PRIMARY KEY, actors INTEGER NOT NULL) STRICT, WITHOUT ROWID"
_NEXT_TENANT = "SELECT min(tenant) FROM item WHERE tenant > ?"
_HAS_KIND = "EXISTS (SELECT 1 FROM item WHERE tenant = :tenant AND actor = {0} AND key >= :kind{1} AND key < :end{1})"
_INSERT_COUNT = "INSERT INTO census SELECT :tenant, count(*) FROM found WHERE instr(name, '/') = 0 AND ({})"
_ADD = """
INSERT INTO census VALUES (?, ?) ON CONFLICT (tenant) DO UPDATE SET actors = actors + excluded.actors RETURNING actors
"""


def _keeps_actor(name: str) -> str:
    """Return the condition that says what `keeps_actor` does, of the items that lie under a name."""
    return " OR ".join(_HAS_KIND.format(name, number) for number in range(len(KEPT)))


_COUNT = " ".join((FOUND, _INSERT_COUNT.format(_keeps_actor("name"))))
_IS_ACTOR = " ".join(("SELECT", _keeps_actor(":actor")))
# The characters of keys all come before the tilde.
_KINDS = {
    f"{name}{number}": key for number, kind in enumerate(KEPT) for name, key in (("kind", kind), ("end", f"{kind}~"))
}

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

    def counted(self, tenant: str, actor: str, change: Callable[[], _T]) -> _T:
        """Make a change of an actor's items, and count whether the actor came or went with it.

        Raises:
            TenantFullError: an actor came who is one too many.

        What the change raises is raised.

        """
        had = self._is_actor(tenant, actor)
        result = change()
        has = self._is_actor(tenant, actor)
        if has != had:
            ((actors,),) = _rows(self._connection, _ADD, (tenant, has - had))
            if has and actors > self._limit:
                raise TenantFullError
        return result

    def _is_actor(self, tenant: str, actor: str) -> int:
        ((has,),) = _rows(self._connection, _IS_ACTOR, {"tenant": tenant, "actor": actor, **_KINDS})
        return int(has)

    def _count(self) -> None:
        asked = {"after": "", "marks": MARKS, "last_mark": LAST_MARK, **_KINDS}
        tenant = ""
        while (tenant := _rows(self._connection, _NEXT_TENANT, (tenant,))[0][0]) is not None:
            self._connection.execute(_COUNT, {"tenant": tenant, **asked})


def _rows(connection: apsw.Connection, statement: str, values: "apsw.Bindings" = ()) -> list[Any]:
    return connection.execute(statement, values).fetchall()
