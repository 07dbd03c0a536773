"""What is kept of a person, and how it changes, as contract and documentation say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from tests.service.model.opaque import Opaque
from tests.service.server import Answer

MAX_NAMES = 4
MAX_DATES = 3
MAX_PREFERENCES = 3
MAX_HISTORY = 12
KEYS = {"names": ("group", "index"), "dates": ("significance", "index")}
BOUNDS = {"names": MAX_NAMES, "dates": MAX_DATES}
PROFILE = "profile"


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
        parted: who came of the aliases when the person was erased.
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
    parted: list[Person] = field(default_factory=list)
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
        self.parted = [
            Person(alias, self.tags, self.people, withdrawn=self.withdrawn, is_erased=True) for alias in self.aliases
        ]
        self.aliases = []
        for other in self.parted:
            other.answered = dict(self.answered)
            self.people[other.actor_id] = other

    def take(self, other: Person) -> None:
        """Become one with another person: what this one told wins, and events go by when they were received."""
        profile = other.kept.get(PROFILE)
        if profile is not None and PROFILE not in self.kept:
            self.kept[PROFILE] = replace(profile, tag=Opaque(self.tags))
        elif profile is not None:
            self.keep(PROFILE, combined_profiles(self.kept[PROFILE], profile))
        for target in other.kept.keys() - self.kept.keys():
            self.kept[target] = replace(other.kept[target], tag=Opaque(self.tags))
        self._take_events(other)
        self.answered = {**other.answered, **self.answered}
        self.aliases += [other.actor_id, *other.aliases]
        for alias in self.aliases:
            self.people[alias] = self

    def _take_events(self, other: Person) -> None:
        mine = {text(event.event_id): event for event in self.events}
        known = mine.keys() | self.deleted.keys() | {text(event.event_id) for event in other.events}
        taken = []
        for event in other.events:
            same = mine.get(text(event.event_id))
            if same is None and text(event.event_id) not in self.deleted:
                taken.append(event)
            elif same is not None and same.said != event.said:
                taken.append(replace(event, event_id=Opaque()))
        later = [event for event in self.events if taken and event.received > taken[0].received]
        if later:
            self.life = object()
        moved = sorted(later + taken, key=lambda event: event.received)
        moved = [replace(event, place=self.last + each) for each, event in enumerate(moved, 1)]
        self.events = [event for event in self.events if event not in later] + moved
        self.last += len(moved)
        self.deleted |= {event_id: 0 for event_id in other.deleted if event_id not in known}
        self.forget_events([event for event in self.events if event.place <= self.last - MAX_HISTORY])

    def forget_events(self, events: list[Event]) -> None:
        """Delete events; of one that was never seen nobody knows the id."""
        seen = [event for event in events if isinstance(event.event_id, str) or event.event_id.value is not None]
        self.deleted |= {text(event.event_id): event.place for event in seen}
        self.events = [event for event in self.events if event not in events]


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


def text(event_id: Any) -> str:
    """Return the id of an event, which the caller or the service chose."""
    value = event_id.value if isinstance(event_id, Opaque) else event_id
    assert isinstance(value, str)
    return value


def merged(name: str, old: list[Any], told: list[Any]) -> list[Any]:
    entries = {tuple(entry[key] for key in KEYS[name]): entry for entry in (*old, *told)}
    if len(entries) > BOUNDS[name]:
        raise RefusedError("too_many_entries")
    return [entries[key] for key in sorted(entries)]


def combined_profiles(mine: Kept | None, others: Kept | None) -> dict[str, Any]:
    """Return the profile of two who are one: what the first one told wins."""
    if mine is None or others is None:
        kept = mine or others
        return dict(kept.value) if kept else {}
    value = dict(mine.value)
    for name in KEYS:
        if entries := merged(name, others.value.get(name, []), mine.value.get(name, [])):
            value[name] = entries
    never_told = others.value.keys() - KEYS.keys() - mine.changed_at.keys()
    return {**value, **{name: others.value[name] for name in never_told}}
