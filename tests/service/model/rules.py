"""What each operation that writes makes of a person, and in which order it is decided, as the documentation says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from tests.service.model.calls import BROKEN_TAG, Call
from tests.service.model.opaque import Opaque
from tests.service.model.person import (
    KEYS,
    MAX_PREFERENCES,
    PROFILE,
    Answered,
    Document,
    Kept,
    Outcome,
    Person,
    RefusedError,
    combined_profiles,
    merged,
    names,
    shown_profile,
    text,
)
from tests.service.server import BASE

CONSENT, ERASE, IMPORT, MERGE = "set-consent", "erase-actor", "import-actor", "merge-actors"
WITHOUT_CONSENT = {CONSENT, ERASE, IMPORT, MERGE}


def carry_out(person: Person, call: Call) -> Outcome:
    """Carry a write out, and return what it is answered."""
    try:
        _check_form(call)
        return _again(person, call) or _recorded(person, call, _carry_out_once(person, call))
    except RefusedError as refused:
        return Outcome(None, code=str(refused))


def _again(person: Person, call: Call) -> Outcome | None:
    name = (call.operation, call.key or "")
    if name not in person.answered or _lacks_consent(person, call):
        return None
    earlier = person.answered[name]
    if earlier is None:
        raise RefusedError("idempotency_key_gone")
    if earlier.fingerprint != call.fingerprint:
        raise RefusedError("idempotency_key_reused")
    return earlier.outcome


def _lacks_consent(person: Person, call: Call) -> bool:
    return person.withdrawn is not None and call.operation not in WITHOUT_CONSENT


def _carry_out_once(person: Person, call: Call) -> Outcome:
    if not call.has_json:
        raise RefusedError("unsupported_media_type")
    if _lacks_consent(person, call):
        raise RefusedError("consent_withdrawn")
    if call.target is not None and not _holds(person, call, call.target):
        raise RefusedError("precondition_failed")
    if call.body is not None and call.body.code is not None:
        raise RefusedError(call.body.code)
    if call.operation == "patch-profile" and _replaces_lists(call) and call.headers.get("If-Match") in {None, "*"}:
        raise RefusedError("precondition_required")
    if call.operation in PREPARATIONS:
        PREPARATIONS[call.operation](person, call)
    try:
        return RULES[call.operation](person, call)
    except RefusedError as refused:
        return Outcome(None, code=str(refused))


def _recorded(person: Person, call: Call, outcome: Outcome) -> Outcome:
    if call.key is not None:
        outlives = call.operation == ERASE or "erase" in call.query
        for each in (person, *person.parted) if outlives else (person,):
            each.answered[call.operation, call.key] = Answered(call.fingerprint, outcome, outlives)
    return outcome


def _holds(person: Person, call: Call, target: str) -> bool:
    kept = person.kept.get(target)
    wanted, unwanted = call.headers.get("If-Match"), call.headers.get("If-None-Match")
    tag = kept.tag if kept else None
    return (wanted is None or names(wanted, tag)) and not (unwanted and names(unwanted, tag, weakly=True))


def _check_form(call: Call) -> None:
    if call.misplaced is not None:
        raise RefusedError(call.misplaced)
    if call.target is not None and BROKEN_TAG in (call.headers.get("If-Match"), call.headers.get("If-None-Match")):
        raise RefusedError("invalid_precondition")


def _replaces_lists(call: Call) -> bool:
    return call.body is not None and bool(KEYS.keys() & call.body.says.keys())


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
        value[name] = merged(name, value.get(name, []), it) if name in KEYS else it
    return _whole_profile(call, person.keep(PROFILE, value), 200 if old else 201)


def _profile(person: Person) -> Kept:
    if PROFILE not in person.kept:
        raise RefusedError("profile_not_found")
    return person.kept[PROFILE]


def _patch(person: Person, call: Call) -> Outcome:
    assert call.body is not None
    told = {name: merged(name, [], it) if it and name in KEYS else it for name, it in call.body.says.items()}
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
    combined_profiles(person.kept.get(PROFILE), other.kept.get(PROFILE))
    together = person.kept.keys() | other.kept.keys()
    if len(together - {PROFILE}) > max(MAX_PREFERENCES, len(person.kept.keys() - {PROFILE})):
        raise RefusedError("too_many_preferences")


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
        person.deleted.pop(text(event.event_id), None)
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
