"""A store that is written to, and whose machine loses power: what it must then find, and what it does."""

import random
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import apsw

from service.storage.sqlite import SQLiteStore
from service.storage.sqlite_copies import inspect
from service.storage.sqlite_file import refuse_other_files
from tests.service.faults.disk import Record, Recorder, Said, hurrying, recording
from tests.service.faults.script import SWEPT, TENANT, Found, found, modelled

ACTORS = tuple(f"actor-{number}" for number in range(6))
NAME = "personalization.db"
WRITES = 12
"""How many writes each actor gets between two power failures."""

SWEEP_PERIOD_S = 0.005

_ORPHANS = """
SELECT 'an event without its id', count(*) FROM item AS event WHERE key LIKE 'event/%' AND NOT EXISTS (
    SELECT * FROM item AS id
    WHERE id.tenant = event.tenant AND id.actor = event.actor
        AND id.key = 'event-id/' || (CAST(event.document AS TEXT) ->> 'event_id')
        AND (CAST(id.document AS TEXT) ->> 'place') = CAST(substr(event.key, 7) AS INTEGER)
)
UNION ALL
SELECT 'an id without its event', count(*) FROM item AS id WHERE key LIKE 'event-id/%'
    AND (CAST(document AS TEXT) ->> 'deleted') IS NULL AND NOT EXISTS (
    SELECT * FROM item AS event
    WHERE id.tenant = event.tenant AND id.actor = event.actor
        AND event.key = printf('event/%016d', CAST(id.document AS TEXT) ->> 'place')
)
"""


@dataclass(frozen=True, slots=True)
class Begun:
    """A write of an actor was begun."""

    actor: str
    count: int


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """A write of an actor was acknowledged."""

    actor: str
    count: int


@dataclass(frozen=True, slots=True)
class Moment:
    """A moment at which the power fails: before the event with this number, of this kind, by this thread."""

    number: int
    kind: str


def write(folder: Path, seed: int, counts: Mapping[str, int]) -> Record:
    """Open a store, have each actor's next writes made at the same time, close it, and return all that was done."""
    with recording(folder) as recorder:
        store = SQLiteStore(folder / NAME, SWEPT, sweep_period=SWEEP_PERIOD_S)
        try:
            with ThreadPoolExecutor(len(ACTORS)) as pool:
                for done in [pool.submit(_write, store, recorder, actor, seed, counts[actor]) for actor in ACTORS]:
                    done.result()
            store.sweep()
        finally:
            store.close()
    return recorder.record


def _write(store: SQLiteStore, recorder: Recorder, actor: str, seed: int, count: int) -> None:
    model = modelled(actor, seed, count)
    for _ in range(WRITES):
        change = model.next_write(seed)
        recorder.say(Begun(actor, model.count))
        store.write(TENANT, actor, change)
        recorder.say(Acknowledged(actor, model.count))


def moments(record: Record, chance: random.Random, many: int, thread: str = "") -> list[Moment]:
    """Choose moments for power failures: each thread's doings with each kind of file are as likely as the others'.

    With a thread, they are while it does something.
    """
    names = {number: Path(name).name.removeprefix(NAME) or "db" for number, name in _all_names(record)}
    kinds: dict[str, list[int]] = {}
    for number, (by, event) in enumerate(record.events):
        target = getattr(event, "file", getattr(event, "target", ""))
        what = names.get(target, "") if isinstance(target, int) else "folder"
        who = by.rstrip("-_0123456789")
        kinds.setdefault(f"{type(event).__name__} {what} {who}", []).append(number)
    chosen = chance.choices(sorted(kind for kind in kinds if kind.endswith(thread)), k=many)
    return sorted((Moment(chance.choice(kinds[kind]), kind) for kind in chosen), key=lambda moment: moment.number)


def _all_names(record: Record) -> Iterator[tuple[int, str]]:
    for name, number in record.names.items():
        yield number, name
    for _, event in record.events:
        for name, number in getattr(event, "files", {}).items():
            yield number, name


def lay_out(survivors: Mapping[str, bytes], folder: Path) -> None:
    """Make a folder of the files that survived."""
    folder.mkdir()
    for name, content in survivors.items():
        (folder / Path(name).name).write_bytes(content)


def faults(folder: Path, seed: int, record: Record, moment: Moment, counts: dict[str, int]) -> list[str]:
    """Open the store on what survived, and return what is wrong with it; `counts` is brought to what it holds."""
    with hurrying():
        return _faults(folder, seed, record, moment, counts)


def _faults(folder: Path, seed: int, record: Record, moment: Moment, counts: dict[str, int]) -> list[str]:
    begun, acknowledged = Counter(counts), Counter(counts)
    for _, event in record.events[: moment.number]:
        match event:
            case Said(Begun(actor, count)):
                begun[actor] = count
            case Said(Acknowledged(actor, count)):
                acknowledged[actor] = count
    refuse_other_files(folder / NAME)
    store = SQLiteStore(folder / NAME, SWEPT, sweep_period=3_600)
    try:
        wrong = []
        for actor in ACTORS:
            there = found(store, actor)
            counts[actor] = there.count
            if not acknowledged[actor] <= there.count <= begun[actor]:
                wrong.append(f"{actor}: {acknowledged[actor]} to {begun[actor]} writes, {there.count} found")
            elif there != modelled(actor, seed, there.count).expected():
                wrong.append(f"{actor}: half of write {there.count}")
        wrong += _faults_inside(store)
    finally:
        store.close()
    return wrong


def _faults_inside(store: SQLiteStore) -> list[str]:
    """Return what is wrong with the file itself, after background work was gone on with too."""
    before = {actor: found(store, actor) for actor in ACTORS}
    store.sweep()
    after: dict[str, Found] = {actor: found(store, actor) for actor in ACTORS}
    wrong = [] if before == after else ["background work changed what is seen"]
    with closing(apsw.Connection(str(store._path), flags=apsw.SQLITE_OPEN_READONLY)) as connection:
        wrong += [f"{what}: {many}" for what, many in connection.execute(_ORPHANS) if many]
    report = inspect(store._path)
    return wrong if report["integrity"] == "ok" else [*wrong, "not whole"]
