"""What is kept of a person, and what each operation makes of it, as contract and documentation say."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from urllib.parse import quote

from tests.service.model.calls import BROKEN_TAG, Call
from tests.service.model.opaque import Opaque
from tests.service.server import BASE, Answer

MAX_NAMES = 4
MAX_DATES = 3
MAX_PREFERENCES = 3
MAX_HISTORY = 12
KEYS = {"names": ("group", "index"), "dates": ("significance", "index")}
BOUNDS = {"names": MAX_NAMES, "dates": MAX_DATES}
PROFILE = "profile"
CONSENT, ERASE, IMPORT, MERGE = "set-consent", "erase-actor", "import-actor", "merge-actors"
WITHOUT_CONSENT = {CONSENT, ERASE, IMPORT, MERGE}


class RefusedError(Exception):
    """What the model expects to be refused, by its code."""


@dataclass
class Outcome:
    """What a call is expected to be answered.

    Attributes:
        status: the status, None for the one that the contract has for the code.
        body: the JSON, None for no body.
        tag: the ETag, with what is at its end.
        location: the Content-Location.
        code: the code of an error.
        answer: the answer itself, when it has been given before.

    """

    status: int | None
    body: Any = None
    tag: tuple[Opaque, str] | None = None
    location: str | None = None
    code: str | None = None
    answer: Answer | None = None


@dataclass(frozen=True)
class Kept:
    """One version of something that is kept."""

    value: Any
    tag: Opaque
    changed_at: Mapping[str, Opaque] = field(default_factory=dict)


@dataclass(frozen=True)
class Event:
    """An event, and its place in the order in which they were received."""

    place: int
    event_id: Any
    said: Mapping[str, str]
    received_at: Opaque = field(default_factory=Opaque)

    @property
    def shown(self) -> dict[str, Any]:
        return {**self.said, "event_id": self.event_id, "received_at": self.received_at}

    @property
    def received(self) -> str:
        return str(self.received_at.value)

    @property
    def happened(self) -> datetime:
        return datetime.fromisoformat(self.said.get("time") or str(self.received_at.value))


@dataclass(frozen=True)
class Document:
    """What an export said of a person, for another time or another actor.

    Attributes:
        actor_id: the id of the actor.
        sent: the document as it was exported.

    The others are what a person has.

    """

    actor_id: str
    sent: bytes
    aliases: Sequence[str]
    kept: Mapping[str, Kept]
    events: Sequence[Event]
    withdrawn: Opaque | None

    def is_of(self, person: Person) -> bool:
        """Return whether a person is already what it says."""
        mine = {target: (kept.value, kept.changed_at) for target, kept in self.kept.items()}
        theirs = {target: (kept.value, kept.changed_at) for target, kept in person.kept.items()}
        shown = [event.shown for event in self.events]
        return (self.actor_id, list(self.aliases), mine, shown, self.withdrawn) == (
            person.actor_id,
            person.aliases,
            theirs,
            [event.shown for event in person.events],
            person.withdrawn,
        )


@dataclass(frozen=True)
class Answered:
    """What was answered to a call with a key, and whether that outlives an erasure."""

    fingerprint: object
    outcome: Outcome
    outlives_erasure: bool


@dataclass(eq=False)
class Person:
    """What is kept of one person.

    Attributes:
        actor_id: the id of the actor.
        tags: every ETag that anything was seen with.
        people: every id and the person to whom it leads, this one among them.
        aliases: the other ids that lead to this person.
        kept: the profile and the preferences, by what they are.
        former: the tags of versions that are no more, likewise.
        events: the history, the oldest first.
        deleted: the places of deleted events, by their ids.
        last: how many places were given.
        life: another object when no cursor of before leads on.
        is_erased: whether an erasure was begun, which may still be under way.
        withdrawn: since when consent is withdrawn.
        answered: what was answered to which request, by operation and key; None where that is not kept any more.
        lists: the tag of each list of preferences, by the tags of its members.

    """

    actor_id: str
    tags: set[str]
    people: dict[str, Person] = field(default_factory=dict)
    aliases: list[str] = field(default_factory=list)
    kept: dict[str, Kept] = field(default_factory=dict)
    former: dict[str, list[Opaque]] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    deleted: dict[str, int] = field(default_factory=dict)
    last: int = 0
    life: object = field(default_factory=object)
    is_erased: bool = False
    withdrawn: Opaque | None = None
    answered: dict[tuple[str, str], Answered | None] = field(default_factory=dict)
    lists: dict[tuple[Opaque, ...], Opaque] = field(default_factory=dict)

    def carry_out(self, call: Call) -> Outcome:
        """Carry a write out, and return what it is answered."""
        try:
            _check_form(call)
            return self._again(call) or self._recorded(call, self._carry_out_once(call))
        except RefusedError as refused:
            return Outcome(None, code=str(refused))

    def _again(self, call: Call) -> Outcome | None:
        name = (call.operation, call.key or "")
        if name not in self.answered or self._lacks_consent(call):
            return None
        earlier = self.answered[name]
        if earlier is None:
            raise RefusedError("idempotency_key_gone")
        if earlier.fingerprint != call.fingerprint:
            raise RefusedError("idempotency_key_reused")
        return earlier.outcome

    def _lacks_consent(self, call: Call) -> bool:
        return self.withdrawn is not None and call.operation not in WITHOUT_CONSENT

    def _carry_out_once(self, call: Call) -> Outcome:
        if not call.has_json:
            raise RefusedError("unsupported_media_type")
        if self._lacks_consent(call):
            raise RefusedError("consent_withdrawn")
        if call.target is not None and not self._holds(call, call.target):
            raise RefusedError("precondition_failed")
        if call.body is not None and call.body.code is not None:
            raise RefusedError(call.body.code)
        if call.operation == "patch-profile" and _replaces_lists(call) and call.headers.get("If-Match") in {None, "*"}:
            raise RefusedError("precondition_required")
        if call.operation in PREPARATIONS:
            PREPARATIONS[call.operation](self, call)
        try:
            return RULES[call.operation](self, call)
        except RefusedError as refused:
            return Outcome(None, code=str(refused))

    def _recorded(self, call: Call, outcome: Outcome) -> Outcome:
        if call.key is not None:
            outlives = call.operation == ERASE or "erase" in call.query
            self.answered[call.operation, call.key] = Answered(call.fingerprint, outcome, outlives)
        return outcome

    def _holds(self, call: Call, target: str) -> bool:
        kept = self.kept.get(target)
        wanted, unwanted = call.headers.get("If-Match"), call.headers.get("If-None-Match")
        tag = kept.tag if kept else None
        return (wanted is None or names(wanted, tag)) and not (unwanted and names(unwanted, tag, weakly=True))

    def keep(self, target: str, value: Any) -> Kept:
        """Keep a value, as a new version if it is another one."""
        old = self.kept.get(target)
        if old is not None and old.value == value:
            return old
        before = old.value if old else {}
        changed = {}
        if target == PROFILE:
            fields = before.keys() | value.keys()
            changed = {name: Opaque() for name in fields if before.get(name) != value.get(name)}
        self._retire(target)
        self.kept[target] = Kept(value, Opaque(self.tags), {**(old.changed_at if old else {}), **changed})
        return self.kept[target]

    def drop(self, target: str) -> None:
        """Keep nothing of this any more."""
        self._retire(target)
        del self.kept[target]

    def _retire(self, target: str) -> None:
        if target in self.kept:
            self.former.setdefault(target, []).append(self.kept[target].tag)

    def append(self, told: Iterable[Mapping[str, str]]) -> tuple[list[Event], bool]:
        """Append events, all or none, and return each as it is kept and whether one is new."""
        there = {event.event_id: event for event in self.events if isinstance(event.event_id, str)}
        all_events: list[Event] = []
        new: list[Event] = []
        for said in told:
            named = said.get("event_id")
            rest = {name: value for name, value in said.items() if name != "event_id"}
            if named in self.deleted:
                raise RefusedError("event_deleted")
            if named in there:
                if there[named].said != rest:
                    raise RefusedError("event_conflict")
                all_events.append(there[named])
                continue
            event = Event(self.last + len(new) + 1, named or Opaque(), rest)
            new.append(event)
            all_events.append(event)
            if named is not None:
                there[named] = event
        self.last += len(new)
        self.events += new
        self.forget_events([event for event in self.events if event.place <= self.last - MAX_HISTORY])
        return all_events, bool(new)

    def erase(self) -> None:
        """Forget everything but that consent is withdrawn and which keys were used."""
        for target in list(self.kept):
            self.drop(target)
        self.events, self.deleted, self.last, self.life, self.is_erased = [], {}, 0, object(), True
        for name, answered in self.answered.items():
            if answered is not None and not answered.outlives_erasure:
                self.answered[name] = None
        for alias in self.aliases:
            other = Person(alias, self.tags, self.people, withdrawn=self.withdrawn, is_erased=True)
            other.answered = dict(self.answered)
            self.people[alias] = other
        self.aliases = []

    def take(self, other: Person) -> None:
        """Become one with another person: what this one told wins, and events go by when they were received."""
        profile = other.kept.get(PROFILE)
        if profile is not None and PROFILE not in self.kept:
            self.kept[PROFILE] = replace(profile, tag=Opaque(self.tags))
        elif profile is not None:
            self.keep(PROFILE, _combined_profiles(self.kept[PROFILE], profile))
        for target in other.kept.keys() - self.kept.keys():
            self.kept[target] = replace(other.kept[target], tag=Opaque(self.tags))
        self._take_events(other)
        self.answered = {**other.answered, **self.answered}
        self.aliases += [other.actor_id, *other.aliases]
        for alias in self.aliases:
            self.people[alias] = self

    def _take_events(self, other: Person) -> None:
        mine = {event.event_id: event for event in self.events}
        taken = []
        for event in other.events:
            if event.event_id in self.deleted or (event.event_id in mine and mine[event.event_id].said == event.said):
                continue
            event_id = Opaque() if event.event_id in mine else event.event_id
            taken.append(replace(event, event_id=event_id))
        later = [event for event in self.events if taken and event.received > taken[0].received]
        if later:
            self.life = object()
        moved = sorted(later + taken, key=lambda event: event.received)
        moved = [replace(event, place=self.last + each) for each, event in enumerate(moved, 1)]
        self.events = [event for event in self.events if event not in later] + moved
        self.last += len(moved)
        known = self.deleted.keys() | {
            _text(event.event_id) for event in self.events if isinstance(event.event_id, str)
        }
        self.deleted |= {event_id: 0 for event_id in other.deleted if event_id not in known}
        self.forget_events([event for event in self.events if event.place <= self.last - MAX_HISTORY])

    def forget_events(self, events: list[Event]) -> None:
        """Delete events."""
        self.deleted |= {_text(event.event_id): event.place for event in events}
        self.events = [event for event in self.events if event not in events]


def _check_form(call: Call) -> None:
    if call.misplaced is not None:
        raise RefusedError(call.misplaced)
    if call.target is not None and BROKEN_TAG in (call.headers.get("If-Match"), call.headers.get("If-None-Match")):
        raise RefusedError("invalid_precondition")


def names(header: str, tag: Opaque | None, *, weakly: bool = False) -> bool:
    """Return whether a precondition's header names the version with this tag, in whatever representation."""
    if tag is None or header == "*":
        return tag is not None
    named = [each.strip() for each in header.split(",")]
    strong = {each.removesuffix('.meta"').removesuffix('"') for each in named if not each.startswith("W/")}
    weak = {each.removeprefix("W/").removesuffix('"') for each in named if each.startswith("W/")}
    return tag.value is not None and tag.value.removesuffix('"') in (strong | weak if weakly else strong)


