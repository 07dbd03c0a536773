"""Data files with as many actors as are asked for, and the same actors each time.

They are written through the store's own code, but without its thread and without a synchronisation of each write, and
kept for the next run.
"""

import hashlib
import itertools
import os
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import apsw

from service.items import Changes
from service.personalization.history.layout import Head, put_event
from service.personalization.profile import PROFILE_KEY, document
from service.storage.owner import Owner
from service.storage.sqlite_file import connect, marks_key, prepare
from service.storage.sqlite_items import SQLiteChanges
from tools.environment import STATE

FOLDER = STATE / "benchmarks"
TENANT: Final = "default"
EVENTS: Final = 20
MOST_WITH_HISTORY: Final = 10_000
"""The first so many actors have a history of EVENTS events."""

FIRST: Final = 0
_WRITTEN_AT: Final = 1_700_000_000
_SAID: Final = (
    ("assistant", "There is an animated film of 92 minutes that fits what you liked so far. Shall I say more of it?"),
    ("user", "What could I watch tonight? Something that is not too long, please, and that the children can see too."),
)


def actor(number: int) -> str:
    """Return the id of an actor; all have the same length."""
    return f"actor-{number:07d}"


def profile(number: int) -> dict[str, Any]:
    """Return the profile of an actor as the service shows it; all have the same length."""
    return {
        "dates": [{"index": 0, "significance": "birth", "value": "1990-03-03"}],
        "gender": "other",
        "names": [
            {"group": "callable", "index": 0, "value": f"Callable {number:012d}"},
            {"group": "real", "index": 0, "value": f"Real Name {number:012d}"},
        ],
        "pronoun": "they/them",
    }


def prepared(actors: int) -> Path:
    """Return a data file with this many actors, which nobody may write to; it is made when there is none."""
    path = FOLDER / f"actors-{actors}-{_digest()}.db"
    if not path.exists():
        FOLDER.mkdir(parents=True, exist_ok=True)
        for other in FOLDER.glob(f"actors-{actors}-*"):
            other.unlink()
        new = path.with_suffix(f".{os.getpid()}")
        try:
            write(new, actors)
            new.replace(path)
        finally:
            new.unlink(missing_ok=True)
    return path


def write(path: Path, actors: int) -> None:
    """Write a data file with this many actors; a crash in between leaves one that is of no use."""
    path.touch(0o600)
    with closing(connect(path)) as connection:
        prepare(connection)
        for setting in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -200000"):
            connection.execute(f"PRAGMA {setting}")
        connection.execute("BEGIN IMMEDIATE")
        key = marks_key(connection)
        for number in range(actors):
            _write_actor(SQLiteChanges(connection, Owner(TENANT, actor(number), key), _WRITTEN_AT), number)
            _progress(number + 1, actors)
        connection.execute("COMMIT")
        for setting in ("journal_mode = WAL", "synchronous = FULL"):
            connection.execute(f"PRAGMA {setting}")
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _write_actor(changes: Changes, number: int) -> None:
    if number < MOST_WITH_HISTORY:
        for place in range(1, EVENTS + 1):
            put_event(changes, place, _event(number, place))
        Head(last=EVENTS).store(changes)
    changes.put(PROFILE_KEY, document({}, profile(number), _WRITTEN_AT))


def _event(number: int, place: int) -> dict[str, Any]:
    role, content = _SAID[place % len(_SAID)]
    return {
        "content": f"{content} ({number:07d}, {place:02d})",
        "event_id": f"event-{place:02d}",
        "received_ms": (_WRITTEN_AT + place) * 1_000,
        "role": role,
    }


def _digest() -> str:
    """Return what changes when other files would be written: the tables, or what lies in them."""
    with closing(apsw.Connection(":memory:")) as connection:
        prepare(connection)
        tables: Iterator[Any] = connection.execute("SELECT sql FROM sqlite_schema")
        parts = itertools.chain((repr(row) for row in tables), (Path(__file__).read_text("utf-8"),))
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]


def _progress(done: int, actors: int) -> None:
    if sys.stderr.isatty() and (done % 10_000 == 0 or done == actors):
        print(f"\rwriting actor {done:,} of {actors:,}", end="\n" if done == actors else "", file=sys.stderr)
