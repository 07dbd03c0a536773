"""How all actors of a tenant are erased: in the order of their ids, and after a crash from where it was."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Final

import orjson

from service.items import ERASED, Changes, Items
from service.personalization.erasure import erasing
from service.personalization.erasure.erasing import Actors
from service.personalization.standing import Standing, aliases

WORK: Final = "tenant-erasure"
"""The name of the task that erases a tenant."""

NOBODY: Final = ""
"""Under what id the erasure of a tenant is kept; no actor has it."""

_KEY: Final = "erasure"
_STEP = 100
_AT_ONCE = 16
"""How many actors are erased at the same time, so that they share the commits of the store."""


@dataclass(frozen=True, slots=True)
class _UnderWay:
    """An erasure of a tenant that is under way.

    Attributes:
        id: its id.
        after: the last actor who was seen to, None before the first.

    """

    id: str
    after: str | None = None

    def store(self, changes: Changes) -> None:
        changes.put(_KEY, orjson.dumps(asdict(self), option=orjson.OPT_SORT_KEYS))


def begin(changes: Changes) -> str:
    """Have all actors of a tenant erased; an erasure that is under way goes on.

    Args:
        changes: the items that lie under NOBODY.

    Returns:
        The id of the erasure. It may be told when `record` has returned.

    """
    under_way = _read(changes)
    if under_way is not None:
        return under_way.id
    erasure = erasing.make_id()
    changes.put(ERASED, orjson.dumps(erasure))
    _UnderWay(erasure).store(changes)
    changes.schedule(WORK)
    return erasure


def record(store: Actors, tenant: str) -> None:
    """See to it that an erasure that is under way is in the log, so that it can be told.

    What the store raises is raised.
    """
    if under_way := store.read(tenant, NOBODY, _read):
        store.record_erasure(tenant, [NOBODY], under_way.id)


def step(store: Actors, tenant: str, nobody: str) -> None:
    """Do one step of the background work on a tenant, see `service.storage.Task`."""
    record(store, tenant)
    under_way = store.read(tenant, nobody, _read)
    actors = store.actors(tenant, under_way.after, _STEP) if under_way else []
    if under_way is None or not actors:
        store.write(tenant, nobody, _end)
        return
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        list(pool.map(partial(_erase, store, tenant, under_way.id), actors))
    store.write(tenant, nobody, replace(under_way, after=actors[-1]).store)


TASKS: Final = {erasing.WORK: erasing.step, WORK: step}
"""What each kind of task does that erasures need."""


def _erase(store: Actors, tenant: str, erasure: str, actor: str) -> None:
    """Erase an actor; an alias is erased with the actor to whom it leads, so that a withdrawal holds for it too."""
    target: str | None = store.read(tenant, actor, Standing.of).alias_of
    if target is None or actor not in store.read(tenant, target, aliases):
        store.write(tenant, actor, partial(_erase_own, erasure))


def _erase_own(erasure: str, changes: Changes) -> None:
    """Erase an actor in this one change, or else hide and have deleted what takes more than it."""
    standing = Standing.of(changes)
    if standing.erasure is not None:
        return
    if not (standing.is_merging or aliases(changes)) and erasing.is_one_change(changes):
        erasing.delete_some(changes)
    else:
        erasing.hide(changes, erasure)


def _read(items: Items) -> _UnderWay | None:
    stored = items.get(_KEY)
    return _UnderWay(**orjson.loads(stored.document)) if stored else None


def _end(changes: Changes) -> None:
    changes.delete(_KEY)
    changes.unschedule()
