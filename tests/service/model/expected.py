"""What is expected to be seen of a person."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from tests.service.model.bodies import ROLES
from tests.service.model.calls import BROKEN_TAG
from tests.service.model.opaque import Opaque
from tests.service.model.person import PROFILE, Event, Kept, Outcome, Person, names, shown_profile

DAY = date(2026, 11, 25)
_UNCOUNTED = ("# Actor", "# History")
_NEAR = {0: "today", 1: "tomorrow", -1: "yesterday"}
_RETURNS = {
    "birth": "birthday",
    "wedding": "wedding anniversary",
    "start_school": "anniversary of starting school",
    "graduated": "anniversary of graduating",
}
_FIRST = {"birth": "birth", "wedding": "wedding", "start_school": "start of school", "graduated": "graduation"}


def visible(person: Person) -> Person:
    """Return what a read finds: somebody nobody knows, when consent is withdrawn."""
    return person if person.withdrawn is None else Person(person.actor_id, person.tags, lists=person.lists)


def normal(time: str) -> str:
    """Return a time in one form, whatever form it has."""
    return datetime.fromisoformat(time).astimezone(UTC).isoformat()


def read(person: Person, target: str, headers: Mapping[str, str], representation: str) -> Outcome:
    """Return what a read of the profile or of a preference is answered."""
    if BROKEN_TAG in headers.values():
        return Outcome(None, code="invalid_precondition")
    kept = visible(person).kept.get(target)
    if kept is None:
        return Outcome(None, code="profile_not_found" if target == PROFILE else "preference_not_found")
    if "If-Match" in headers and not names(headers["If-Match"], kept.tag):
        return Outcome(None, code="precondition_failed")
    suffix = f".{representation}" if representation else ""
    if "If-None-Match" in headers and _is_known(headers["If-None-Match"], kept.tag, suffix):
        return Outcome(304, tag=(kept.tag, suffix))
    return Outcome(200, _shown(kept, target, representation), (kept.tag, suffix))


def _is_known(header: str, tag: Opaque, suffix: str) -> bool:
    known = {each.strip().removeprefix("W/") for each in header.split(",")}
    return header == "*" or f'{str(tag.value)[:-1]}{suffix}"' in known


def _shown(kept: Kept, target: str, representation: str) -> dict[str, Any]:
    if target != PROFILE:
        return {"type": target, "value": kept.value}
    meta = {"meta": {"changed_at": dict(kept.changed_at)}} if representation else {}
    return {**shown_profile(kept), **meta}


def preferences(person: Person) -> Outcome:
    """Return what list-preferences is answered."""
    kept = visible(person).kept
    types = sorted(kept.keys() - {PROFILE})
    tags = tuple(kept[name].tag for name in types)
    taken = {str(tag.value) for tag in person.lists.values()}
    tag = person.lists.setdefault(tags, Opaque(taken))
    return Outcome(200, {"preferences": [{"type": name, "value": kept[name].value} for name in types]}, (tag, ""))


def events(person: Person, query: Mapping[str, str], after: int | None = None) -> list[Event]:
    """Return the events that list-history shows, after the one at a place."""
    newest_first = query["order"].strip().lower() == "newest"
    found = [event for event in visible(person).events if _is_asked_for(event, query)]
    if after is not None:
        found = [event for event in found if (event.place < after if newest_first else event.place > after)]
    return found[::-1] if newest_first else found


def _is_asked_for(event: Event, query: Mapping[str, str]) -> bool:
    if "thread" in query and event.said.get("thread") != query["thread"]:
        return False
    if "since" in query and event.happened < datetime.fromisoformat(query["since"].upper()):
        return False
    return "until" not in query or event.happened < datetime.fromisoformat(query["until"].upper())


def document(person: Person) -> dict[str, Any]:
    """Return what export-actor answers, consent or not."""
    consent = {"status": "given"} if person.withdrawn is None else {"status": "withdrawn", "since": person.withdrawn}
    profile = person.kept.get(PROFILE)
    types = sorted(person.kept.keys() - {PROFILE})
    return {
        "actor_id": person.actor_id,
        "aliases": person.aliases,
        "consent": consent,
        "format": 1,
        "history": [event.shown for event in person.events],
        "preferences": [{"type": name, "value": person.kept[name].value} for name in types],
        **({"profile": {**profile.value, "meta": {"changed_at": dict(profile.changed_at)}}} if profile else {}),
    }


def read_document(shown: Mapping[str, Any]) -> dict[str, Any]:
    """Return a document as it was shown, with times in the form that the model has."""
    return {**shown, "history": [with_time(event) for event in shown["history"]]}


def with_time(event: Mapping[str, Any]) -> dict[str, Any]:
    """Return an event as it was shown, with its time in the form that the model has."""
    return {**event, **({"time": normal(event["time"])} if "time" in event else {})}


def canonical(document: object) -> bytes:
    """Return JSON with the members of every object in the order of their names, without white space."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def check_listed(people: Iterable[Person], listed: list[str]) -> None:
    """Hold the ids that list-actors shows against the actors of whom something is kept."""
    assert listed == sorted(set(listed), key=str.encode)
    for person in people:
        assert not set(person.aliases) & set(listed)
        if person.kept or person.events:
            assert person.actor_id in listed
        elif not person.last:  # events that were deleted may be in the store still
            assert person.actor_id not in listed


