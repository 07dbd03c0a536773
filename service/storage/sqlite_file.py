"""The data file: how it is opened, what lies in it, and how an older one becomes one of today."""

import secrets
from pathlib import Path
from typing import Any

import apsw

from service.storage.sqlite_gaps import traceless_files

APPLICATION_ID = 0x4D656D70
SCHEMA_VERSION = 2
BUSY_TIMEOUT_MS = 30_000
_MAGIC = b"SQLite format 3\0"

# Without a rowid the items of an actor lie side by side in the order of their keys, so that a part of its history is
# read from a few neighbouring pages of the file.
_SCHEMA = """
CREATE TABLE item (
    tenant TEXT NOT NULL,
    actor TEXT NOT NULL,
    key TEXT NOT NULL,
    life TEXT NOT NULL,
    version INTEGER NOT NULL,
    document BLOB NOT NULL,
    expires INTEGER,
    PRIMARY KEY (tenant, actor, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX item_expires ON item (expires) WHERE expires IS NOT NULL;
CREATE TABLE work (
    tenant TEXT NOT NULL,
    actor TEXT NOT NULL,
    name TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (tenant, actor, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX work_at ON work (at);
CREATE TABLE secret (name TEXT NOT NULL PRIMARY KEY, value BLOB NOT NULL) STRICT, WITHOUT ROWID;
"""
_MOVE_PROFILES = """
INSERT INTO item SELECT tenant, actor, 'profile', life, version, document, NULL FROM profile;
DROP TABLE profile;
"""
_MIGRATIONS = {1: _SCHEMA + _MOVE_PROFILES}
"""What makes a file of each older version one of the next."""


class NotOurFileError(Exception):
    """The data file is not one that this version of the service can use."""


def refuse_other_files(path: Path) -> None:
    """Look at a file without opening it as a database, which would make files beside it.

    Raises:
        NotOurFileError: it is no SQLite file.
        OSError: it cannot be read.

    """
    # A power failure while the file was made can leave anything in it, which SQLite undoes by the journal.
    if path.is_file() and not path.with_name(path.name + "-journal").exists():
        with path.open("rb") as file:
            if file.read(len(_MAGIC)) not in (b"", _MAGIC):
                raise NotOurFileError("it is not an SQLite file")


def connect(path: Path, *, writes_to_log: bool = False) -> apsw.Connection:
    """Open the data file with the settings that every connection needs.

    Args:
        path: the file, which is there.
        writes_to_log: whether the connection leaves it to another one to copy committed pages into the file itself.

    """
    file_system = None if writes_to_log else traceless_files()
    connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READWRITE, vfs=file_system)
    if writes_to_log:
        connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
    connection.set_busy_timeout(BUSY_TIMEOUT_MS)
    for setting in ("synchronous = FULL", "secure_delete = ON", "wal_autocheckpoint = 0"):
        connection.execute(f"PRAGMA {setting}")
    return connection


def prepare(connection: apsw.Connection) -> None:
    """Make the tables of a new file, or bring an older one forward, in one transaction.

    Raises:
        NotOurFileError: it was made by another program or by a later version.

    """
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("BEGIN IMMEDIATE")
    if is_blank(connection):
        connection.execute(_SCHEMA)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    else:
        for version in range(schema_version(connection), SCHEMA_VERSION):
            connection.execute(_MIGRATIONS[version])
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
    connection.execute("INSERT OR IGNORE INTO secret VALUES ('marks', ?)", (secrets.token_bytes(32),))
    connection.execute("COMMIT")


def is_blank(connection: apsw.Connection) -> bool:
    """Return whether the file is new: nobody has made it theirs yet."""
    rows: list[Any] = connection.execute(
        "SELECT application_id, (SELECT count(*) FROM sqlite_schema) FROM pragma_application_id"
    ).fetchall()
    return tuple(rows[0]) == (0, 0)


def schema_version(connection: apsw.Connection) -> int:
    """Return the version of the tables of a file that this service can use.

    Raises:
        NotOurFileError: it was made by another program or by a later version.

    """
    rows: list[Any] = connection.execute(
        "SELECT application_id, user_version FROM pragma_application_id, pragma_user_version"
    ).fetchall()
    application, schema = rows[0]
    if application != APPLICATION_ID:
        raise NotOurFileError("it was made by another program")
    if schema > SCHEMA_VERSION:
        raise NotOurFileError(
            f"its schema has version {schema}, and this service knows version {SCHEMA_VERSION} and earlier ones: "
            "a later version of the service made it"
        )
    version: int = schema
    return version


def position(connection: apsw.Connection) -> str | None:
    """Return up to where a copy is made in the file, see `service.storage.migrating`; None when it is no copy."""
    rows: list[Any] = connection.execute("SELECT value FROM secret WHERE name = 'copied'").fetchall()
    return bytes(rows[0][0]).decode() if rows else None


def marks_key(connection: apsw.Connection) -> bytes:
    """Return the key of the hashes that lead to marks."""
    rows: list[Any] = connection.execute("SELECT value FROM secret WHERE name = 'marks'").fetchall()
    return bytes(rows[0][0])
