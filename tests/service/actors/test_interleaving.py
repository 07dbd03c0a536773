"""In which order the events of two histories stand in one, whatever the clock did."""

import itertools
from functools import partial
from typing import Any

import orjson
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.contract import Contract
from service.items import Changes
from service.personalization.actors.exporting import export
from service.personalization.actors.merges import Merges
from service.personalization.history import rules
from service.personalization.history.events import Event
from service.personalization.history.retention import Limits, Retention
from service.storage.sqlite import SQLiteStore

RETENTION = Retention(Limits())
_numbers = itertools.count()

STEPS = st.lists(
    st.tuples(
        st.sampled_from(["target", "source"]),
        st.integers(-2, 4),
        st.sampled_from(["append", "append", "append", "delete", "delete up to", "append what the other has"]),
        st.integers(0, 9),
    ),
    max_size=30,
)
"""Whose history changes, how many milliseconds after the step before, how, and which event it is about."""


class Histories:
    """Two histories that grow and shrink by the rules, and what is known of them without looking."""

    def __init__(self, store: SQLiteStore) -> None:
        self.store = store
        self.ids = {side: f"{side}-{next(_numbers)}" for side in ("target", "source")}
        self.kept: dict[str, list[tuple[str, int]]] = {"target": [], "source": []}
        self.deleted: set[str] = set()
        self.now_ms = 1_700_000_000_000
        self.events = itertools.count()

    def do(self, side: str, after: int, kind: str, number: int) -> None:
        self.now_ms += after
        other = "source" if side == "target" else "target"
        match kind:
            case "append":
                self._append(side, f"e-{next(self.events)}")
            case "append what the other has" if self.kept[other]:
                event_id, _ = self.kept[other][number % len(self.kept[other])]
                if event_id not in dict(self.kept[side]) and event_id not in self.deleted:
                    self._append(side, event_id)
            case "delete" | "delete up to" if self.kept[side]:
                place = number % len(self.kept[side])
                gone = self.kept[side][place : place + 1] if kind == "delete" else self.kept[side][: place + 1]
                self.deleted |= {event_id for event_id, _ in gone}
                self.kept[side] = [event for event in self.kept[side] if event not in gone]
                self._write(side, partial(self._delete, kind, gone[-1][0]))

    def _append(self, side: str, event_id: str) -> None:
        event = Event(event_id, {"role": "user", "content": event_id})
        # Half a millisecond more, so that a float keeps the whole ones.
        now = (self.now_ms + 0.5) / 1_000
        self._write(side, lambda changes: rules.append(changes, [event], RETENTION, now))
        self.kept[side].append((event_id, self.now_ms))

    def _delete(self, kind: str, event_id: str, changes: Changes) -> None:
        if kind == "delete":
            rules.delete(changes, event_id, self.now_ms / 1_000)
        else:
            rules.delete_up_to(changes, event_id)

    def _write(self, side: str, change: Any) -> None:
        self.store.write("t", self.ids[side], change)

    def exported(self) -> list[str]:
        pieces = export(self.ids["target"], partial(self.store.read, "t", self.ids["target"]))
        return [event["event_id"] for event in orjson.loads(b"".join(pieces))["history"]]


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STEPS)
def test_every_event_is_there_once_in_the_order_of_receipt(
    contract: Contract, store: SQLiteStore, steps: list[tuple[str, int, str, int]]
) -> None:
    histories = Histories(store)
    for step in steps:
        histories.do(*step)
    Merges(contract, RETENTION).of(store, "t", histories.ids["target"], histories.ids["source"]).complete()
    found = histories.exported()
    target = histories.kept["target"]
    source = [event for event in histories.kept["source"] if event[0] not in dict(target)]
    # An event that both had and the target deleted lately stays deleted.
    source = [event for event in source if event[0] not in histories.deleted or event[0] in found]
    assert sorted(found) == sorted(event_id for event_id, _ in (*target, *source))
    places = {event_id: place for place, event_id in enumerate(found)}
    for side in (target, source):
        assert [places[event_id] for event_id, _ in side] == sorted(places[event_id] for event_id, _ in side)
    for index, (mine, _) in enumerate(source):
        moment = max(at for _, at in source[: index + 1])
        for number, (theirs, _) in enumerate(target):
            is_first = all(at > moment for _, at in target[number:])
            assert (places[mine] < places[theirs]) == is_first
