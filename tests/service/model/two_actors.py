"""Two actors of a service, called for one way or another, and the model of both."""

from __future__ import annotations

import time
from http import HTTPStatus
from itertools import count
from typing import Any, ClassVar

from hypothesis.stateful import MultipleResults, RuleBasedStateMachine, multiple

from tests.service.model import bodies, expected
from tests.service.model.calls import BROKEN_TAG, NO_TAG, Body, Call, Draft, Terms
from tests.service.model.connection import Connection, hold
from tests.service.model.person import PROFILE, Kept, Person
from tests.service.model.rules import IMPORT, carry_out
from tests.service.server import Answer

BACKGROUND_TIMEOUT_S = 60.0
BACKGROUND_POLL_S = 0.02


class TwoActors(RuleBasedStateMachine):
    """Two actors of a service, and what is expected to be kept of them.

    Attributes:
        address: host and port of the service, which a test sets.
        ids: the ids of the actors, which no other example has.
        people: the person to whom each id leads.

    """

    address: ClassVar[tuple[str, int]]
    _examples: ClassVar = count()

    def __init__(self) -> None:
        super().__init__()
        example = next(self._examples)
        self.ids = [f"{example}-anä@example.com", f"{example}-b"]
        self._http = Connection(*self.address)
        self._tags: set[str] = set()
        self.people: dict[str, Person] = {}
        for actor_id in self.ids:
            self.people[actor_id] = Person(actor_id, self._tags, self.people)
        self._keys = count()
        self._called_for: list[Person] = []

    def teardown(self) -> None:
        for actor_id in self.ids:
            self._http.call("POST", actor_id, "/erasure")
        self._http.close()

    def _write(
        self,
        actor: int,
        terms: Terms,
        draft: Draft | None,
        noun: str,
        operation: str,
        method: str,
        **where: Any,
    ) -> MultipleResults[Call] | Call:
        actor_id, other = self.ids[actor], self.ids[1 - actor]
        headers = {}
        body: Body | None = None
        if draft is not None:
            body = draft.wrapped(terms.wrapped, actor_id, other, noun)
            headers["Content-Type"] = terms.media_type
        if target := where.get("target"):
            self._look_at_tag(actor, target)
            for name, what in (("If-Match", terms.if_match), ("If-None-Match", terms.if_none_match)):
                if what is not None:
                    headers[name] = self._precondition(actor, target, what)
        if terms.keyed:
            headers["Idempotency-Key"] = f"key-{next(self._keys)}"
        call = Call(actor_id, operation, method, body=body, headers=headers, **where)
        self._carry_out(call)
        if terms.made_twice:
            self._carry_out(call)
        return call if terms.keyed else multiple()

    def _look_at_tag(self, actor: int, target: str) -> None:
        """Read something whose tag nobody has seen yet, such as a preference that was imported."""
        person = self.people[self.ids[actor]]
        if target in person.kept and person.kept[target].tag.value is None and person.withdrawn is None:
            path = "" if target == PROFILE else f"/preferences/{target}"
            hold(expected.read(person, target, {}, ""), self._http.call("GET", self.ids[actor], path))

    def _precondition(self, actor: int, target: str, what: str) -> str:
        """Return the header that names a version: `current`, `stale`, of the `other` actor, and so on."""
        person, other = (self.people[self.ids[each]] for each in (actor, 1 - actor))
        current, former = _tag(person.kept.get(target)), person.former.get(target)
        return {
            "current": current,
            "meta": f'{current[:-1]}.meta"',
            "stale": (former[-1].value or NO_TAG) if former else NO_TAG,
            "other": _tag(other.kept.get(target)),
            "any": "*",
            "weak": f"W/{current}",
            "several": f"{NO_TAG}, {current}",
            "broken": BROKEN_TAG,
        }[what]

    def _event_id(self, actor: int, which: int) -> str:
        """Return an id that may be used by an event, or that of an event whatever it is."""
        events = self.people[self.ids[actor]].events
        if which < len(bodies.EVENT_IDS) or not events:
            return bodies.EVENT_IDS[which % len(bodies.EVENT_IDS)]
        event_id = events[which % len(events)].event_id
        return event_id if isinstance(event_id, str) else str(event_id.value)

    def _carry_out(self, call: Call) -> None:
        person = self.people[call.actor]
        waits_for = set()
        if any(each.is_erased for each in self.people.values()):
            waits_for.add("erasure_in_progress")
        if any(each.last and not each.events for each in self.people.values()):
            # Events that were deleted may be in the store still, and then the actor is somebody.
            waits_for.add("actor_exists")
        if call.operation == IMPORT and person.is_erased:
            self._await_erasure(call.actor)
        outcome = carry_out(person, call)
        self._called_for += [person, self.people[call.actor]]
        hold(outcome, self._made(call, waits_for - {outcome.code}))

    def _await_erasure(self, actor_id: str) -> None:
        """Wait until an erasure is over, by a call that changes nothing."""
        headers = {"If-Match": NO_TAG}
        self._made(Call(actor_id, "delete-profile", "DELETE", headers=headers), {"erasure_in_progress"})

    def _made(self, call: Call, waits_for: set[str]) -> Answer:
        """Make a call, again and again while it is refused for what background work will change."""
        sent = None if call.body is None else call.body.sent
        deadline = time.monotonic() + BACKGROUND_TIMEOUT_S
        while True:
            answer = self._http.call(call.method, call.actor, call.path, call.query, sent, call.headers)
            is_early = answer.status == HTTPStatus.CONFLICT and answer.json["code"] in waits_for
            if not is_early or time.monotonic() > deadline:
                return answer
            time.sleep(BACKGROUND_POLL_S)


def _tag(kept: Kept | None) -> str:
    return NO_TAG if kept is None or kept.tag.value is None else kept.tag.value
