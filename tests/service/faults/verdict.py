"""What is wrong with what a service kept of many calls that were made at the same time.

The versions that a service answers say in which order it carried out what changed a resource. So the order is not
searched for: each version must follow from the one before by one of the calls that were answered with it, or by one
whose answer was lost.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.service.faults.calls import APPEND, PREFERENCE, PROFILE, REMOVE, Call

_KEYS = {"names": ("group", "index"), "dates": ("significance", "index")}
_GROUP: dict[str, dict[str, str]] = {"names": {"group": "real"}, "dates": {}}
_DEFAULTS: dict[str, Any] = {"dates": [], "gender": "other", "pronoun": "other"}


@dataclass(frozen=True, slots=True)
class Kept:
    """What a service keeps of an actor in the end.

    Attributes:
        resources: the version and the content of each thing that has versions, by its path below the actor's profile.
        events: the events of the history, oldest first.

    """

    resources: Mapping[str, tuple[int, Any]]
    events: Sequence[Mapping[str, Any]]


def faults(calls: Sequence[Call], kept: Mapping[str, Kept]) -> list[str]:
    """Return a sentence on everything that is wrong."""
    by_actor: dict[str, list[Call]] = defaultdict(list)
    for call in calls:
        if call.is_unknown or call.is_acknowledged:
            by_actor[call.actor].append(call)
    return [f"{actor}: {fault}" for actor, its in by_actor.items() for fault in _faults_of_actor(its, kept[actor])]


def _faults_of_actor(calls: Sequence[Call], kept: Kept) -> Iterator[str]:
    resources: dict[str, list[Call]] = defaultdict(list)
    for call in calls:
        if call.kind in {PROFILE, PREFERENCE}:
            resources[call.path].append(call)
    for path, its in resources.items():
        if path in kept.resources or any(call.is_acknowledged for call in its):
            yield from (f"{path or 'profile'}: {fault}" for fault in _faults_of_resource(its, kept.resources.get(path)))
    yield from _faults_of_history(calls, kept.events)


def _faults_of_resource(calls: Sequence[Call], kept: tuple[int, Any] | None) -> Iterator[str]:
    if kept is None:
        yield "acknowledged, and not there"
        return
    last, content = kept
    answered: dict[int, list[Call]] = defaultdict(list)
    states = {last: content}
    for call in calls:
        if call.is_unknown:
            continue
        answered[call.version].append(call)
        if states.setdefault(call.version, call.answer) != call.answer:
            yield f"version {call.version} is two things"
        if _after(call, call.answer) != call.answer:
            yield f"version {call.version} does not hold what its call told"
    if max(states) > last:
        yield f"version {max(states)} was acknowledged, and the last one is {last}"
        return
    unknown = [call for call in calls if call.is_unknown]
    furthest = _explained(states, answered, unknown, last)
    if furthest < last:
        yield f"no call makes version {furthest + 1} of version {furthest}"
    yield from _back_in_time(calls, lambda call: call.version, "version")


def _explained(
    states: Mapping[int, Any], answered: Mapping[int, list[Call]], unknown: Sequence[Call], last: int
) -> int:
    """Return up to which version each follows from the one before by a call that was not taken for another one."""
    furthest = 0
    paths: list[tuple[int, Any, frozenset[int]]] = [(0, None, frozenset())]
    while paths:
        version, state, used = paths.pop()
        furthest = max(furthest, version)
        if version == last:
            break
        after = states.get(version + 1)
        # Where a call that was answered made the version, one whose answer was lost need not have.
        if any(_makes(call, version, state, after) for call in answered.get(version + 1, ())):
            paths.append((version + 1, after, used))
            continue
        tried: list[Any] = []
        for number, call in enumerate(unknown):
            what = (call.method, call.body, call.headers.get("If-Match"))
            if number not in used and what not in tried and _makes(call, version, state, after):
                tried.append(what)
                paths.append((version + 1, _after(call, state), used | {number}))
    return furthest


def _makes(call: Call, version: int, state: Any, after: Any) -> bool:
    """Return whether a call makes the next version of this one, whose content is None where no answer tells it."""
    made = _after(call, state)
    return made != state and after in (None, made) and call.seen_version in {None, version}


def _after(call: Call, state: Any) -> Any:
    """Return what a resource is after a call, as an answer shows it."""
    if call.kind == PREFERENCE:
        return call.body
    after = dict(_DEFAULTS if state is None else state)
    for name, value in call.body.items():
        if name not in _KEYS:
            after[name] = _DEFAULTS[name] if value is None else value
            continue
        entries = {} if call.method == "PATCH" else {_key(name, entry): entry for entry in after.get(name, ())}
        entries |= {_key(name, entry): _GROUP[name] | entry for entry in value}
        after[name] = [entries[key] for key in sorted(entries)]
    return after


def _key(name: str, entry: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple({**_GROUP[name], **entry}[key] for key in _KEYS[name])


def _back_in_time(calls: Sequence[Call], place: Callable[[Call], int], what: str) -> Iterator[str]:
    """Name calls that were begun after another one was answered, and yet come before it."""
    known = [call for call in calls if call.ended is not None]
    highest, answered = 0, sorted(known, key=lambda call: call.ended or 0)
    waiting = iter(answered)
    following = next(waiting, None)
    for call in sorted(known, key=lambda call: call.begun):
        while following is not None and (following.ended or 0) < call.begun:
            highest = max(highest, place(following))
            following = next(waiting, None)
        if place(call) < highest:
            yield f"{what} {place(call)} was answered to a call that was begun after {what} {highest} was answered"


def _faults_of_history(calls: Sequence[Call], events: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    places = {event["content"]: place for place, event in enumerate(events)}
    if len(places) < len(events):
        yield "an event is there twice"
    gone, maybe_gone = _removed(calls)
    expected: set[str] = set()
    firsts: dict[int, int] = {}
    appends = [call for call in calls if call.kind == APPEND]
    for call in appends:
        its = _events_of(call)
        left = [content for content, event_id in its if event_id not in gone]
        there = [places[content] for content in left if content in places]
        surely = [content for content, event_id in its if event_id not in gone | maybe_gone]
        expected.update(left)
        missing = [content for content in surely if content not in places]
        if missing and not (call.is_unknown and len(missing) == len(surely) and not there):
            yield f"events are not there: {missing}"
        if there != list(range(there[0], there[0] + len(there)) if there else ()):
            yield f"events of one call are not together, or not in their order: {left}"
        if there:
            firsts[call.begun] = there[0]
    if surplus := places.keys() - expected:
        yield f"events that nobody appended, or that were deleted, are there: {sorted(surplus)}"
    left_appends = [call for call in appends if call.begun in firsts]
    yield from _back_in_time(left_appends, lambda call: firsts[call.begun], "place")


def _removed(calls: Sequence[Call]) -> tuple[set[str], set[str]]:
    """Return the ids of events that were deleted, and of those of which nobody knows."""
    removals = [call for call in calls if call.kind == REMOVE]
    ids = [(call.path.rpartition("/")[2], call) for call in removals]
    return {event for event, call in ids if not call.is_unknown}, {event for event, call in ids if call.is_unknown}


def _events_of(call: Call) -> list[tuple[str, str]]:
    """Return content and id of the events of an append; an id that nobody was told is empty."""
    told = call.body["events"]
    ids = [event.get("event_id", "") for event in told]
    if not call.is_unknown:
        ids = [event["event_id"] for event in call.answer["events"]]
    return [(event["content"], event_id) for event, event_id in zip(told, ids, strict=True)]
