"""What is done to an actor's items, one write after the other, and what must then be found.

The writes follow from a seed and their number alone, so that the state after the first so many of them is known.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, field

from service.items import Changes, Items
from service.personalization.history import rules
from service.personalization.history.events import Event
from service.personalization.history.retention import WORK, Limits, Retention
from service.personalization.history.rules import Listing
from service.storage.sqlite import SQLiteStore

TENANT = "t"
LIMIT = 12
RETENTION = Retention(Limits(events=LIMIT))
SWEPT = {WORK: RETENTION.step}
_COUNT, _FIELDS, _AFTER_FIELDS = "count", "field/", "field0"
_NOW = 1_700_000_000.0


@dataclass
class Model:
    """What an actor's items are after some of the writes.

    Attributes:
        actor: the actor.
        count: how many writes.
        fields: the documents of plain items, by key.
        events: id and content of each event that is there, by its place.
        last: the last place that was given.

    """

    actor: str
    count: int = 0
    fields: dict[str, bytes] = field(default_factory=dict)
    events: dict[int, tuple[str, str]] = field(default_factory=dict)
    last: int = 0

    def next_write(self, seed: int) -> Callable[[Changes], None]:
        """Take the next write into the model, and return it."""
        self.count += 1
        chance = random.Random(f"{seed} {self.actor} {self.count}")
        parts = [part for part in (self._fields, self._append, self._append, self._delete) if chance.random() < 0.5]
        steps = [part(chance) for part in parts]
        count = b"%d" % self.count

        def write(changes: Changes) -> None:
            changes.put(_COUNT, count)
            for step in steps:
                step(changes)

        return write

    def _fields(self, chance: random.Random) -> Callable[[Changes], None]:
        keys = [f"{_FIELDS}{number}" for number in chance.sample(range(20), chance.randrange(1, 12))]
        gone = chance.sample(sorted(self.fields), len(self.fields) // 3)
        document = b"%d " % self.count * chance.choice([1, 10, 2_000])
        for key in gone:
            del self.fields[key]
        self.fields |= dict.fromkeys(keys, document)

        def change(changes: Changes) -> None:
            for key in gone:
                changes.delete(key)
            for key in keys:
                changes.put(key, document)
            changes.put("passing", document, expires=int(_NOW))

        return change

    def _append(self, chance: random.Random) -> Callable[[Changes], None]:
        events = []
        for _ in range(chance.choice([1, 1, 5])):
            self.last += 1
            content = str(self.last) * chance.choice([1, 100, 3_000])
            self.events[self.last] = (f"e{self.last}", content)
            events.append(Event(f"e{self.last}", {"role": "user", "content": content}))
        self._keep_above(self.last - LIMIT)
        return lambda changes: _append(changes, events)

    def _delete(self, chance: random.Random) -> Callable[[Changes], None]:
        if not self.events:
            return lambda _changes: None
        place = chance.choice(sorted(self.events))
        event_id, _ = self.events[place]
        if chance.random() < 0.3:
            self._keep_above(place)
            return lambda changes: rules.delete_up_to(changes, event_id)
        del self.events[place]
        return lambda changes: rules.delete(changes, event_id, _NOW)

    def _keep_above(self, floor: int) -> None:
        self.events = {place: event for place, event in self.events.items() if place > floor}

    def expected(self) -> "Found":
        return Found(self.count, dict(self.fields), [self.events[place] for place in sorted(self.events)])


def _append(changes: Changes, events: list[Event]) -> None:
    rules.append(changes, events, RETENTION, _NOW)


def modelled(actor: str, seed: int, count: int) -> Model:
    """Return the model of an actor after so many writes."""
    model = Model(actor)
    while model.count < count:
        model.next_write(seed)
    return model


@dataclass(frozen=True)
class Found:
    """What is found of an actor."""

    count: int
    fields: dict[str, bytes]
    events: list[tuple[str, str]]


def found(store: SQLiteStore, actor: str) -> Found:
    def view(items: Items) -> Found:
        count = items.get(_COUNT)
        fields = {item.key: item.document for item in items.scan(_FIELDS, _AFTER_FIELDS, 100)}
        page = rules.page(items, Listing(TENANT, actor, newest_first=False), LIMIT + 1, None)
        events = [(event["event_id"], event["content"]) for event in page["events"]]
        return Found(int(count.document) if count else 0, fields, events)

    return store.read(TENANT, actor, view)
