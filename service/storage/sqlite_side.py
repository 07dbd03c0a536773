"""An SQLite file as one side of a migration."""

import os
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, cast

import apsw

from hosting.sqlite_copies import told
from service.storage import StoreUnavailableError
from service.storage.files import FileLock, make_private_folder, open_private_file
from service.storage.migrating import MigrationError, Row, Side
from service.storage.sql_side import SQLSide
from service.storage.sqlite_census import forget_census
from service.storage.sqlite_file import (
    SCHEMA_VERSION,
    connect,
    marks_key,
    position,
    prepare,
    refuse_other_files,
    schema_version,
)


@contextmanager
def sqlite_side(path: Path, *, is_source: bool) -> Iterator[Side]:
    """See `open_side`; a target is made if it is not there."""
    refuse_other_files(path)
    if is_source and not path.is_file():
        raise MigrationError(f"There is no file {path}.")
    make_private_folder(path.parent)
    with FileLock(path):
        os.close(open_private_file(path))
        try:
            with closing(connect(path)) as connection:
                if not is_source:
                    prepare(connection)
                    forget_census(connection)
                elif schema_version(connection) != SCHEMA_VERSION:
                    raise MigrationError("The source was made by an earlier version: start this one on it first.")
                yield _SQLiteSide(connection)
        except apsw.Error as error:
            raise StoreUnavailableError(told(error)) from error


class _SQLiteSide(SQLSide):
    prefix = ""
    parameter = "?"

    def __init__(self, connection: apsw.Connection) -> None:
        super().__init__(marks_key(connection))
        self._connection = connection

    def position(self) -> str | None:
        """See `Side.position`."""
        return position(self._connection)

    def fetch(self, statement: str, values: Sequence[object] = ()) -> list[Row]:
        """See `SQLSide.fetch`."""
        rows: Any = self._connection.execute(statement, cast("tuple[str, ...]", tuple(values)))
        return list(rows)

    def change(self, *changes: tuple[str, Sequence[Row]]) -> None:
        """See `SQLSide.change`."""
        with self._connection:
            for statement, rows in changes:
                self._connection.executemany(statement, rows)
        self._connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_PASSIVE)
