"""Where the control plane keeps its objects.

An object is a kind, an id and a JSON document. Beside the documents stand the links between objects (what an object
refers to must exist; what refers to a deleted object goes with it), the keys that objects are found by and may be
unique by, the jobs that wait for a process to run them, and the creates that may be repeated.

`sqlite` keeps them in a file that many short-lived processes share, `postgresql` in a database that many servers share.
What is done with them stands here, once, in the SQL that both speak: a parameter is `$1`, and parameters first appear
in the order of their numbers. Documents and keys are ASCII, as JSON escapes the rest, so that every text can be kept.

It is opened with the first request of a provider's launch, so it imports as little as it can.
"""

from __future__ import annotations

import json
import time

WORK_S = 10.0
"""How long, in seconds, work may take with all its repetitions where nothing else is said."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import Any, Protocol, TypeVar

    from tama.control_plane.keys import Key

    Document = dict[str, Any]
    Entry = tuple[Document, Iterable[str], Iterable[Key]]
    Row = tuple[Any, ...]

    Result = TypeVar("Result")

    class Store(Protocol):
        """A store. Threads may share it.

        Work is given a transaction: what it does is done as a whole, or not at all when it raises. It reads one state
        of the store. What it writes is still as it read it, what it refers to still there, and an exclusive key still
        free; where another has come before it with one of these, it is called again. What it reads beyond these may
        have changed when it is done. As it may be called again, it changes nothing else, and neither reads nor writes
        on its own within.

        Raises:
            StoreError: the database failed; from every method, and from those of a transaction.
        """

        def read(self, work: Callable[[Transaction], Result], seconds: float = WORK_S) -> Result:
            """Return what work that changes nothing makes of one state of the store.

            A database ends what takes longer than these seconds; a file ends nothing.
            """

        def write(self, work: Callable[[Transaction], Result], seconds: float = WORK_S) -> Result:
            """Return what work makes, and acknowledge with it what it changed; `seconds` as for reading."""

        def close(self) -> None:
            """Let go of the database; transactions are over."""


LONGEST_CLAIM_S = 60.0
"""Longer than any job takes; the longest asks for a token, and then for what an identity is validated by."""

_DELETE = """
WITH RECURSIVE gone (id) AS (
  SELECT id FROM objects WHERE kind = $1 AND id = $2
  UNION SELECT links.object FROM links JOIN gone ON links.target = gone.id
)
DELETE FROM objects WHERE id IN (SELECT id FROM gone) RETURNING id
"""


class Taken(Exception):  # noqa: N818 - the caller turns it into an answer
    """Another object has an exclusive key; `fields` are the fields that the key is made of."""

    def __init__(self, fields: tuple[str, ...]) -> None:
        super().__init__(fields)
        self.fields = fields


class Transaction:
    """What is done with a store in one step.

    Raises:
        StoreError: the database failed, on any of its methods.
    """

    __slots__ = ()

    def get(self, kind: str, id_: str) -> Document | None:
        """The object with that id, if it is of that kind."""
        if not _may_be_id(id_):
            return None
        return self._one("SELECT document FROM objects WHERE id = $1 AND kind = $2", id_, kind)

    def has(self, kind: str, id_: str) -> bool:
        """Whether there is an object of that kind with that id."""
        return _may_be_id(id_) and bool(self._run("SELECT 1 FROM objects WHERE id = $1 AND kind = $2", id_, kind))

    def find(self, key: Key) -> Document | None:
        """The oldest object that has the key."""
        return self._one(
            "SELECT document FROM keys JOIN objects ON id = object WHERE name = $1 ORDER BY object LIMIT 1", key.name
        )

    def holders(self, names: Sequence[str]) -> dict[str, str]:
        """Of keys, by their names, those that objects have, each with the id of one."""
        statement = f"SELECT name, object FROM keys WHERE name IN ({_places(names)})"  # noqa: S608 - of our own words
        return dict(self._run(statement, *names))

    def all(self, kind: str, target: str | None = None) -> list[Document]:
        """Every object of a kind, the oldest first; with a target, those that refer to that object."""
        if target is None:
            rows = self._run("SELECT document FROM objects WHERE kind = $1 ORDER BY id", kind)
        else:
            rows = self._run(
                "SELECT document FROM links JOIN objects ON id = object WHERE target = $1 AND kind = $2 ORDER BY id",
                target,
                kind,
            )
        return [json.loads(document) for (document,) in rows]

    def add(self, kind: str, entries: Iterable[Entry]) -> None:
        """Insert objects of a kind: of each its document, with its `id`, what it refers to, and what it is found by.

        Raises:
            Taken: another object has one of the exclusive keys.
            ValueError: a document holds what JSON cannot.
        """
        entries = list(entries)
        self._insert("objects", [(one["id"], kind, _text(one)) for one, _, _ in entries])
        self._connect(entries)

    def replace(self, kind: str, entries: Iterable[Entry]) -> None:
        """Put objects in the place of those that have their ids; as `add` does."""
        entries = list(entries)
        if not entries:
            return
        for one, _, _ in entries:
            self._run("UPDATE objects SET document = $1 WHERE id = $2 AND kind = $3", _text(one), one["id"], kind)
        ids = [one["id"] for one, _, _ in entries]
        for table in ("links", "keys"):
            self._run(f"DELETE FROM {table} WHERE object IN ({_places(ids)})", *ids)  # noqa: S608 - of our own words
        self._connect(entries)

    def delete(self, kind: str, id_: str) -> bool:
        """Delete an object and everything that refers to it; whether it was there."""
        return bool(self._run(_DELETE, kind, id_))

    def add_job(self, object_: str) -> None:
        """Store a job for an object in the place of the one it may have, also if that is being run."""
        self._run(
            "INSERT INTO jobs (object, claim, claimed_until) VALUES ($1, NULL, 0)"
            " ON CONFLICT (object) DO UPDATE SET claim = NULL, claimed_until = 0",
            object_,
        )

    def claim_job(self, object_: str, claim: str, seconds: float) -> bool:
        """Take an object's job for some seconds, at most LONGEST_CLAIM_S; whether there was one that nobody had.

        A claim that ended counts as none, as its holder was killed; so does one that ends later than any can.
        """
        now = self._now()
        return bool(
            self._run(
                "UPDATE jobs SET claim = $1, claimed_until = $2 WHERE object = $3"
                " AND claimed_until NOT BETWEEN $4 AND $5 RETURNING object",
                claim,
                now + seconds,
                object_,
                now,
                now + LONGEST_CLAIM_S,
            )
        )

    def waiting_jobs(self, kind: str, limit: int) -> list[str]:
        """The ids of objects of a kind with a job that nobody has, the oldest first."""
        now = self._now()
        rows = self._run(
            "SELECT object FROM jobs JOIN objects ON id = object"
            " WHERE kind = $1 AND claimed_until NOT BETWEEN $2 AND $3 ORDER BY object LIMIT $4",
            kind,
            now,
            now + LONGEST_CLAIM_S,
            limit,
        )
        return [object_ for (object_,) in rows]

    def keep_jobs(self, claims: Sequence[str], seconds: float) -> None:
        """Have claims end in some seconds from now, those that have not been lost."""
        statement = f"UPDATE jobs SET claimed_until = $1 WHERE claim IN ({_places(claims, 2)})"  # noqa: S608 - as above
        self._run(statement, self._now() + seconds, *claims)

    def finish_job(self, object_: str, claim: str) -> bool:
        """Remove the job that was claimed; False when it is no longer that one."""
        return bool(self._run("DELETE FROM jobs WHERE object = $1 AND claim = $2 RETURNING object", object_, claim))

    def keep_create(self, client: str, key: str, request: str, object_: str | None, seconds: float) -> None:
        """Keep what a create made, so that it is made once however often it is sent.

        Args:
            client: who sent it.
            key: the client's name for this create, its `Idempotency-Key`.
            request: a digest of the request, to tell it from another one with the same key.
            object_: the id of the object, which stays when that is deleted; None burns the key: nothing was made with
                it, and a create that is still on its way can be told that nothing may be.
            seconds: how long it is kept.
        """
        self._run(
            "INSERT INTO creates (client, key, request, object, expires) VALUES ($1, $2, $3, $4, $5)"
            " ON CONFLICT (client, key) DO UPDATE"
            " SET request = excluded.request, object = excluded.object, expires = excluded.expires",
            client,
            key,
            request,
            object_,
            time.time() + seconds,
        )

    def find_create(self, client: str, key: str) -> tuple[str, str | None] | None:
        """The digest of the create with a key, and the id of what it made; None when no such create is kept."""
        rows = self._run(
            "SELECT request, object FROM creates WHERE client = $1 AND key = $2 AND expires > $3",
            client,
            key,
            time.time(),
        )
        return (rows[0][0], rows[0][1]) if rows else None

    def forget_creates(self) -> None:
        """Remove the creates whose time is over."""
        self._run("DELETE FROM creates WHERE expires <= $1", time.time())

    def _connect(self, entries: Sequence[Entry]) -> None:
        """Store the links and keys of objects."""
        self._insert("links", [(one["id"], target) for one, targets, _ in entries for target in set(targets)])
        keys = {(key.name, one["id"]): key for one, _, keys in entries for key in keys}
        rows = [(name, object_, key.exclusive) for (name, object_), key in keys.items()]
        for taken in keys.keys() - self._insert("keys", rows, " ON CONFLICT DO NOTHING RETURNING name, object"):
            raise Taken(keys[taken].fields)

    def _one(self, statement: str, *values: str) -> Document | None:
        rows = self._run(statement, *values)
        document: Document | None = json.loads(rows[0][0]) if rows else None
        return document

    def _run(self, statement: str, *values: str | float | None) -> list[Row]:
        """The rows that a statement answers."""
        raise NotImplementedError

    def _insert(self, table: str, rows: Sequence[Row], tail: str = "") -> list[Row]:
        """Insert rows, and answer what the tail of the statement has them answer."""
        raise NotImplementedError

    def _now(self) -> float:
        """The time, in seconds since the epoch, by the clock that all who claim jobs share."""
        raise NotImplementedError


def _places(values: Sequence[object], first: int = 1) -> str:
    """The parameters that stand for some values, from the one with a number."""
    return ", ".join(f"${number}" for number in range(first, first + len(values)))


def _may_be_id(text: str) -> bool:
    """Whether it may be an id. What is none may be a text that a database cannot even be asked for."""
    return text.isascii() and text.isprintable()


def _text(document: Document) -> str:
    return json.dumps(document, separators=(",", ":"), allow_nan=False)
