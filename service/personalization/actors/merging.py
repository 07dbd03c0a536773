"""How two ids that are one person become one actor: the target, who is the named one, to whom then the source leads.

The events of the source, and those of the target that were received later, are stored anew behind all others of the
target, where nobody sees them. One write of the target then shows all of the merge, for both ids: the source leads to
the target as soon as the target lists it. Until the merge is complete no other write to either goes on; what a crash
cuts off goes on by the same call or in the background.
"""

import secrets
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final

import orjson

from service.items import ERASED, Changes, Item, Items, ItemStore, StoreUnavailableError, TenantFullError
from service.personalization.actors.batches import ITEMS
from service.personalization.actors.combining import (
    Kept,
    Limits,
    combined_aliases,
    combined_profiles,
    taken_preferences,
)
from service.personalization.actors.interleaving import Plan
from service.personalization.actors.moving import planned, storing_steps
from service.personalization.consent import require_consent
from service.personalization.history import retention as histories
from service.personalization.history.layout import HEAD, Head, keys_between
from service.personalization.history.retention import Retention
from service.personalization.profile import PROFILE_KEY
from service.personalization.standing import MAX_ALIASES, STANDING, Standing, aliases, put_aliases
from service.refusal import Refused

WORK: Final = "merge"
"""The name of the task that completes a merge; it is the source's."""

LEASE_S: Final = 15
"""After how many seconds the task goes on with a merge."""

_ID_BYTES: Final = 12


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
        self._taken = Kept()
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
            self._taken = self._read(self._source, Kept.of)
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
        kept = Kept.of(items)
        # What one change can do besides the rest of it.
        limit = min(self._limits.preferences, len(kept.preferences) + ITEMS)
        return (
            combined_profiles(kept.profile, self._taken.profile, self._limits.entries, self._clock()),
            taken_preferences(kept.preferences, self._taken.preferences, limit),
            combined_aliases(kept.aliases, (self._source, *self._taken.aliases), MAX_ALIASES),
        )

    def _store_anew(self) -> None:
        read_source, read_target = partial(self._read, self._source), partial(self._read, self._target)
        self._plan = planned(self._source, read_source, read_target)
        for step in storing_steps(self._plan, read_target(Head.of).last, read_source, self._clock):
            self._do(step)

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


def _latest_erasure(items: Items) -> str | None:
    mark = items.get(ERASED)
    erasure: str | None = orjson.loads(mark.document) if mark else None
    return erasure


def _refuse_unfit(standing: Standing, *, may_be: bool) -> None:
    if standing.erasure is not None:
        raise Refused("erasure_in_progress")
    if standing.importing is not None or (standing.is_merging and not may_be):
        raise Refused("actor_busy")