def check_context(person: Person, context: Mapping[str, Any]) -> None:
    """Hold a context for which there was room enough against what is known."""
    person = visible(person)
    text, lines = context["text"], _lines(context["text"])
    assert lines == _expected_lines(person)
    assert context["known"] == (PROFILE in person.kept)
    assert (context["date"], context["date_source"]) == (DAY.isoformat(), "request")
    assert (context["turns"], context["left_out"]) == (len(person.events), [])
    assert text.encode()[: context["stable_bytes"]].decode() == text[: text.index("# Date")]


def check_small_context(person: Person, context: Mapping[str, Any], budget: int, thread: str | None) -> None:
    """Hold a context within a budget against the promises that are made of it."""
    person = visible(person)
    turns = [_turn(event) for event in person.events if thread in {None, event.said.get("thread")}]
    lines = [line for line in _lines(context["text"]) if not line[0].startswith(_UNCOUNTED)]
    shown = [line for line in lines if _is_turn(line)]
    assert shown == turns[len(turns) - len(shown) :], "the newest turns are there, and none is passed over"
    left_out = context["left_out"]
    assert (context["turns"], "history" in left_out) == (len(shown), len(shown) < len(turns))
    wanted = [line for line in _expected_lines(person) if not (line[0].startswith(_UNCOUNTED) or _is_turn(line))]
    others = [line for line in lines if not _is_turn(line)]
    assert [line for line in wanted if line in others] == others, "all that is there is known, in its order"
    assert (others == wanted) == (set(left_out) <= {"history"}), "what is missing is named"
    assert context["size"] <= context["budget"] == budget
    assert context["known"] == (PROFILE in person.kept)


def _is_turn(line: tuple[str, Any]) -> bool:
    return line[0].split(" at ")[0] in ROLES


def _lines(text: str) -> list[tuple[str, Any]]:
    """Read a context: each entry as its label and its value, each heading as it is; without the note."""
    lines: list[tuple[str, Any]] = []
    for line in text.removesuffix("\n").split("\n"):
        if line.startswith("# "):
            lines.append((line, None))
        elif line.startswith("- "):
            label, _, value = line.removeprefix("- ").partition(": ")
            who, _, time = label.partition(" at ")
            if who in ROLES and time:
                label = f"{who} at {normal(time)}"
            lines.append((label, json.loads(value) if value[:1] in '"{' else value))
        else:
            assert line.startswith("> ")
    return lines


def _expected_lines(person: Person) -> list[tuple[str, Any]]:
    lines: list[tuple[str, Any]] = [("# Actor", None)]
    profile = shown_profile(person.kept[PROFILE]) if PROFILE in person.kept else None
    types = sorted(person.kept.keys() - {PROFILE})
    if profile is None:
        lines.append(("name not known yet" if types else "not known yet", "ask for it" if types else "ask for a name"))
    else:
        lines += _names(profile["names"])
        lines += [(name, profile[name]) for name in ("pronoun", "gender") if profile[name] != "other"]
    lines += [(f"preference {name}", person.kept[name].value) for name in types]
    lines.append((f"# Date: {DAY.isoformat()}", None))
    lines += _occasions(profile["dates"] if profile else [])
    if person.events:
        lines.append(("# History", None))
    return lines + [_turn(event) for event in person.events]


def _names(told: list[dict[str, Any]]) -> list[tuple[str, Any]]:
    called = [("address as", name["value"]) for name in told if name["group"] == "callable"]
    label = "real name" if called else "address by real name"
    return called + [(label, name["value"]) for name in told if name["group"] == "real"]


def _turn(event: Event) -> tuple[str, Any]:
    time = f" at {normal(event.said['time'])}" if "time" in event.said else ""
    return f"{event.said['role']}{time}", event.said["content"]


def _occasions(dates: list[dict[str, Any]]) -> list[tuple[str, Any]]:
    """Return the dates that return from 3 days before the day to 7 after it."""
    found = []
    for days in (*range(8), -1, -2, -3):
        day = DAY + timedelta(days)
        for entry in dates:
            value = date.fromisoformat(entry["value"])
            years = day.year - value.year
            if (value.month, value.day) != (day.month, day.day) or years < 0:
                continue
            when = _NEAR.get(days, f"in {days} days" if days > 0 else f"{-days} days ago")
            what = (
                f"{_RETURNS[entry['significance']]}, {years} year{'s' * (years > 1)} since"
                if years
                else _FIRST[entry["significance"]]
            )
            found.append((when, f"{what} {value.isoformat()}"))
    return found
