"""Copies of an SQLite file, as it is at one moment, also while it is in use; one gets its name when it is whole."""

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import apsw

Connect = Callable[[Path], apsw.Connection]

_TOLD = {
    apsw.CantOpenError: "it or the log beside it cannot be opened; run this as the user whose they are",
    apsw.CorruptError: "it is damaged",
    apsw.NotADBError: "it is not an SQLite file",
}


class CopyError(Exception):
    """What was asked of a file was not done; the text says why, and names files alone."""


def back_up(source: apsw.Connection, target: Path, connect: Connect, *, replace: bool = False) -> None:
    """Copy a database; the copy is complete, checked and on the disk before it has its name.

    Args:
        source: the database, which others may go on to use.
        target: where the copy goes; only its owner may read it, whatever the umask.
        connect: opens the copy.
        replace: whether a file that is there is replaced.

    Raises:
        CopyError: there is no copy.

    """
    if target.exists() and target.samefile(source.filename):
        raise CopyError(f"{target} is the file that is to be copied. Name another one for the copy.")
    if not replace and target.exists():
        raise CopyError(f"{target} is there already. Name another file, or say --force to replace it.")
    with explained(target), unfinished(target) as file:
        with closing(copied(source, file, connect)) as copy:
            check(copy)
        put_in_place(file, target, replace=replace)


def copied(source: apsw.Connection, target: Path, connect: Connect) -> apsw.Connection:
    """Copy a database into an empty file that is there, and return a connection to it."""
    copy = connect(target)
    # One step holds one state of the source; several would begin anew with each write to it.
    with copy.backup("main", source, "main") as backup:
        backup.step(-1)
    # The copy is one file, and needs no log beside it.
    copy.execute("PRAGMA journal_mode = DELETE")
    return copy


def check(connection: apsw.Connection) -> None:
    """Raise CopyError where SQLite finds damage."""
    if connection.execute("PRAGMA integrity_check(1)").fetchall() != [("ok",)]:
        raise CopyError("The data is damaged: SQLite's integrity check fails.")


@contextmanager
def unfinished(target: Path) -> Iterator[Path]:
    """Yield an empty file beside the target that only its owner may read, and that is gone in the end."""
    descriptor, name = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".unfinished", dir=target.parent)
    os.close(descriptor)
    path = Path(name)
    try:
        yield path
    finally:
        for suffix in ("", "-journal", "-wal", "-shm"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)


def put_in_place(file: Path, target: Path, *, replace: bool) -> None:
    """Give a file its name.

    Raises:
        CopyError: there is one of that name that is not to be replaced.

    """
    synchronise(file)
    if replace:
        file.replace(target)
    else:
        try:
            # Unlike a rename it replaces nothing that has come meanwhile.
            target.hardlink_to(file)
        except FileExistsError:
            raise CopyError(f"{target} is there already.") from None
    synchronise(target.parent)


def synchronise(path: Path) -> None:
    """Have what a file holds, or the names in a folder, be on the disk before this returns."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def told(error: apsw.Error) -> str:
    """Return what is wrong with a file, in words that hold nothing of what is in it."""
    return _TOLD.get(type(error), type(error).__name__)


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Raise what SQLite and the system raise about a file as CopyError."""
    try:
        yield
    except apsw.Error as error:
        raise CopyError(f"{path} cannot be used: {told(error)}.") from None
    except OSError as error:
        raise CopyError(f"{path} cannot be used: {error.strerror}.") from None
