"""The store as those see it who need an actor's consent."""

from collections.abc import Callable
from typing import TypeVar

from service.items import Changes, Item, Items
from service.personalization.consent import CONSENT, require_consent
from service.storage import ItemStore

_T = TypeVar("_T")


class _Nothing:
    """The items of an actor nobody knows."""

    def get(self, key: str) -> Item | None:  # noqa: ARG002 - the protocol's
        return None

    def scan(self, first: str, last: str, limit: int, *, newest_first: bool = False) -> list[Item]:  # noqa: ARG002 - as above
        return []


_NOTHING = _Nothing()


class ConsentedStore:
    """A store that keeps to what an actor consents to.

    When consent is withdrawn an actor reads as one nobody knows, and a write is refused. That is decided in the write's
    own transaction, so that none is acknowledged after the withdrawal was.
    """

    def __init__(self, store: ItemStore) -> None:
        self._store = store

    def get(self, tenant: str, actor: str, *keys: str) -> list[Item | None]:
        """See `ItemStore.get`."""
        *items, withdrawal = self._store.get(tenant, actor, *keys, CONSENT)
        return items if withdrawal is None else [None] * len(keys)

    def read(self, tenant: str, actor: str, view: Callable[[Items], _T]) -> _T:
        """See `ItemStore.read`."""
        return self._store.read(tenant, actor, lambda items: view(items if items.get(CONSENT) is None else _NOTHING))

    def write(self, tenant: str, actor: str, change: Callable[[Changes], _T]) -> _T:
        """See `ItemStore.write`.

        Raises:
            Refused: `consent_withdrawn`.

        """

        def consented(changes: Changes) -> _T:
            require_consent(changes)
            return change(changes)

        return self._store.write(tenant, actor, consented)
