"""Who calls, and what they may do."""

import hmac
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from service.credentials.keys import Key, digest
from service.credentials.records import NO_TENANT, PARTITION, Record, key_of
from service.refusal import Refused
from service.storage import ItemStore

__all__ = ["MIN_KEY_LENGTH", "RECORD_LIFETIME_S", "Authenticator", "Credential", "digest"]

MIN_KEY_LENGTH = 32
RECORD_LIFETIME_S = 5.0
"""How long the row of a credential is used before it is read again: how long a revocation takes at most."""
_MAX_RECORDS = 10_000


@dataclass(frozen=True, slots=True)
class Credential:
    """A credential that the service accepts.

    Attributes:
        digest: the SHA-256 digest of its key; a key has 256 random bits, so a slow hash would protect nothing.
        tenant: the owner of the actors that it reaches.
        scopes: what it may do.
        id: its public name; empty for one that is not in the store.

    """

    digest: bytes
    tenant: str
    scopes: frozenset[str]
    id: str = ""

    @property
    def identity(self) -> str:
        """Return what tells this credential from others, whichever of its keys is used."""
        return self.id or self.digest.hex()


class Authenticator:
    """Finds out whose call it is.

    Args:
        configured: the credentials that this start was given.
        store: where the others lie; a row is read again once it is older than RECORD_LIFETIME_S.
        monotonic: a clock in seconds that never goes back.
        clock: the time, in seconds since the epoch.

    """

    def __init__(
        self,
        configured: Sequence[Credential],
        store: ItemStore,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._configured = configured
        self._store = store
        self._monotonic = monotonic
        self._clock = clock
        self._records: dict[str, tuple[float, Record]] = {}

    def authenticate(self, authorization: str | None, scopes: frozenset[str]) -> Credential:
        """Return the credential of an `Authorization` header's value (RFC 6750, section 2.1).

        Raises:
            Refused: `unauthenticated` when it is none that is known, `insufficient_scope` when a scope is missing.
            StoreUnavailableError: whether it is known could not be read.

        """
        scheme, _, presented = (authorization or "").partition(" ")
        caller = self._find(presented.strip()) if scheme.lower() == "bearer" else None
        if caller is None:
            raise Refused("unauthenticated")
        if missing := scopes - caller.scopes:
            raise Refused(
                "insufficient_scope",
                f"The credential does not have the scope that this call needs, {' '.join(sorted(missing))}.",
            )
        return caller

    def _find(self, presented: str) -> Credential | None:
        key = Key.of(presented)
        return self._configured_as(presented) or (self._stored_as(key) if key else None)

    def _configured_as(self, presented: str) -> Credential | None:
        presented_digest = digest(presented)
        found = [known for known in self._configured if hmac.compare_digest(known.digest, presented_digest)]
        return found[0] if found else None

    def _stored_as(self, key: Key) -> Credential | None:
        record = self._record(key.id)
        secret = record.secret_of(key.text, self._clock()) if record else None
        if record is None or secret is None:
            return None
        return Credential(bytes.fromhex(secret.digest), record.tenant, frozenset(record.scopes), record.id)

    def _record(self, credential_id: str) -> Record | None:
        # The age counts from before the row is read: what is revoked while it is read is not used for longer.
        now = self._monotonic()
        known = self._records.get(credential_id)
        if known and now - known[0] < RECORD_LIFETIME_S:
            return known[1]
        (stored,) = self._store.get(NO_TENANT, PARTITION, key_of(credential_id))
        if stored is None:
            # What is not known is not kept: callers could fill the memory with it.
            return None
        record = Record.of(stored)
        if len(self._records) >= _MAX_RECORDS:
            self._records.clear()
        self._records[credential_id] = (now, record)
        return record
