"""The operations that write, called with whatever a body can say."""

from __future__ import annotations

import json
from dataclasses import replace

from hypothesis import strategies as st
from hypothesis.stateful import Bundle, MultipleResults, initialize, precondition, rule

from tests.service.model import bodies, expected
from tests.service.model.calls import Call, Draft, Terms
from tests.service.model.person import KEYS, PROFILE, Document
from tests.service.model.rules import CONSENT, ERASE, IMPORT, MERGE
from tests.service.model.two_actors import TwoActors

ACTORS = st.integers(0, 1)
MISPLACED = (
    ("delete-name", "DELETE", "/names/nickname/0", "invalid_parameter"),
    ("delete-name", "DELETE", "/names/real/x", "invalid_parameter"),
    ("delete-date", "DELETE", "/dates/birthday/0", "invalid_parameter"),
    ("delete-date", "DELETE", "/dates/birth/10000", "invalid_parameter"),
    ("delete-preference", "DELETE", "/preferences/colour", "unknown_preference_type"),
    ("create-or-update-preference", "PUT", "/preferences/colour", "unknown_preference_type"),
)
PATCH_TYPES = ("application/merge-patch+json", "application/json")


class Writing(TwoActors):
    """Every operation that writes, by itself and again."""

    made: Bundle[Call] = Bundle("made")
    documents: Bundle[Document] = Bundle("documents")

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
