"""Calls as they are made, each with what it means."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

NO_TAG = '"none.1"'
BROKEN_TAG = "none.1"
JSON = "application/json"


@dataclass(frozen=True)
class Body:
    """A body, and either what it says or the code that it is refused with."""

    sent: bytes
    says: Any = None
    code: str | None = None


@dataclass(frozen=True)
class Draft:
    """What is to be sent as a body: JSON, or bytes that are none."""

    sent: Any
    says: Any = None
    code: str | None = None

    def wrapped(self, how: str, actor: str, other: str, noun: str) -> Body:
        """Return the body as a model writes it: what is meant, or the whole tool call around it."""
        if isinstance(self.sent, bytes):
            return Body(self.sent, self.says, self.code)
        match how:
            case "body":
                sent: Any = {"next": None, "path": {"actor_id": actor}, "body": self.sent}
            case "noun":
                sent = {noun: self.sent}
            case "body and noun":
                sent = {"body": {noun: self.sent}, "query": {}}
            case "other":
                return Body(_encoded({"path": {"actor_id": other}, "body": self.sent}), code="actor_mismatch")
            case _:
                sent = self.sent
        return Body(_encoded(sent), self.says, self.code)


@dataclass(frozen=True)
class Terms:
    """How a write is made: preconditions by what they name, with a key or not, how often, and how its body is sent."""

    if_match: str | None = None
    if_none_match: str | None = None
    keyed: bool = False
    made_twice: bool = False
    media_type: str = JSON
    wrapped: str = "bare"


@dataclass(frozen=True)
class Call:
    """A call.

    Attributes:
        actor: the id in its path.
        operation: its operationId.
        method: its method.
        path: its path below the actor.
        target: what its preconditions are about, None for an operation that knows none.
        place: what path and query say.
        misplaced: the code that the path or the query is refused with.
        query: its query.
        body: its body.
        headers: its header fields.

    """

    actor: str
    operation: str
    method: str
    path: str = ""
    target: str | None = None
    place: Any = None
    misplaced: str | None = None
    query: Mapping[str, str] = field(default_factory=dict)
    body: Body | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def key(self) -> str | None:
        return self.headers.get("Idempotency-Key")

    @property
    def fingerprint(self) -> tuple[object, ...]:
        """Return what makes it another request than one under the same key."""
        conditions = tuple(self.headers.get(name) for name in ("If-Match", "If-None-Match"))
        body = None if self.body is None else self.body.sent if self.has_json else "not JSON"
        return self.actor, self.path, tuple(sorted(self.query.items())), conditions, body

    @property
    def has_json(self) -> bool:
        """Return whether the body is declared as what the operation takes."""
        patches = {"application/merge-patch+json"} if self.operation == "patch-profile" else set()
        return self.body is None or self.headers["Content-Type"] in {JSON} | patches


def _encoded(sent: object) -> bytes:
    return json.dumps(sent, ensure_ascii=False).encode()
