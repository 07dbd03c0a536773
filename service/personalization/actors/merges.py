"""Merges by the rules of the contract, and the background work that completes what was cut off."""

import time
from collections.abc import Callable

from service.contract import Contract
from service.items import ALL_KEYS, Changes, ItemStore, TenantFullError
from service.personalization.actors.batches import ITEMS
from service.personalization.actors.combining import Limits
from service.personalization.actors.merging import LEASE_S, WORK, Merging
from service.personalization.checking import check
from service.personalization.history.retention import Retention
from service.personalization.preferences import MAX_PREFERENCES
from service.personalization.profile import KEYS
from service.personalization.reading import Subject, make_reader
from service.personalization.standing import STANDING, Standing
from service.refusal import Refused

_SUBJECT = Subject("merge", "invalid_merge")


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


def _delete_some(changes: Changes) -> None:
    """Delete a part of what lies under an id that has become an alias."""
    standing = Standing.of(changes)
    items = changes.scan(*ALL_KEYS, ITEMS) if standing.alias_of is not None else []
    for item in items:
        if item.key != STANDING:
            changes.delete(item.key)
    if standing.alias_of is None:
        # What else is to be done of an id that is its own again, such as an erasure, is not the merge's.
        changes.unschedule(WORK)
    elif len(items) < ITEMS:
        changes.unschedule()
