"""How a document becomes an actor, in steps of which none can be seen before the last.

While the steps are done the actor reads as one nobody knows, and no other write goes on. What an import leaves that
comes to no end is taken away by background work.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, Final

import orjson

from service.items import CONSENT, Changes, Items, ItemStore, StoreUnavailableError
from service.personalization.actors.batches import EVENTS, ITEMS, PREFERENCES, batched
from service.personalization.actors.exporting import ExportBrokenError, export
from service.personalization.actors.known import is_known
from service.personalization.actors.told import Document, fingerprint
from service.personalization.consent import require_consent
from service.personalization.history import retention as histories
from service.personalization.history.layout import Head, drop_event, keys_between, put_event
from service.personalization.history.retention import Retention
from service.personalization.preferences.rules import key, stored_preferences
from service.personalization.profile import PROFILE_KEY
from service.personalization.standing import STANDING, Standing, aliases, put_aliases
from service.refusal import Refused

WORK: Final = "import"
"""The name of the background work."""

LEASE_S: Final = 60
"""After how many seconds without a step an import is taken for one that came to no end."""

_CANCELLED = ""

Step = Callable[[Changes], object]
"""A part of an import that is one change."""


class Importing:
    """One import of a document on a store.

    Args:
        store: the store, whatever the actor consents to.
        tenant: whose actor it is.
        document: what is imported.
        retention: what keeps the history within its limits.
        clock: the time, in seconds since the epoch.

    """

    def __init__(
        self,
        store: ItemStore,
        tenant: str,
        document: Document,
        retention: Retention,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._store = store
        self._tenant = tenant
        self._actor = document.frame.actor
        self._document = Document(document.frame, retention.kept(document.events, clock()))
        self._id = self._document.fingerprint()
        self._retention = retention
        self._clock = clock
        self._is_there = False

    @property
    def receipt(self) -> dict[str, int]:
        """Return how much of each kind the actor has by the document."""
        frame = self._document.frame
        return {
            "aliases": len(frame.aliases),
            "events": len(self._document.events),
            "preferences": len(frame.preferences),
        }

    def prepare(self) -> None:
        """Do all steps but the last.

        Raises:
            Refused: `consent_withdrawn`, `actor_exists`, `erasure_in_progress`, `actor_busy` or `too_many_entries`, and
                nothing was changed.
            StoreUnavailableError: the import came to no end, or another one took it over; it can be done again.

        """
        for alias in self._document.frame.aliases:
            self._store.read(self._tenant, alias, partial(self._refuse_alias, alias))
        self._is_there = self._is_stored()
        if self._is_there:
            return
        steps = self._steps()
        # With the first step, so that an actor who may not come to be leaves nothing.
        self._store.write(self._tenant, self._actor, partial(self._begin, next(steps, None)))
        for step in steps:
            self._store.write(self._tenant, self._actor, partial(self._do, step))

    def finish(self, changes: Changes) -> bool:
        """Do the last step, and return whether the actor is a new one.

        Raises:
            StoreUnavailableError: another import took this one over; it can be done again.

        """
        if self._is_there:
            return False
        self._require_own(changes)
        frame, events = self._document.frame, self._document.events
        if events:
            head = Head.of(changes)
            head.last += len(events)
            self._retention.after_append(changes, head, self._clock())
            head.store(changes)
            # Which of the events grows old first is not known without a look at them.
            changes.schedule(histories.WORK)
        if frame.aliases:
            put_aliases(changes, list(frame.aliases))
        if self._document.is_withdrawn:
            changes.put(CONSENT, orjson.dumps({"since": frame.consent["since"]}))
        changes.delete(STANDING)
        changes.unschedule(WORK)
        return True

    def lead_aliases(self) -> None:
        """Have the other ids lead to the actor; done again, it changes nothing."""

        def lead(changes: Changes) -> None:
            if self._can_be_alias(changes):
                Standing(alias_of=self._actor).store(changes)

        for alias in self._document.frame.aliases:
            self._store.write(self._tenant, alias, lead)

    def _is_stored(self) -> bool:
        """Return whether the actor is already what the document says."""
        try:
            there = fingerprint(export(self._actor, partial(self._store.read, self._tenant, self._actor)))
        except ExportBrokenError:
            return False
        return there == self._id and self._store.read(self._tenant, self._actor, _is_own)

    def _can_be_alias(self, items: Items) -> bool:
        standing = Standing.of(items)
        return standing == Standing(alias_of=self._actor) or (standing == Standing() and not is_known(items))

    def _refuse_alias(self, alias: str, items: Items) -> None:
        if Standing.of(items).erasure is not None:
            raise Refused("erasure_in_progress")
        if not self._can_be_alias(items):
            raise Refused("actor_exists", f"The alias {alias} is an actor already; nothing was stored.")
        # Where an id leads elsewhere, nobody looks at a mark of its own.
        require_consent(items)

    def _begin(self, step: Step | None, changes: Changes) -> None:
        standing = Standing.of(changes)
        if standing.erasure is not None:
            raise Refused("erasure_in_progress")
        if standing.importing not in {None, self._id} or standing.is_merging:
            raise Refused("actor_busy")
        require_consent(changes)
        has_other_aliases = not set(aliases(changes)) <= set(self._document.frame.aliases)
        if standing.alias_of is not None or (standing.importing is None and is_known(changes)) or has_other_aliases:
            raise Refused("actor_exists")
        Standing(importing=self._id).store(changes)
        if step is not None:
            step(changes)
        self._renew(changes)

    def _do(self, step: Step, changes: Changes) -> None:
        self._require_own(changes)
        step(changes)
        self._renew(changes)

    def _require_own(self, changes: Changes) -> None:
        if Standing.of(changes).importing != self._id:
            raise StoreUnavailableError("an import was taken over")

    def _renew(self, changes: Changes) -> None:
        changes.unschedule(WORK)
        changes.schedule(WORK, int(self._clock()) + LEASE_S)

    def _steps(self) -> Iterator[Step]:
        if (profile := self._document.profile) is not None:
            yield lambda changes: changes.put(PROFILE_KEY, profile)
        for preferences in batched(self._document.frame.preferences, PREFERENCES):
            yield partial(_put_preferences, preferences)
        for number, events in enumerate(batched(self._document.events, EVENTS)):
            yield partial(_put_events, events, number * EVENTS + 1)


def take_away(changes: Changes) -> int | None:
    """Do one step of taking away what an import left that came to no end, see `Work`."""
    if Standing.of(changes).importing is None:
        return None
    # From now on the import itself does no step.
    Standing(importing=_CANCELLED).store(changes)
    events = changes.scan(*keys_between(Head.of(changes).last + 1), EVENTS)
    for item in events:
        drop_event(changes, item)
    return 0 if events else _take_rest_away(changes)


def _take_rest_away(changes: Changes) -> int | None:
    preferences = stored_preferences(changes)[:ITEMS]
    for item in preferences:
        changes.delete(item.key)
    if len(preferences) == ITEMS:
        return 0
    changes.delete(PROFILE_KEY)
    changes.delete(STANDING)
    return None


def _put_preferences(documents: Sequence[bytes], changes: Changes) -> None:
    for document in documents:
        changes.put(key(orjson.loads(document)["type"]), document)


def _put_events(events: Sequence[dict[str, Any]], number: int, changes: Changes) -> None:
    """Store events behind the last one, the first as the one with this number from 1, where the head does not reach."""
    for place, event in enumerate(events, start=Head.of(changes).last + number):
        put_event(changes, place, event)


def _is_own(items: Items) -> bool:
    return Standing.of(items) == Standing()
