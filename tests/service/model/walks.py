"""Lists of events that are read page by page, while the events come and go."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tests.service.model import expected
from tests.service.model.connection import Connection, hold
from tests.service.model.person import Outcome, Person

HISTORY = "/history"


@dataclass
class Walk:
    """One list of events.

    Attributes:
        actor_id: the id in the path.
        query: what is asked for, without limit and cursor.
        cursor: where it goes on, None at its beginning.
        life: the life of the history that it goes through.
        seen: the place of the last event that was seen.

    """

    actor_id: str
    query: Mapping[str, str]
    cursor: str | None = None
    life: object = None
    seen: int | None = None

    def turn(self, service: Connection, person: Person, limit: int) -> None:
        """Read the next page, or the first one when there is none."""
        query = {**self.query, "limit": str(limit), **({"cursor": self.cursor} if self.cursor else {})}
        answer = service.call("GET", self.actor_id, HISTORY, query)
        if self.cursor is not None and (self.life is not person.life or person.withdrawn is not None):
            hold(Outcome(None, code="invalid_cursor"), answer)
            self.cursor = self.seen = None
            return
        left = expected.events(person, self.query, self.seen)
        assert answer.status == 200
        page = answer.json
        assert [event.shown for event in left[:limit]] == [expected.with_time(event) for event in page["events"]]
        assert "next" in page or len(left) <= limit
        self.cursor, self.life = page.get("next"), person.life
        self.seen = (left[:limit][-1].place if left else self.seen) if self.cursor else None

    def stray(self, service: Connection, how: str, other_id: str) -> None:
        """Use the cursor for another list, or another cursor for this one."""
        if self.cursor is None:
            return
        actor_id, query = self.actor_id, {**self.query, "cursor": self.cursor}
        match how:
            case "order":
                query["order"] = "newest" if "oldest" in self.query["order"].lower() else "oldest"
            case "actor":
                actor_id = other_id
            case "text":
                query["cursor"] = self.cursor[:-4] + "AAAA"
        hold(Outcome(None, code="invalid_cursor"), service.call("GET", actor_id, HISTORY, query))
