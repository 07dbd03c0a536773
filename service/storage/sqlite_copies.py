"""Copies of the data file: how one is made while the file is served, and how one becomes the data file again."""

from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import apsw

from hosting import sqlite_copies as copies
from hosting.sqlite_copies import CopyError, synchronise
from service.storage.erasure_file import ErasureFileError, erasure_file, read_erasures, read_withdrawals
from service.storage.files import FileLock, HeldError, make_private_folder
from service.storage.sqlite_census import forget_census
from service.storage.sqlite_erasing import erase_again, withdraw_again
from service.storage.sqlite_file import BUSY_TIMEOUT_MS, NotOurFileError, connect, prepare, schema_version

_KINDS = """
SELECT CASE
        WHEN actor LIKE 'mark/%' THEN 'marks'
        WHEN instr(key, '/') THEN substr(key, 1, instr(key, '/') - 1)
        ELSE key
    END AS kind, count(*)
FROM item WHERE expires IS NULL OR expires > unixepoch() GROUP BY kind ORDER BY kind
"""
_FIGURES = {
    "tenants": "SELECT count(DISTINCT tenant) FROM item WHERE tenant <> ''",
    "actors": """
        SELECT count(*) FROM (SELECT DISTINCT tenant, actor FROM item WHERE tenant <> '' AND actor NOT LIKE 'mark/%')
    """,
    "expired": "SELECT count(*) FROM item WHERE expires <= unixepoch()",
    "scheduled_work": "SELECT count(*) FROM work",
}
_NEW_LIVES = "UPDATE item SET life = lower(hex(randomblob(9)))"


def back_up(store: Path, target: Path, *, replace: bool = False) -> None:
    """Copy a data file as it is at one moment, also while it is served; see `hosting.sqlite_copies.back_up`.

    Args:
        store: the data file.
        target: where the copy goes; only its owner may read it, whatever the umask.
        replace: whether a file that is there is replaced.

    Raises:
        CopyError: there is no copy.

    """
    with _explained(store), closing(_open(store, readonly=False)) as source:
        schema_version(source)
        copies.back_up(source, target, connect, replace=replace)


def restore(backup: Path, store: Path, *, replace: bool = False) -> int:
    """Make a backup the data file again.

    Every item begins a new life, so that no `ETag` of before matches one. Who was erased after the backup was made, as
    the log of erasures beside the data file says, is erased in it too before it has its place, and whose consent stands
    withdrawn by that log has withdrawn it there too.

    Args:
        backup: the copy; it stays as it is, and may be of an older version.
        store: the data file, which nobody serves.
        replace: whether a data file that is there is replaced.

    Returns:
        How many actors were erased again.

    Raises:
        CopyError: the data file is as it was.

    """
    with _explained(store):
        make_private_folder(store.parent)
        try:
            lock = FileLock(store)
        except HeldError as error:
            holder = f"process {error.holder}" if error.holder else "another process"
            raise CopyError(f"{store} is served by {holder}. Stop it first.") from None
    with lock:
        if not replace and store.exists():
            raise CopyError(f"{store} is there already. Say --force to replace it, with all that it holds.")
        if backup.exists() and store.exists() and backup.samefile(store):
            raise CopyError(f"{backup} is the data file itself. Name a backup.")
        erasures, withdrawals = _log(store)
        with _explained(backup), closing(_open(backup, readonly=True)) as source:
            schema_version(source)
            with _explained(store), copies.unfinished(store) as copy:
                with closing(copies.copied(source, copy, connect)) as copied:
                    copies.check(copied)
                    prepare(copied)
                    erased = erase_again(copied, erasures)
                    withdraw_again(copied, withdrawals)
                    forget_census(copied)
                    copied.execute(_NEW_LIVES)
                    copied.execute("PRAGMA journal_mode = DELETE")
                _let_go_of_log(store)
                copies.put_in_place(copy, store, replace=replace)
    return erased


def inspect(store: Path) -> dict[str, Any]:
    """Check a data file, also while it is served, and count what it holds.

    Returns:
        The version of its schema, how many items there are of each kind, and figures on all of them.

    Raises:
        CopyError: it is damaged, or cannot be read.

    """
    with _explained(store), closing(_open(store, readonly=False)) as source:
        source.execute("BEGIN")
        version = schema_version(source)
        copies.check(source)
        if version < 2:  # noqa: PLR2004 - the first version with items
            return {"integrity": "ok", "schema_version": version}
        figures = {name: _rows(source, query)[0][0] for name, query in _FIGURES.items()}
        return {"integrity": "ok", "schema_version": version, "items": dict(_rows(source, _KINDS)), **figures}


def _log(store: Path) -> tuple[dict[str, str], dict[tuple[str, str], bytes]]:
    log = erasure_file(store)
    with _explained(log):
        try:
            return read_erasures(store), read_withdrawals(store)
        except ErasureFileError as error:
            raise CopyError(f"The log of erasures {log} cannot be used: {error}.") from None


def _rows(connection: apsw.Connection, query: str) -> list[Any]:
    return connection.execute(query).fetchall()


def _open(path: Path, *, readonly: bool) -> apsw.Connection:
    if not path.is_file():
        raise CopyError(f"There is no file {path}.")
    if not readonly:
        return connect(path)
    connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
    connection.set_busy_timeout(BUSY_TIMEOUT_MS)
    return connection


def _let_go_of_log(store: Path) -> None:
    """Remove the write-ahead log of the file that goes, which SQLite would take for one of the file that comes."""
    if store.exists():
        # What is damaged is replaced all the same.
        with suppress(apsw.Error), closing(connect(store)) as connection:
            connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
    for suffix in ("-wal", "-shm"):
        store.with_name(store.name + suffix).unlink(missing_ok=True)
    synchronise(store.parent)


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    with copies.explained(path):
        try:
            yield
        except NotOurFileError as error:
            raise CopyError(f"{path} cannot be used: {error}.") from None