def shown_profile(kept: Kept) -> dict[str, Any]:
    """Return a profile as it is shown, with `other` where nothing is known."""
    return {"gender": "other", "pronoun": "other", "dates": [], **kept.value}


def _text(event_id: Any) -> str:
    text = event_id.value if isinstance(event_id, Opaque) else event_id
    assert isinstance(text, str)
    return text


def _replaces_lists(call: Call) -> bool:
    return call.body is not None and bool(KEYS.keys() & call.body.says.keys())


def _merged(name: str, old: list[Any], told: list[Any]) -> list[Any]:
    entries = {tuple(entry[key] for key in KEYS[name]): entry for entry in (*old, *told)}
    if len(entries) > BOUNDS[name]:
        raise RefusedError("too_many_entries")
    return [entries[key] for key in sorted(entries)]


def _whole_profile(call: Call, kept: Kept, status: int = 200) -> Outcome:
    location = f"{BASE}/profile/{quote(call.actor, safe='')}"
    return Outcome(status, shown_profile(kept), (kept.tag, ""), location)


def _merge(person: Person, call: Call) -> Outcome:
    assert call.body is not None
    told, old = call.body.says, person.kept.get(PROFILE)
    if old is None and "names" not in told:
        raise RefusedError("name_required")
    value = dict(old.value) if old else {}
    for name, it in told.items():
        value[name] = _merged(name, value.get(name, []), it) if name in KEYS else it
    return _whole_profile(call, person.keep(PROFILE, value), 200 if old else 201)


