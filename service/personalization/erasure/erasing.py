"""How an actor is erased.

One write hides everything and has it deleted in the background, in steps that a crash may cut off anywhere. The log
knows of an erasure before anything is deleted. What a retry may come for stays, as marks do: that a key was used, that
consent was withdrawn, and which erasure it was.
"""

import secrets
import time
from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass
from functools import partial
from typing import Final, Protocol, TypeVar

import orjson

from service.items import ALL_KEYS, CONSENT, ERASED, MAX_CHANGES, Changes, Item, Items
from service.personalization import retries
from service.personalization.standing import STANDING, Standing, aliases, put_aliases

WORK: Final = "erasure"
"""The name of the task that erases an actor."""

_ID_BYTES = 12
_T = TypeVar("_T")


class Actors(Protocol):
    """What an erasure asks of a store, see `service.storage.Store`."""

    def read(self, tenant: str, actor: str, view: Callable[[Items], _T]) -> _T:
        """Return what a view makes of an actor's items."""

    def write(self, tenant: str, actor: str, change: Callable[[Changes], _T]) -> _T:
        """Change an actor's items."""

    def actors(self, tenant: str, after: str | None, limit: int) -> list[str]:
        """Return ids of a tenant's actors."""

    def record_erasure(self, tenant: str, actors: Sequence[str], erasure: str) -> None:
        """Record an erasure in the log."""


@dataclass(frozen=True, slots=True)
class _Person:
    """Who is being erased.

    Attributes:
        erasure: the id of the erasure, None when none is under way.
        others: the other ids of the same person, which are erased with this one.
        withdrawal: the document of the mark of withdrawn consent, None without one.

    """

    erasure: str | None
    others: Sequence[str]
    withdrawal: bytes | None

    @classmethod
    def of(cls, items: Items) -> "_Person":
        withdrawal = items.get(CONSENT)
        return cls(Standing.of(items).erasure, aliases(items), withdrawal.document if withdrawal else None)


def begin(changes: Changes) -> str:
    """Hide everything that is kept of an actor, and have it deleted; an erasure that is under way goes on.

    Returns:
        The id of the erasure. It may be told when `prepare` has returned.

    """
    return Standing.of(changes).erasure or hide(changes, make_id())


def prepare(store: Actors, tenant: str, actor: str) -> Sequence[str]:
    """Do all of an erasure that is under way that comes before it is told, and before anything is deleted.

    It is in the log then, and the other ids of the same person are hidden and being erased too. What the store raises
    is raised.

    Returns:
        The other ids.

    """
    person = store.read(tenant, actor, _Person.of)
    if person.erasure is not None:
        store.record_erasure(tenant, [actor, *person.others], person.erasure)
        ids = {actor, *person.others}
        for other in person.others:
            if store.read(tenant, other, partial(_is_one_of, ids)):
                # Of a call by this id too it stays known that it was made.
                for marks in retries.used_keys(partial(store.read, tenant, actor)):
                    store.write(tenant, other, partial(_remember_used, marks))
                store.write(tenant, other, partial(_hide_other, ids, person))
    return person.others


def step(store: Actors, tenant: str, actor: str) -> None:
    """Do one step of the background work on an actor, see `service.storage.Task`."""
    others = prepare(store, tenant, actor)
    store.write(tenant, actor, partial(_delete, others))


def make_id() -> str:
    """Return the id of a new erasure."""
    return secrets.token_urlsafe(_ID_BYTES)


def hide(changes: Changes, erasure: str) -> str:
    """Hide everything that is kept of an actor, have it deleted, and return the id of the erasure."""
    standing = Standing.of(changes)
    if merging := [other for other in (standing.merging_from, standing.merging_into) if other is not None]:
        # Two ids that are being merged are one person, and nobody goes on with the merge.
        put_aliases(changes, list(dict.fromkeys([*aliases(changes), *merging])))
    changes.put(ERASED, orjson.dumps(erasure))
    Standing(erasure=erasure).store(changes)
    changes.schedule(WORK)
    return erasure


def is_one_change(changes: Changes) -> bool:
    """Return whether one change can delete all items of an actor."""
    return len(changes.scan(*ALL_KEYS, MAX_CHANGES)) < MAX_CHANGES


def delete_some(changes: Changes) -> None:
    """Delete as many items of an actor as one change may, and with the last ones what hides them and all work."""
    items = changes.scan(*ALL_KEYS, MAX_CHANGES)
    is_last = len(items) < MAX_CHANGES
    for item in items:
        if is_last or item.key != STANDING:
            changes.delete(item.key)
    if is_last:
        changes.unschedule()


def _is_one_of(ids: Set[str], items: Items) -> bool:
    """Return whether the ids of a person lead to these items, or these to one of them."""
    standing = Standing.of(items)
    return bool({standing.alias_of, standing.merging_from, standing.merging_into, *aliases(items)} & ids)


def _remember_used(marks: Sequence[Item], changes: Changes) -> None:
    retries.remember_used(changes, marks, time.time())


def _hide_other(ids: Set[str], person: _Person, changes: Changes) -> None:
    """Begin to erase one of the ids of a person, unless it has become somebody's own in the meantime."""
    if person.erasure is not None and _is_one_of(ids, changes):
        if person.withdrawal is not None:
            changes.put(CONSENT, person.withdrawal)
        hide(changes, person.erasure)


def _delete(others: Sequence[str], changes: Changes) -> None:
    """Do a part of the deletion; the ids that are deleted with it are those that are being erased themselves."""
    if Standing.of(changes).erasure is None:
        changes.unschedule(WORK)
    elif aliases(changes) == others:
        delete_some(changes)
