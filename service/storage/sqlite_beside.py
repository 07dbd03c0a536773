"""The store on an SQLite file that another process may be serving, for commands that change little and end."""

import os
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

import apsw

from hosting.sqlite_copies import told
from service.items import Changes, Item, Items
from service.storage import StoreUnavailableError
from service.storage.files import FileLock, make_private_folder, open_private_file
from service.storage.owner import Owner
from service.storage.sqlite_file import (
    SCHEMA_VERSION,
    NotOurFileError,
    connect,
    is_blank,
    marks_key,
    prepare,
    schema_version,
)
from service.storage.sqlite_items import SQLiteChanges, SQLiteItems, get_at_once

_T = TypeVar("_T")


class SQLiteBeside:
    """See `ItemStore`. A write waits for those of the process that serves the file, as long as a busy timeout lasts.

    The file is made, or one of an older version brought forward, only when nobody serves it.

    Args:
        path: the file.
        clock: the time, in seconds since the epoch, by which items expire.

    Raises:
        HeldError: it would have to be made or brought forward, and another process serves it.
        NotOurFileError: it is another kind of file, or of a later version.
        OSError, StoreUnavailableError: it cannot be opened.

    """

    def __init__(self, path: Path, clock: Callable[[], float]) -> None:
        self._clock = clock
        with _translated():
            if not _is_current(path):
                _make_current(path)
            self._connection = connect(path)
            self._marks_key = marks_key(self._connection)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()

    def get(self, tenant: str, actor: str, *keys: str) -> list[Item | None]:
        """See `ItemStore.get`."""
        with _translated():
            return get_at_once(self._connection, self._owner(tenant, actor), keys, int(self._clock()))

    def read(self, tenant: str, actor: str, view: Callable[[Items], _T]) -> _T:
        """See `ItemStore.read`."""
        with _translated(), self._transaction("BEGIN"):
            return view(SQLiteItems(self._connection, self._owner(tenant, actor), int(self._clock())))

    def write(self, tenant: str, actor: str, change: Callable[[Changes], _T]) -> _T:
        """See `ItemStore.write`."""
        # A transaction that reads before it asks for the right to write fails, whatever the busy timeout.
        with _translated(), self._transaction("BEGIN IMMEDIATE"):
            return change(SQLiteChanges(self._connection, self._owner(tenant, actor), int(self._clock())))

    def _owner(self, tenant: str, actor: str) -> Owner:
        return Owner(tenant, actor, self._marks_key)

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[None]:
        self._connection.execute(begin)
        try:
            yield
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")


def _is_current(path: Path) -> bool:
    if not path.is_file() or not path.stat().st_size:
        return False
    with closing(connect(path)) as connection:
        return not is_blank(connection) and schema_version(connection) == SCHEMA_VERSION


def _make_current(path: Path) -> None:
    make_private_folder(path.parent)
    with FileLock(path):
        os.close(open_private_file(path))
        with closing(connect(path)) as connection:
            prepare(connection)


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except apsw.NotADBError:
        raise NotOurFileError("it is not an SQLite file") from None
    except apsw.Error as error:
        raise StoreUnavailableError(told(error)) from error