def _profile(person: Person) -> Kept:
    if PROFILE not in person.kept:
        raise RefusedError("profile_not_found")
    return person.kept[PROFILE]


def _patch(person: Person, call: Call) -> Outcome:
    assert call.body is not None
    told = {name: _merged(name, [], it) if it and name in KEYS else it for name, it in call.body.says.items()}
    value = {name: it for name, it in {**_profile(person).value, **told}.items() if it is not None}
    if "names" not in value:
        raise RefusedError("last_name")
    return _whole_profile(call, person.keep(PROFILE, value))


def _delete_profile(person: Person, _call: Call) -> Outcome:
    _profile(person)
    person.drop(PROFILE)
    return Outcome(204)


def _delete_entry(person: Person, call: Call) -> Outcome:
    name, place = call.place
    value = dict(_profile(person).value)
    left = [entry for entry in value.get(name, []) if tuple(entry[key] for key in KEYS[name]) != place]
    if left == value.get(name, []):
        raise RefusedError("entry_not_found")
    if name == "names" and not left:
        raise RefusedError("last_name")
    value[name] = left
    if not left:
        del value[name]
    return _whole_profile(call, person.keep(PROFILE, value))


def _put_preference(person: Person, call: Call) -> Outcome:
    assert call.body is not None
    is_new = call.place not in person.kept
    if is_new and len(person.kept.keys() - {PROFILE}) >= MAX_PREFERENCES:
        raise RefusedError("too_many_preferences")
    kept = person.keep(call.place, call.body.says)
    location = f"{BASE}/profile/{quote(call.actor, safe='')}/preferences/{call.place}"
    return Outcome(201 if is_new else 200, {"type": call.place, "value": kept.value}, (kept.tag, ""), location)


