"""Calls that change something, and what came of them."""

import itertools
import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

PROFILE, PREFERENCE, APPEND, REMOVE = "profile", "preference", "append", "remove"


@dataclass(slots=True)
class Call:
    """A call, by whom it was made, and what was answered.

    Attributes:
        connection: the number of the connection; each makes one call after the other.
        actor: whose data it changes.
        kind: PROFILE, PREFERENCE, APPEND, REMOVE.
        method: the HTTP method.
        path: the path below the profile of the actor.
        body: what is sent as JSON.
        headers: the headers that matter to what is done.
        begun: the moment at which it was begun, as a number that counts moments.
        ended: the moment at which it was answered, None as long as nobody knows what became of it.
        status: the HTTP status.
        etag: the version that was answered, with its life.
        answer: the body that was answered.
        attempts: how often it was made until it was answered.
        is_repeated: whether it was made again after it was answered.

    """

    connection: int
    actor: str
    kind: str
    method: str
    path: str = ""
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    begun: int = 0
    ended: int | None = None
    status: int = 0
    etag: str = ""
    answer: Any = None
    attempts: int = 0
    is_repeated: bool = False

    @property
    def is_settled(self) -> bool:
        """Return whether its outcome was unknown at first."""
        return self.attempts > 1 and not self.is_unknown

    @property
    def is_acknowledged(self) -> bool:
        return 200 <= self.status < 300

    @property
    def is_unknown(self) -> bool:
        return self.ended is None

    @property
    def version(self) -> int:
        return int(self.etag.strip('"').rpartition(".")[2])

    @property
    def seen_version(self) -> int | None:
        """Return the version that the call asks to find."""
        seen = self.headers.get("If-Match")
        return None if seen is None else int(seen.strip('"').rpartition(".")[2])


class Log:
    """All calls of all connections.

    Attributes:
        calls: the calls, in the order in which they were begun.
        broken: sentences on answers that must not be.
        statuses: how often each status was answered.
        longest: how many seconds the longest exchange took.

    """

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.broken: list[str] = []
        self.statuses: Counter[int] = Counter()
        self.longest = 0.0
        self._moments = itertools.count(1)
        self._changed = threading.Condition()
        self._acknowledged = 0

    def begin(self, call: Call) -> None:
        with self._changed:
            call.begun = next(self._moments)
            self.calls.append(call)

    def end(self, call: Call, status: int, headers: Mapping[str, str], answer: Any) -> None:
        with self._changed:
            call.status, call.etag, call.answer = status, headers.get("etag", ""), answer
            call.ended = next(self._moments)
            self._acknowledged += call.is_acknowledged
            self._changed.notify_all()

    def took(self, seconds: float, status: int) -> None:
        with self._changed:
            self.statuses[status] += 1
            self.longest = max(self.longest, seconds)

    def wait_for(self, acknowledged: int, timeout: float) -> None:
        """Wait until so many calls more are acknowledged."""
        with self._changed:
            enough = self._acknowledged + acknowledged
            assert self._changed.wait_for(lambda: self._acknowledged >= enough, timeout)

    def counted(self) -> dict[str, int]:
        """Return how many calls there were of each kind and outcome."""
        kinds = Counter("unknown" if call.is_unknown else f"{call.kind} {call.status}" for call in self.calls)
        kinds["settled"] = sum(call.is_settled for call in self.calls)
        kinds["repeated"] = sum(call.is_repeated for call in self.calls)
        return dict(sorted(kinds.items()))
