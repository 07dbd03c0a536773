"""Random interleavings of all operations on two actors, each step held against the model."""

from __future__ import annotations

import json

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, invariant, rule

from tests.service.model import bodies, expected
from tests.service.model.connection import hold
from tests.service.model.person import PROFILE, Person
from tests.service.model.walks import Walk
from tests.service.model.writing import ACTORS, Writing

PAGE = 5


class Interleavings(Writing):
    """Everything that writes, everything that reads, and a comparison of all that is kept after each step."""

    walks: Bundle[Walk] = Bundle("walks")

    @rule(
        actor=ACTORS,
        what=st.sampled_from((PROFILE, PROFILE, *sorted(bodies.PREFERENCES))),
        if_match=st.sampled_from((None, *bodies.TAGS)),
        if_none_match=st.sampled_from((None, *bodies.TAGS)),
        with_meta=st.booleans(),
    )
    def read(self, actor: int, what: str, if_match: str | None, if_none_match: str | None, with_meta: bool) -> None:
        """Read something on a condition."""
        self._look_at_tag(actor, what)
        conditions = (("If-Match", if_match), ("If-None-Match", if_none_match))
        headers = {name: self._precondition(actor, what, tag) for name, tag in conditions if tag is not None}
        query = {"include": "meta"} if with_meta and what == PROFILE else {}
        path = "" if what == PROFILE else f"/preferences/{what}"
        outcome = expected.read(self.people[self.ids[actor]], what, headers, "meta" if query else "")
        hold(outcome, self._http.call("GET", self.ids[actor], path, query, headers=headers))

    @rule(
        target=walks,
        actor=ACTORS,
        order=st.sampled_from(("newest", "oldest", " Oldest ")),
        limit=st.integers(1, 3),
        thread=st.sampled_from((None, None, *bodies.THREADS, "v")),
        since=st.sampled_from((None, None, None, *sorted(bodies.TIMES))),
        until=st.sampled_from((None, None, None, *sorted(bodies.TIMES))),
    )
    def begin_walk(self, actor: int, order: str, limit: int, **filters: str | None) -> Walk:
        asked = {name: value for name, value in filters.items() if value is not None}
        walk = Walk(self.ids[actor], {"order": order, **asked})
        self.go_on(walk, limit)
        return walk

    @rule(walk=walks, limit=st.integers(1, 5))
    def go_on(self, walk: Walk, limit: int) -> None:
        walk.turn(self._http, self.people[walk.actor_id], limit)

    @rule(walk=walks, how=st.sampled_from(("order", "actor", "text")))
    def stray(self, walk: Walk, how: str) -> None:
        (other_id,) = set(self.ids) - {walk.actor_id}
        walk.stray(self._http, how, other_id)

    @rule(actor=ACTORS, budget=st.integers(64, 400), thread=st.none() | st.sampled_from(bodies.THREADS))
    def read_small_context(self, actor: int, budget: int, thread: str | None) -> None:
        query = {"budget": str(budget), "date": expected.DAY.isoformat()} | ({"thread": thread} if thread else {})
        answer = self._http.call("GET", self.ids[actor], "/context", query)
        assert answer.status == 200
        expected.check_small_context(self.people[self.ids[actor]], answer.json, budget, thread)

    @invariant()
    def all_is_as_expected(self) -> None:
        """Compare all that is kept of both actors, and all that can be seen of those who were called for."""
        for actor_id, person in self.people.items():
            exported = self._http.call("GET", actor_id, "/export")
            assert expected.document(person) == expected.read_document(exported.json)
            assert exported.body == expected.canonical(exported.json)
            if person in self._called_for:
                self._compare_what_is_seen(actor_id, person)
        self._called_for = []
        listed = self._http.call("GET", None, "/actors", {"limit": "1000"}).json["actors"]
        expected.check_listed(self.people.values(), [each["actor_id"] for each in listed])

    def _compare_what_is_seen(self, actor_id: str, person: Person) -> None:
        profile = self._http.call("GET", actor_id, "", {"include": "meta"})
        hold(expected.read(person, PROFILE, {}, "meta"), profile)
        hold(expected.preferences(person), self._http.call("GET", actor_id, "/preferences"))
        page = self._http.call("GET", actor_id, "/history", {"limit": "100"}).json
        assert page.keys() == {"events"}
        shown = [event.shown for event in expected.events(person, {"order": "newest"})]
        assert shown == [expected.with_time(event) for event in page["events"]]
        walk = Walk(actor_id, {"order": "oldest"})
        walk.turn(self._http, person, PAGE)
        while walk.cursor is not None:
            walk.turn(self._http, person, PAGE)
        query = {"budget": "32768", "date": expected.DAY.isoformat()}
        expected.check_context(person, self._http.call("GET", actor_id, "/context", query).json)

    @rule(limit=st.integers(1, 3))
    def list_actors(self, limit: int) -> None:
        """List the actors of the tenant page by page; those of former examples may still be among them."""
        query, listed = {"limit": str(limit)}, []
        while True:
            page = self._http.call("GET", None, "/actors", query).json
            listed += [each["actor_id"] for each in page["actors"]]
            if "next" not in page:
                break
            query["cursor"] = page["next"]
        expected.check_listed(self.people.values(), listed)

    @rule()
    def export_tenant(self) -> None:
        """Export the whole tenant, with those actors of former examples who are not erased yet."""
        *lines, end = self._http.call("GET", None, "/actors/export").body.splitlines()
        documents = [document for document in map(json.loads, lines) if "next" not in document]
        assert json.loads(end) == {"actors": len(documents), "end": True}
        for each in documents:
            if each["actor_id"] in self.people:
                assert expected.document(self.people[each["actor_id"]]) == expected.read_document(each)
        expected.check_listed(self.people.values(), [each["actor_id"] for each in documents])