def _delete_preference(person: Person, call: Call) -> Outcome:
    if call.place not in person.kept:
        raise RefusedError("preference_not_found")
    person.drop(call.place)
    return Outcome(204)


def _append(person: Person, call: Call) -> Outcome:
    assert call.body is not None
    events, is_new = person.append(call.body.says)
    receipts = [{"event_id": event.event_id, "received_at": event.received_at} for event in events]
    return Outcome(201 if is_new else 200, {"events": receipts})


def _delete_event(person: Person, call: Call) -> Outcome:
    found = [event for event in person.events if event.event_id == call.place]
    if not found:
        raise RefusedError("event_not_found")
    person.forget_events(found)
    return Outcome(204)


def _delete_up_to(person: Person, call: Call) -> Outcome:
    places = [event.place for event in person.events if event.event_id == call.place]
    places += [place for event_id, place in person.deleted.items() if event_id == call.place]
    if not places:
        raise RefusedError("event_not_found")
    person.forget_events([event for event in person.events if event.place <= places[0]])
    return Outcome(204)


def _set_consent(person: Person, call: Call) -> Outcome:
    assert call.body is not None
    if call.body.says == "given":
        person.withdrawn = None
        return Outcome(200, {"status": "given"})
    person.withdrawn = person.withdrawn or Opaque()
    said: dict[str, Any] = {"status": "withdrawn", "since": person.withdrawn}
    if "erase" in call.query:
        person.erase()
        said["erasure_id"] = Opaque()
    return Outcome(200, said)


