"""Random interleavings of all operations on two actors, each step held against the model."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from http import HTTPStatus
from itertools import count
from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    MultipleResults,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    precondition,
    rule,
)

from tests.service.model import bodies, expected
from tests.service.model.calls import BROKEN_TAG, NO_TAG, Body, Call, Draft, Terms
from tests.service.model.connection import Connection, hold
from tests.service.model.person import CONSENT, ERASE, IMPORT, KEYS, MERGE, PROFILE, Document, Kept, Person
from tests.service.model.walks import Walk
from tests.service.server import Answer

ACTORS = st.integers(0, 1)
MISPLACED = (
    ("delete-name", "DELETE", "/names/nickname/0", "invalid_parameter"),
    ("delete-name", "DELETE", "/names/real/x", "invalid_parameter"),
    ("delete-date", "DELETE", "/dates/birthday/0", "invalid_parameter"),
    ("delete-date", "DELETE", "/dates/birth/10000", "invalid_parameter"),
    ("delete-preference", "DELETE", "/preferences/colour", "unknown_preference_type"),
    ("create-or-update-preference", "PUT", "/preferences/colour", "unknown_preference_type"),
)
BACKGROUND_TIMEOUT_S = 60.0
BACKGROUND_POLL_S = 0.02
PAGE = 5
PATCH_TYPES = ("application/merge-patch+json", "application/json")


class Interleavings(RuleBasedStateMachine):
    """Two actors of a service, and what is expected to be kept of them.

    Attributes:
        address: host and port of the service, which a test sets.

    """

    address: ClassVar[tuple[str, int]]
    _examples: ClassVar = count()

    made: Bundle[Call] = Bundle("made")
    walks: Bundle[Walk] = Bundle("walks")
    documents: Bundle[Document] = Bundle("documents")

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

    @initialize(
        profiles=st.tuples(*[bodies.new_profiles()] * 2),
        events=st.tuples(*[bodies.histories()] * 2),
        is_keyed=st.booleans(),
    )
    def begin(self, profiles: tuple[Draft, Draft], events: tuple[Draft, Draft], is_keyed: bool) -> None:
        """Begin with actors of whom something is known that has changed already."""
        terms = Terms(keyed=is_keyed)
        for actor in (0, 1):
            self.merge(actor, profiles[actor], terms)
            self.merge(actor, Draft({"gender": "Female"}, {"gender": "female"}), terms)
            self.append(actor, events[actor], terms)
            self._put_preference(actor, terms, "theme", Draft({"value": "dark"}, "dark"))

    # What is called

    @rule(target=made, actor=ACTORS, draft=bodies.profiles(), terms=bodies.terms())
    def merge(self, actor: int, draft: Draft, terms: Terms) -> MultipleResults[Call] | Call:
        return self._write(actor, terms, draft, PROFILE, "create-or-update-profile", "PUT", target=PROFILE)

    @rule(target=made, actor=ACTORS, draft=bodies.patches(), terms=bodies.terms(media_types=PATCH_TYPES))
    def patch(self, actor: int, draft: Draft, terms: Terms) -> MultipleResults[Call] | Call:
        return self._write(actor, terms, draft, PROFILE, "patch-profile", "PATCH", target=PROFILE)

    @rule(target=made, actor=ACTORS, terms=bodies.terms())
    def delete_profile(self, actor: int, terms: Terms) -> MultipleResults[Call] | Call:
        return self._write(actor, terms, None, "", "delete-profile", "DELETE", target=PROFILE)

    @rule(target=made, actor=ACTORS, terms=bodies.terms(), name=st.sampled_from(sorted(KEYS)), which=st.integers(0, 4))
    def delete_entry(self, actor: int, terms: Terms, name: str, which: int) -> MultipleResults[Call] | Call:
        """Delete a name or a date, mostly one that is there."""
        kept = self.people[self.ids[actor]].kept.get(PROFILE)
        entries = kept.value.get(name, []) if kept else []
        key, kinds = KEYS[name][0], {"names": bodies.GROUPS, "dates": bodies.SIGNIFICANCES}[name]
        kind, index = (entries[which][key], entries[which]["index"]) if which < len(entries) else (kinds[0], 7)
        path, place = f"/{name}/{kind.title()}/{index}", (name, (kind, index))
        operation = f"delete-{name[:-1]}"
        return self._write(actor, terms, None, "", operation, "DELETE", target=PROFILE, path=path, place=place)

    @rule(actor=ACTORS, terms=bodies.terms(), where=st.sampled_from(MISPLACED))
    def go_astray(self, actor: int, terms: Terms, where: tuple[str, str, str, str]) -> None:
        """Make a call whose path leads to nothing that there can be."""
        operation, method, path, code = where
        draft = Draft({"value": "dark"}, "dark") if method == "PUT" else None
        target = "colour" if "preference" in operation else PROFILE
        self._write(actor, terms, draft, "preference", operation, method, target=target, path=path, misplaced=code)

    @rule(target=made, actor=ACTORS, terms=bodies.terms(), data=st.data())
    def put_preference(self, actor: int, terms: Terms, data: st.DataObject) -> MultipleResults[Call] | Call:
        name = data.draw(st.sampled_from(sorted(bodies.PREFERENCES)))
        return self._put_preference(actor, terms, name, data.draw(st.sampled_from(bodies.PREFERENCES[name])))

    def _put_preference(self, actor: int, terms: Terms, name: str, draft: Draft) -> MultipleResults[Call] | Call:
        path = f"/preferences/{name.title()}"
        operation = "create-or-update-preference"
        return self._write(actor, terms, draft, "preference", operation, "PUT", target=name, path=path, place=name)

    @rule(target=made, actor=ACTORS, terms=bodies.terms(), name=st.sampled_from(sorted(bodies.PREFERENCES)))
    def delete_preference(self, actor: int, terms: Terms, name: str) -> MultipleResults[Call] | Call:
        path = f"/preferences/{name}"
        return self._write(actor, terms, None, "", "delete-preference", "DELETE", target=name, path=path, place=name)

    @rule(target=made, actor=ACTORS, draft=bodies.histories(), terms=bodies.terms(conditional=False))
    def append(self, actor: int, draft: Draft, terms: Terms) -> MultipleResults[Call] | Call:
        terms = terms if "noun" not in terms.wrapped else replace(terms, wrapped="bare")
        return self._write(actor, terms, draft, "", "append-history", "POST", path="/history")

    @rule(target=made, actor=ACTORS, terms=bodies.terms(conditional=False), which=st.integers(0, 15))
    def delete_event(self, actor: int, terms: Terms, which: int) -> MultipleResults[Call] | Call:
        event_id = self._event_id(actor, which)
        return self._write(
            actor, terms, None, "", "delete-event", "DELETE", path=f"/history/{event_id}", place=event_id
        )

    @rule(target=made, actor=ACTORS, terms=bodies.terms(conditional=False), which=st.integers(0, 15))
    def delete_up_to(self, actor: int, terms: Terms, which: int) -> MultipleResults[Call] | Call:
        event_id = self._event_id(actor, which)
        operation, query = "delete-history-up-to", {"through": event_id}
        return self._write(actor, terms, None, "", operation, "DELETE", path="/history", query=query, place=event_id)

    @rule(target=made, actor=ACTORS, draft=st.sampled_from(bodies.CONSENTS), terms=bodies.terms(conditional=False))
    def set_consent(self, actor: int, draft: Draft, terms: Terms) -> MultipleResults[Call] | Call:
        terms = terms if "noun" not in terms.wrapped else replace(terms, wrapped="bare")
        return self._write(actor, terms, draft, "", CONSENT, "PUT", path="/consent")

    @precondition(lambda self: any(person.withdrawn for person in self.people.values()))
    @rule(is_keyed=st.booleans())
    def give_consent_again(self, is_keyed: bool) -> None:
        for actor, actor_id in enumerate(self.ids):
            if self.people[actor_id].withdrawn is not None:
                self.set_consent(actor, Draft({"status": "given"}, "given"), Terms(keyed=is_keyed))

    @rule(target=made, actor=ACTORS, is_keyed=st.booleans(), with_consent=st.sampled_from((True, True, False)))
    def erase(self, actor: int, is_keyed: bool, with_consent: bool) -> MultipleResults[Call] | Call:
        """Erase an actor, with or without a withdrawal."""
        terms = Terms(keyed=is_keyed, made_twice=is_keyed)
        if with_consent:
            return self._write(actor, terms, None, "", ERASE, "POST", path="/erasure")
        draft = Draft({"status": "withdrawn"}, "withdrawn")
        return self._write(actor, terms, draft, "", CONSENT, "PUT", path="/consent", query={"erase": "true"})

    @rule(target=documents, actor=ACTORS)
    def export(self, actor: int) -> Document:
        person = self.people[self.ids[actor]]
        sent = self._http.call("GET", self.ids[actor], "/export").body
        return Document(
            person.actor_id, sent, tuple(person.aliases), dict(person.kept), tuple(person.events), person.withdrawn
        )

    @rule(
        target=made,
        actor=ACTORS,
        document=documents,
        terms=bodies.terms(conditional=False),
        is_other=st.sampled_from((True, True, True, False)),
    )
    def import_(self, actor: int, document: Document, terms: Terms, is_other: bool) -> MultipleResults[Call] | Call:
        """Import a document, of the actor or as that of the actor."""
        actor_id = self.ids[actor]
        if is_other:
            sent = expected.canonical({**json.loads(document.sent), "actor_id": actor_id})
            document = replace(document, actor_id=actor_id, sent=sent)
        code = None if document.actor_id == actor_id else "actor_mismatch"
        if code is None and actor_id in document.aliases:
            code = "invalid_document"
        draft = Draft(document.sent, document, code)
        return self._write(actor, terms, draft, "", IMPORT, "PUT", path="/import")

    @rule(
        target=made,
        actor=ACTORS,
        draft=bodies.merges(),
        terms=bodies.terms(conditional=False),
        is_itself=st.sampled_from((False, False, False, True)),
    )
    def merge_actors(self, actor: int, draft: Draft, terms: Terms, is_itself: bool) -> MultipleResults[Call] | Call:
        actor_id = self.ids[actor if is_itself else 1 - actor]
        if draft.code is None:
            draft = Draft({"from": actor_id}, actor_id)
        terms = terms if "noun" not in terms.wrapped else replace(terms, wrapped="bare")
        return self._write(actor, terms, draft, "", MERGE, "POST", path="/merge")

    @rule(target=made, actor=ACTORS, into=ACTORS, terms=bodies.terms(conditional=False))
    def move(self, actor: int, into: int, terms: Terms) -> MultipleResults[Call] | Call:
        """Make an actor who is erased anew, or another one, of what was known of an actor."""
        document = self.export(actor)
        self.erase(into, is_keyed=False, with_consent=True)
        return self.import_(into, document, terms, is_other=True)

    @rule(call=made, how=st.sampled_from(("same", "same", "same", "body", "conditions", "media type")))
    def make_again(self, call: Call, how: str) -> None:
        """Make a call with a key again, word for word or as another one."""
        match how:
            case "body" if call.body is not None:
                call = replace(call, body=replace(call.body, sent=call.body.sent + b" "))
            case "conditions":
                call = replace(call, headers={**call.headers, "If-None-Match": '"none.2"'})
            case "media type" if call.body is not None:
                call = replace(call, headers={**call.headers, "Content-Type": "text/plain"})
        self._carry_out(call)

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

    # What is read

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

    @rule()
    def export_tenant(self) -> None:
        """Export the whole tenant, in which the actors of former examples may still be."""
        *lines, end = self._http.call("GET", None, "/actors/export").body.splitlines()
        documents = [document for document in map(json.loads, lines) if "next" not in document]
        assert json.loads(end) == {"actors": len(documents), "end": True}
        for each in documents:
            if each["actor_id"] in self.people:
                assert expected.document(self.people[each["actor_id"]]) == expected.read_document(each)
        expected.check_listed(self.people.values(), [each["actor_id"] for each in documents])

    # How it is called

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
        outcome = person.carry_out(call)
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
