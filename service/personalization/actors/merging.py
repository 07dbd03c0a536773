"""How two ids that are one person become one actor: the target, who is the named one, to whom then the source leads.

The events of the source, and those of the target that were received later, are stored anew behind all others of the
target, where nobody sees them. One write of the target then shows all of the merge, for both ids: the source leads to
the target as soon as the target lists it. Until the merge is complete no other write to either goes on; what a crash
cuts off goes on by the same call or in the background.
"""

import secrets
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from hashlib import blake2b
from typing import Any, Final

import orjson

from service.contract import Contract
from service.items import ERASED, Changes, Item, Items, ItemStore, StoreUnavailableError, TenantFullError
from service.personalization import retries
from service.personalization.actors.batches import EVENTS, ITEMS, batched
from service.personalization.actors.combining import combined_aliases, combined_profiles, taken_preferences
from service.personalization.actors.interleaving import PAGE, Move, Plan, Received, interleaved, received_after
from service.personalization.checking import check
from service.personalization.consent import require_consent
from service.personalization.history import retention as histories
from service.personalization.history.layout import (
    HEAD,
    Head,
    deleted_ids,
    event_key,
    keys_between,
    known,
    move_event,
    place_of,
    put_deleted_id,
    put_event,
    scan_events,
)
from service.personalization.history.retention import Retention
from service.personalization.preferences import MAX_PREFERENCES
from service.personalization.preferences.rules import stored_preferences
from service.personalization.profile import KEYS, PROFILE_KEY
from service.personalization.reading import Subject, make_reader
from service.personalization.standing import MAX_ALIASES, STANDING, Standing, aliases, put_aliases
from service.refusal import Refused

WORK: Final = "merge"
"""The name of the task that completes a merge; it is the source's."""

LEASE_S: Final = 15
"""After how many seconds the task goes on with a merge."""

_SUBJECT = Subject("merge", "invalid_merge")
_ALL_KEYS: Final = ("", "~")
_ID_BYTES: Final = 12


@dataclass(frozen=True, slots=True)
class Limits:
    """What one actor can have.

    Attributes:
        entries: how many names and how many dates.
        preferences: how many preferences.

    """

    entries: Mapping[str, int]
    preferences: int = MAX_PREFERENCES


@dataclass(frozen=True, slots=True)
class _Source:
    """What the target takes of the source besides events, which does not change while it is merged."""

    profile: bytes | None
    preferences: Sequence[Item]
    aliases: Sequence[str]

    @classmethod
    def of(cls, items: Items) -> "_Source":
        profile = items.get(PROFILE_KEY)
        return cls(profile.document if profile else None, stored_preferences(items), aliases(items))