def _refuse_import(person: Person, call: Call) -> None:
    assert call.body is not None
    document: Document = call.body.says
    for alias in document.aliases:
        other = person.people[alias]
        if other is not person and (other.kept or other.events or other.aliases):
            raise RefusedError("actor_exists")
        if other is not person and other.withdrawn:
            raise RefusedError("consent_withdrawn")
    if document.is_of(person):
        return
    if person.withdrawn is not None:
        raise RefusedError("consent_withdrawn")
    if person.kept or person.events or call.actor != person.actor_id:
        raise RefusedError("actor_exists")


def _refuse_merge(person: Person, call: Call) -> None:
    assert call.body is not None
    other = person.people[call.body.says]
    if other is person:
        return
    if other.withdrawn or person.withdrawn:
        raise RefusedError("consent_withdrawn")
    _combined_profiles(person.kept.get(PROFILE), other.kept.get(PROFILE))
    together = person.kept.keys() | other.kept.keys()
    if len(together - {PROFILE}) > max(MAX_PREFERENCES, len(person.kept.keys() - {PROFILE})):
        raise RefusedError("too_many_preferences")


def _combined_profiles(mine: Kept | None, others: Kept | None) -> dict[str, Any]:
    """Return the profile of two who are one: what the first one told wins."""
    if mine is None or others is None:
        kept = mine or others
        return dict(kept.value) if kept else {}
    value = dict(mine.value)
    for name in KEYS:
        if entries := _merged(name, others.value.get(name, []), mine.value.get(name, [])):
            value[name] = entries
    never_told = others.value.keys() - KEYS.keys() - mine.changed_at.keys()
    return {**value, **{name: others.value[name] for name in never_told}}


def _merge_actors(person: Person, call: Call) -> Outcome:
    assert call.body is not None
    other = person.people[call.body.says]
    if other is not person:
        person.take(other)
    return Outcome(200, {"actor_id": person.actor_id, "aliases": list(person.aliases)})


def _import(person: Person, call: Call) -> Outcome:
    assert call.body is not None
    document: Document = call.body.says
    receipt = {
        "aliases": len(document.aliases),
        "events": len(document.events),
        "preferences": len(document.kept.keys() - {PROFILE}),
    }
    if document.is_of(person):
        return Outcome(200, receipt)
    for target, kept in document.kept.items():
        person.kept[target] = replace(kept, tag=Opaque(person.tags))
    person.events = [replace(event, place=person.last + each) for each, event in enumerate(document.events, 1)]
    person.last += len(document.events)
    for event in document.events:
        person.deleted.pop(_text(event.event_id), None)
    person.withdrawn = document.withdrawn
    person.aliases = list(document.aliases)
    for alias in document.aliases:
        person.people[alias] = person
    return Outcome(201, receipt)


def _erase(person: Person, _call: Call) -> Outcome:
    person.erase()
    return Outcome(202, {"erasure_id": Opaque()})


RULES: dict[str, Callable[[Person, Call], Outcome]] = {
    "create-or-update-profile": _merge,
    "patch-profile": _patch,
    "delete-profile": _delete_profile,
    "delete-name": _delete_entry,
    "delete-date": _delete_entry,
    "create-or-update-preference": _put_preference,
    "delete-preference": _delete_preference,
    "append-history": _append,
    "delete-event": _delete_event,
    "delete-history-up-to": _delete_up_to,
    CONSENT: _set_consent,
    ERASE: _erase,
    IMPORT: _import,
    MERGE: _merge_actors,
}

# What is refused before anything is done, and so not remembered under a key.
PREPARATIONS: dict[str, Callable[[Person, Call], None]] = {IMPORT: _refuse_import, MERGE: _refuse_merge}
