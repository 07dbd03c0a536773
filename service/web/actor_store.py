"""The store as operations see it: by whom an actor id stands for, and by what may be seen and done of them."""

from collections.abc import Callable, Sequence
from typing import TypeVar

import orjson

from service.items import CONSENT, Changes, Item, Items
from service.personalization.consent import require_consent
from service.personalization.standing import ALIASES, STANDING, Standing
from service.refusal import Refused
from service.storage import ItemStore, StoreUnavailableError

_T = TypeVar("_T")

_MAX_STEPS = 3
"""How many ids are followed: an alias leads to no other alias, but for the moment in which two actors are merged."""


class _Nothing:
    """The items of an actor nobody knows."""

    def get(self, key: str) -> Item | None:  # noqa: ARG002 - the protocol's
        return None

    def get_all(self, *keys: str) -> list[Item | None]:
        return [None] * len(keys)

    def scan(self, first: str, last: str, limit: int, *, newest_first: bool = False) -> list[Item]:  # noqa: ARG002 - as above
        return []


_NOTHING = _Nothing()


class _IsAliasError(Exception):
    """The id stands for another actor, and nothing was done."""

    def __init__(self, target: str) -> None:
        super().__init__(target)
        self.target = target


class ActorStore:
    """A store in which an alias is the actor to whom it leads.

    An actor who is being erased reads as one nobody knows, and so does one who has withdrawn consent; a write to either
    is refused. That is decided in the write's own transaction, so that none is acknowledged after the erasure or the
    withdrawal was.

    Args:
        store: where the items lie.
        needs_consent: whether withdrawn consent counts.
        may_meet_erasure: whether an erasure that is under way does not count.
        ahead: the keys of what writes are decided on, which is read together with whom an id stands for.

    """

    def __init__(
        self,
        store: ItemStore,
        *,
        needs_consent: bool = True,
        may_meet_erasure: bool = False,
        ahead: Sequence[str] = (),
    ) -> None:
        self._store = store
        self._ahead = ahead
        self._needs_consent = needs_consent
        self._may_meet_erasure = may_meet_erasure

    def resolve(self, tenant: str, actor: str) -> str:
        """Return the actor for whom an id stands.

        Raises:
            StoreUnavailableError: the store could not be read.

        """

        def look_up(target: str) -> str:
            (standing,) = self._store.get(tenant, target, STANDING)
            self._leave(tenant, target, standing)
            return target

        return _of_whom_it_stands_for(actor, look_up)

    def get(self, tenant: str, actor: str, *keys: str) -> list[Item | None]:
        """See `ItemStore.get`."""

        def look_up(target: str) -> list[Item | None]:
            *items, standing, withdrawal = self._store.get(tenant, target, *keys, STANDING, CONSENT)
            self._leave(tenant, target, standing)
            return [None] * len(keys) if self._hides(standing, withdrawal) else items

        return _of_whom_it_stands_for(actor, look_up)

    def read(self, tenant: str, actor: str, view: Callable[[Items], _T]) -> _T:
        """See `ItemStore.read`."""

        def look_up(target: str) -> _T:
            def seen(items: Items) -> _T:
                standing, withdrawal = items.get_all(STANDING, CONSENT)
                self._leave(tenant, target, standing)
                return view(_NOTHING if self._hides(standing, withdrawal) else items)

            return self._store.read(tenant, target, seen)

        return _of_whom_it_stands_for(actor, look_up)

    def write(self, tenant: str, actor: str, change: Callable[[Changes], _T]) -> _T:
        """See `ItemStore.write`.

        Raises:
            Refused: `erasure_in_progress`, `actor_busy` or `consent_withdrawn`.

        """

        def admitted(changes: Changes) -> _T:
            # What is read together is read by one statement.
            standing, *_ = changes.get_all(STANDING, CONSENT, *self._ahead)
            _leave_alias(standing)
            if standing is not None:
                self._refuse(Standing.read(standing))
            if self._needs_consent:
                require_consent(changes)
            return change(changes)

        return _of_whom_it_stands_for(actor, lambda target: self._store.write(tenant, target, admitted))

    def _leave(self, tenant: str, actor: str, standing: Item | None) -> None:
        """Leave an id that leads elsewhere; one that is being merged does so as soon as its target lists it."""
        _leave_alias(standing)
        if standing is not None and (target := Standing.read(standing).merging_into) is not None:
            (listed,) = self._store.get(tenant, target, ALIASES)
            if listed is not None and actor in orjson.loads(listed.document):
                raise _IsAliasError(target)

    def _refuse(self, standing: Standing) -> None:
        if self._may_meet_erasure:
            # It ends an import or a merge, too.
            return
        if standing.is_merging or standing.importing is not None:
            raise Refused("actor_busy")
        if standing.erasure is not None:
            raise Refused("erasure_in_progress")

    def _hides(self, standing: Item | None, withdrawal: Item | None) -> bool:
        if withdrawal is not None and self._needs_consent:
            return True
        return standing is not None and not self._may_meet_erasure and Standing.read(standing).is_hidden


def _leave_alias(standing: Item | None) -> None:
    if standing is not None and (target := Standing.read(standing).alias_of) is not None:
        raise _IsAliasError(target)


def _of_whom_it_stands_for(actor: str, act: Callable[[str], _T]) -> _T:
    """Act on an actor, or on the one to whom the id leads."""
    for _ in range(_MAX_STEPS):
        try:
            return act(actor)
        except _IsAliasError as alias:
            actor = alias.target
    raise StoreUnavailableError("an alias leads to no actor")
