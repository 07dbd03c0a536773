"""The store in a PostgreSQL database that many servers share.

A transaction sees one state (repeatable read), and is run again when what it writes has become another's meanwhile: a
row that was changed, a key that was taken, an object that it refers to and that was deleted, or one that it deletes and
that was referred to. Serializable ones would be run again for what they only read, and a long one would hardly ever end
among many short ones.
"""

from __future__ import annotations

from psycopg import Error, RawCursor
from psycopg.errors import ForeignKeyViolation, SerializationFailure, UniqueViolation

from hosting.postgresql import Database, DatabaseError
from hosting.postgresql_schema import bring_forward
from tama.control_plane.errors import StoreError
from tama.control_plane.store import WORK_S, Transaction

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hosting.postgresql import Connection
    from tama.control_plane.store import Result, Row

_SCHEMA = "tama"

_CONFLICTS = 100
"""How often a transaction may meet another."""

_MEETINGS = 5
"""How often a row that a transaction needs, or needs to be new, may be another's meanwhile."""

_STEPS = (
    """
SET LOCAL search_path TO tama;
CREATE TABLE objects (
  id text COLLATE "C" PRIMARY KEY,
  kind text NOT NULL,
  document text NOT NULL
);
CREATE INDEX objects_by_kind ON objects (kind, id);
CREATE TABLE links (
  object text COLLATE "C" NOT NULL REFERENCES objects (id) ON DELETE CASCADE,
  target text COLLATE "C" NOT NULL REFERENCES objects (id) ON DELETE CASCADE,
  PRIMARY KEY (object, target)
);
CREATE INDEX links_by_target ON links (target);
CREATE TABLE keys (
  name text COLLATE "C" NOT NULL,
  object text COLLATE "C" NOT NULL REFERENCES objects (id) ON DELETE CASCADE,
  exclusive boolean NOT NULL,
  PRIMARY KEY (name, object)
);
CREATE UNIQUE INDEX keys_exclusive ON keys (name) WHERE exclusive;
CREATE INDEX keys_by_object ON keys (object);
CREATE TABLE jobs (
  object text COLLATE "C" PRIMARY KEY REFERENCES objects (id) ON DELETE CASCADE,
  claim text,
  claimed_until double precision NOT NULL
);
CREATE TABLE creates (
  client text NOT NULL,
  key text NOT NULL,
  request text NOT NULL,
  object text,
  expires double precision NOT NULL,
  PRIMARY KEY (client, key)
);
CREATE INDEX creates_by_expiry ON creates (expires);
""",
)

_COLUMNS = {"objects": ("text", "text", "text"), "links": ("text", "text"), "keys": ("text", "text", "boolean")}


class PostgreSQLStore:
    """The schema `tama` of a database; see `Store`.

    Args:
        address: a URI as libpq takes it.
        create: whether a database without the schema gets one.

    Raises:
        StoreError: the database cannot be reached or used; there is no schema and `create` is false; a newer program
            made it.
    """

    def __init__(self, address: str, *, create: bool = True) -> None:
        try:
            self._database = Database(address)
        except DatabaseError as error:
            raise _failure(error) from None
        try:
            self._prepare(create=create)
        except StoreError:
            self.close()
            raise

    def read(self, work: Callable[[Transaction], Result], seconds: float = WORK_S) -> Result:
        """See `Store.read`."""
        return self._transact("REPEATABLE READ READ ONLY", work, seconds)

    def write(self, work: Callable[[Transaction], Result], seconds: float = WORK_S) -> Result:
        """See `Store.write`."""
        return self._transact("REPEATABLE READ", work, seconds)

    def close(self) -> None:
        """See `Store.close`."""
        self._database.close()

    def _prepare(self, *, create: bool) -> None:
        try:
            if not create and not self._is_made():
                raise StoreError(f"There is no control plane in the database: it has no schema '{_SCHEMA}'.")
            bring_forward(self._database, _SCHEMA, _STEPS)
        except (DatabaseError, Error) as error:
            raise _failure(error) from None

    def _is_made(self) -> bool:
        statement = f"SELECT to_regclass('{_SCHEMA}.objects')".encode()
        return self._database.read(lambda connection: connection.execute(statement).fetchall()) != [(None,)]

    def _transact(self, isolation: str, work: Callable[[Transaction], Result], seconds: float) -> Result:
        met = 0

        def run(connection: Connection) -> Result:
            nonlocal met
            try:
                return work(_PostgreSQLTransaction(connection))
            except (ForeignKeyViolation, UniqueViolation):
                met += 1
                if met > _MEETINGS:
                    raise
                # What it refers to was deleted meanwhile, or what it adds was added: the next attempt sees it.
                raise SerializationFailure from None

        try:
            return self._database.transact(
                run, isolation=isolation, search_path=_SCHEMA, seconds=seconds, conflicts=_CONFLICTS
            )
        except (DatabaseError, Error) as error:
            raise _failure(error) from None


class _PostgreSQLTransaction(Transaction):
    __slots__ = ("_cursor",)

    def __init__(self, connection: Connection) -> None:
        self._cursor = RawCursor(connection)

    def _run(self, statement: str, *values: object) -> list[Row]:
        cursor = self._cursor.execute(statement.encode(), values)
        return cursor.fetchall() if cursor.description else []

    def _insert(self, table: str, rows: Sequence[Row], tail: str = "") -> list[Row]:
        if not rows:
            return []
        columns = ", ".join(f"${number}::{type_}[]" for number, type_ in enumerate(_COLUMNS[table], 1))
        statement = f"INSERT INTO {table} SELECT * FROM unnest({columns}){tail}"  # noqa: S608 - of our own words
        return self._run(statement, *map(list, zip(*rows, strict=True)))

    def _now(self) -> float:
        ((now,),) = self._run("SELECT extract(epoch FROM clock_timestamp())::float8")
        return float(now)


def _failure(error: Exception) -> StoreError:
    # The words of an error of a statement may hold what was to be stored.
    said = error if isinstance(error, DatabaseError) else f"{type(error).__name__} {getattr(error, 'sqlstate', '')}"
    return StoreError(f"The control plane's database cannot be used: {said}.")