class Merging:
    """The merge of one id into an actor.

    Args:
        store: the store, whatever the actors consent to.
        tenant: whose actors they are.
        target: the named actor, no alias.
        source: the other id.
        limits: what the one actor can have.
        retention: what keeps the history within its limits.
        clock: the time, in seconds since the epoch.

    """

    def __init__(
        self,
        store: ItemStore,
        tenant: str,
        target: str,
        source: str,
        limits: Limits,
        retention: Retention,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._store = store
        self._tenant = tenant
        self._target, self._source = target, source
        self._limits = limits
        self._retention = retention
        self._clock = clock
        self._attempt = secrets.token_urlsafe(_ID_BYTES)
        self._target_erasure: str | None = None
        self._taken = _Source(None, (), ())
        self._plan = Plan((), 0)

    def prepare(self) -> None:
        """Do all that comes before the write that shows the merge.

        Raises:
            Refused: why the two cannot be merged; nothing was changed.
            TenantFullError: the target would be one actor too many; nothing was changed.
            StoreUnavailableError: the merge is to go on later.

        """
        if self._is_done():
            return
        self._target_erasure = self._read(self._target, _latest_erasure)
        self._write(self._source, self._freeze)
        try:
            self._taken = self._read(self._source, _Source.of)
            self._write(self._target, self._begin)
            self._require_source()
            if not self._is_shown():
                self._store_anew()
        except (Refused, TenantFullError):
            self.settle()
            raise

    def show(self, changes: Changes) -> bytes:
        """Do the write that shows the merge, unless it was done, and return the answer to the call.

        Args:
            changes: the items of the target.

        Raises:
            TenantFullError: the target would be one actor too many.
            StoreUnavailableError: the merge is to go on later.

        """
        if self._source not in {self._target, *aliases(changes)}:
            self._require_own(changes)
            self._put_everything(changes)
        return orjson.dumps({"actor_id": self._target, "aliases": aliases(changes)})

    def settle(self) -> None:
        """Complete a merge that is shown; let both ids go of one that is not."""
        if self._source == self._target:
            return
        if not self._is_shown():
            self._write(self._target, self._let_target_go)
            self._write(self._source, self._let_source_go)
            return
        while not self._write(self._target, self._clear):
            pass
        for alias in self._read(self._source, aliases):
            self._write(alias, partial(self._repoint, alias))
        self._write(self._source, self._become_alias)

    def complete(self) -> None:
        """Do all of a merge that has begun.

        Raises:
            Refused, TenantFullError: the two cannot be merged, and were let go.
            StoreUnavailableError: the merge is to go on later.

        """
        self.prepare()
        try:
            self._write(self._target, self.show)
        except (Refused, TenantFullError):
            self.settle()
            raise
        self.settle()

    @property
    def _frozen(self) -> Standing:
        """Return the standing of the source while this attempt goes on."""
        return Standing(merging_into=self._target, attempt=self._attempt, target_erasure=self._target_erasure)

    def _is_done(self) -> bool:
        if self._source == self._target:
            return True
        standing: Standing = self._read(self._source, Standing.of)
        return standing == Standing(alias_of=self._target)

    def _is_shown(self) -> bool:
        ids: list[str] = self._read(self._target, aliases)
        return self._source in ids

    def _freeze(self, changes: Changes) -> None:
        standing = Standing.of(changes)
        _refuse_unfit(standing, may_be=standing.merging_into == self._target and standing.merging_from is None)
        require_consent(changes)
        if standing.alias_of is not None:
            raise Refused("merged_elsewhere")
        if standing.merging_into is not None:
            self._target_erasure = standing.target_erasure
        self._frozen.store(changes)
        changes.schedule(WORK, int(self._clock()) + LEASE_S)

    def _begin(self, changes: Changes) -> None:
        standing = Standing.of(changes)
        _refuse_unfit(standing, may_be=standing.merging_from == self._source)
        if self._source in aliases(changes):
            return
        if standing.alias_of is not None:
            # Since it was looked up, it has become one.
            raise Refused("actor_busy")
        if standing.merging_from is None and _latest_erasure(changes) != self._target_erasure:
            # What a late attempt would bring back has been erased.
            raise Refused("erasure_in_progress")
        require_consent(changes)
        self._combined(changes)
        Standing(merging_from=self._source).store(changes)

    def _combined(self, items: Items) -> tuple[bytes | None, Sequence[Item], list[str]]:
        """Return profile, further preferences and aliases of the one actor."""
        profile = items.get(PROFILE_KEY)
        # What one change can do besides the rest of it.
        limit = min(self._limits.preferences, len(stored_preferences(items)) + ITEMS)
        return (
            combined_profiles(
                profile.document if profile else None, self._taken.profile, self._limits.entries, self._clock()
            ),
            taken_preferences(stored_preferences(items), self._taken.preferences, limit),
            combined_aliases(aliases(items), (self._source, *self._taken.aliases), MAX_ALIASES),
        )

    def _store_anew(self) -> None:
        self._plan = self._make_plan()
        last = self._read(self._target, Head.of).last
        for number, moves in enumerate(batched(self._plan.moves, EVENTS)):
            events = self._read(self._source, partial(_documents, moves))
            self._do(partial(_put_moved, moves, events, last + number * EVENTS + 1))
        for records in batched(self._read(self._source, retries.answers), retries.ADOPTED):
            self._do(partial(self._adopt, records))
        for marks in retries.used_keys(partial(self._read, self._source)):
            self._do(partial(self._remember_used, marks))
        for ids in self._deleted_ids():
            self._do(partial(self._put_deleted_ids, ids))

    def _adopt(self, records: Sequence[bytes], changes: Changes) -> None:
        retries.adopt(changes, records, self._clock())

    def _remember_used(self, marks: Sequence[Item], changes: Changes) -> None:
        retries.remember_used(changes, marks, self._clock())

    def _put_deleted_ids(self, ids: Sequence[str], changes: Changes) -> None:
        for event_id in ids:
            put_deleted_id(changes, event_id, self._clock())

    def _make_plan(self) -> Plan:
        source = list(self._kept_of_source())
        head = self._read(self._target, Head.of)
        later: list[Received] = []
        last, more = head.last + 1, bool(source)
        while more:
            page, more = self._read(self._target, partial(_received_after, head, last, source[0].at))
            later += page
            last = later[-1].place if later else last
        return interleaved(source, later[::-1], head.last + 1)

    def _kept_of_source(self) -> Iterator[Received]:
        """Return the events of the source that the target does not have, under the ids that they get."""
        head, first = self._read(self._source, Head.of), 0
        while page := self._read(self._source, partial(_page, head, first)):
            events = [orjson.loads(item.document) for item in page]
            fates = self._read(self._target, partial(_fates, self._source, events))
            for item, event, event_id in zip(page, events, fates, strict=True):
                if event_id is not None:
                    yield Received(event["received_ms"], place_of(item.key), event_id)
            first = place_of(page[-1].key) + 1

    def _deleted_ids(self) -> Iterator[list[str]]:
        head, after = self._read(self._source, Head.of), ""
        while True:
            ids, more = self._read(self._source, partial(_deleted_ids, head, after))
            if ids:
                yield ids
            if more is None:
                return
            after = more

    def _put_everything(self, changes: Changes) -> None:
        profile, preferences, ids = self._combined(changes)
        if profile is not None:
            changes.put(PROFILE_KEY, profile)
        for preference in preferences:
            changes.put(preference.key, preference.document)
        put_aliases(changes, ids)
        if self._plan.moves:
            self._put_head(changes)

    def _put_head(self, changes: Changes) -> None:
        head = Head.of(changes)
        if self._plan.first <= head.last:
            head.gap = (self._plan.first, head.last + 1)
            # In another order no cursor of before leads on: those of this life do.
            changes.delete(HEAD)
        head.last += len(self._plan.moves)
        self._retention.after_append(changes, head, self._clock())
        head.store(changes)
        changes.schedule(histories.WORK)

    def _clear(self, changes: Changes) -> bool:
        """Delete a part of what was stored anew elsewhere, and return whether all of it is gone."""
        if Standing.of(changes).merging_from != self._source:
            return True
        head = Head.of(changes)
        if head.gap is not None:
            items = changes.scan(*keys_between(*head.gap), ITEMS)
            for item in items:
                changes.delete(item.key)
            if len(items) == ITEMS:
                return False
            head.gap = None
            head.store(changes)
        changes.delete(STANDING)
        return True

    def _repoint(self, alias: str, changes: Changes) -> None:
        if alias != self._target and Standing.of(changes).alias_of == self._source:
            Standing(alias_of=self._target).store(changes)

    def _become_alias(self, changes: Changes) -> None:
        if Standing.of(changes).merging_into == self._target:
            Standing(alias_of=self._target).store(changes)
            changes.schedule(WORK)

    def _let_target_go(self, changes: Changes) -> None:
        if Standing.of(changes).merging_from != self._source or self._source in aliases(changes):
            return
        if changes.scan(*keys_between(Head.of(changes).last + 1), 1):
            raise StoreUnavailableError("a merge that has stored events can only go on")
        changes.delete(STANDING)

    def _let_source_go(self, changes: Changes) -> None:
        # A later attempt goes on with the merge, and needs the source as it is.
        if Standing.of(changes) == self._frozen:
            changes.delete(STANDING)
            changes.unschedule(WORK)

    def _require_source(self) -> None:
        """Refuse a merge of a source that was erased before the target knew of it: from then on both are erased."""
        standing: Standing = self._read(self._source, Standing.of)
        if self._target not in {standing.merging_into, standing.alias_of}:
            raise Refused("erasure_in_progress")

    def _require_own(self, changes: Changes) -> None:
        if Standing.of(changes).merging_from != self._source:
            raise StoreUnavailableError("a merge was given up")

    def _do(self, step: Callable[[Changes], object]) -> None:
        def guarded(changes: Changes) -> None:
            self._require_own(changes)
            if self._source in aliases(changes):
                raise StoreUnavailableError("a merge was completed by another call")
            step(changes)

        self._write(self._target, guarded)

    def _read(self, actor: str, view: Callable[[Items], Any]) -> Any:
        return self._store.read(self._tenant, actor, view)

    def _write(self, actor: str, change: Callable[[Changes], Any]) -> Any:
        return self._store.write(self._tenant, actor, change)


class Merges:
    """Merges by the rules of a contract.

    Args:
        contract: what a call must be, and how many names and dates a profile can hold.
        retention: what keeps the history within its limits.
        max_preferences: how many preferences an actor can have.
        clock: the time, in seconds since the epoch.

    """

    def __init__(
        self,
        contract: Contract,
        retention: Retention,
        max_preferences: int = MAX_PREFERENCES,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._contract = contract
        self._read = make_reader(contract, contract.schema("MergeInput"), _SUBJECT)
        self._validator = contract.validator("MergeInput")
        told = contract.schema("ProfileInput")["properties"]
        self._limits = Limits({name: told[name]["maxItems"] for name in KEYS}, max_preferences)
        self._retention = retention
        self._clock = clock

    def told(self, body: object, actor: str) -> str:
        """Read and check the body of a call for this actor, and return the id that is to be merged into it.

        Raises:
            Refused: `invalid_merge` or `actor_mismatch`.

        """
        reading = self._read(body, {"actor_id": actor})
        sent = reading.members(body)
        if "from" in sent and isinstance(reading.value, dict):
            # Ids are compared character by character.
            reading.value = reading.value | {"from": sent["from"]}
        check(self._contract, self._validator, reading)
        source: str = reading.value["from"]  # type: ignore[index] # the check has proved that it is there
        return source

    def of(self, store: ItemStore, tenant: str, target: str, source: str) -> Merging:
        """Return the merge of a source into a target; see `Merging`."""
        return Merging(store, tenant, target, source, self._limits, self._retention, self._clock)

    def complete(self, store: ItemStore, tenant: str, source: str) -> None:
        """Do the background work on the source of a merge, see `service.storage.Task`."""
        standing = store.read(tenant, source, Standing.of)
        if standing.merging_into is None:
            store.write(tenant, source, _delete_some)
            return
        try:
            self.of(store, tenant, standing.merging_into, source).complete()
        except (Refused, TenantFullError):
            # Both ids were let go, unless a call goes on with the merge.
            store.write(tenant, source, self._look_later)

    def _look_later(self, changes: Changes) -> None:
        changes.unschedule(WORK)
        if Standing.of(changes).merging_into is not None:
            changes.schedule(WORK, int(self._clock()) + LEASE_S)


def _latest_erasure(items: Items) -> str | None:
    mark = items.get(ERASED)
    erasure: str | None = orjson.loads(mark.document) if mark else None
    return erasure


def _delete_some(changes: Changes) -> None:
    """Delete a part of what lies under an id that has become an alias."""
    standing = Standing.of(changes)
    items = changes.scan(*_ALL_KEYS, ITEMS) if standing.alias_of is not None else []
    for item in items:
        if item.key != STANDING:
            changes.delete(item.key)
    if standing.alias_of is None:
        # What else is to be done of an id that is its own again, such as an erasure, is not the merge's.
        changes.unschedule(WORK)
    elif len(items) < ITEMS:
        changes.unschedule()


def _refuse_unfit(standing: Standing, *, may_be: bool) -> None:
    if standing.erasure is not None:
        raise Refused("erasure_in_progress")
    if standing.importing is not None or (standing.is_merging and not may_be):
        raise Refused("actor_busy")


def _page(head: Head, first: int, items: Items) -> list[Item]:
    return scan_events(items, head, first, head.last + 1, PAGE)


def _deleted_ids(head: Head, after: str, items: Items) -> tuple[list[str], str | None]:
    return deleted_ids(items, head, after, ITEMS)


def _received_after(head: Head, last: int, moment: int, items: Items) -> tuple[list[Received], bool]:
    return received_after(items, head, last, moment)


def _fates(source: str, events: Sequence[Mapping[str, Any]], items: Items) -> list[str | None]:
    """Return under which id each event of the source is stored in the target, None for one that is not."""
    head = Head.of(items)
    return [_fate(source, event, items, head) for event in events]


def _fate(source: str, event: Mapping[str, Any], items: Items, head: Head) -> str | None:
    event_id: str = event["event_id"]
    found = known(items, head, event_id)
    if found is None:
        return event_id
    there = None if found.is_deleted else items.get(event_key(found.place))
    if there is None or _said(orjson.loads(there.document)) == _said(event):
        return None
    digest = blake2b(f"{source}/{event_id}".encode(), digest_size=_ID_BYTES)
    return f"merged-{digest.hexdigest()}"


def _said(event: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in event.items() if name != "received_ms"}


def _documents(moves: Sequence[Move], items: Items) -> list[dict[str, Any] | None]:
    """Return the events of the source among these, as they are to be stored; None for those of the target."""
    found: list[dict[str, Any] | None] = []
    for move in moves:
        item = items.get(event_key(move.place)) if move.is_of_source else None
        found.append({**orjson.loads(item.document), "event_id": move.event_id} if item else None)
    return found


def _put_moved(moves: Sequence[Move], events: Sequence[dict[str, Any] | None], first: int, changes: Changes) -> None:
    for place, (move, event) in enumerate(zip(moves, events, strict=True), start=first):
        if event is not None:
            put_event(changes, place, event)
        elif not move.is_of_source:
            move_event(changes, move.place, place)
        else:
            raise StoreUnavailableError("the source of a merge is not what it was")
