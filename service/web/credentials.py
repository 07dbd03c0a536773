"""Who calls, and what they may do."""

import hmac
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from service.credentials import tokens
from service.credentials.keys import Key, digest
from service.credentials.records import NO_TENANT, PARTITION, Record, Secret, key_of
from service.credentials.tokens import SigningKey
from service.refusal import Refused
from service.storage import ItemStore

__all__ = ["CONFIGURED", "MIN_KEY_LENGTH", "RECORD_LIFETIME_S", "Authenticator", "Credential", "digest"]

CONFIGURED = "configured"
"""The client id of a credential that is not in the store."""
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

    @property
    def client_id(self) -> str:
        """Return the id by which tokens and sessions name it; those that are not in the store share one."""
        return self.id or CONFIGURED


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
        self._signing_keys: tuple[float, list[SigningKey]] = (float("-inf"), [])

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
        require(caller, scopes)
        return caller

    def client(self, client_id: str, secret: str) -> Credential | None:
        """Return the credential of an OAuth client, None when it is not known.

        Raises:
            StoreUnavailableError: whether it is known could not be read.

        """
        if client_id == CONFIGURED:
            return self._configured_as(secret)
        key = Key.of(secret)
        return self._stored_as(key) if key and key.id == client_id else None

    def token(self, caller: Credential, scopes: Sequence[str]) -> str:
        """Return an access token for a credential and some of its scopes, which is good for `tokens.LIFETIME_S`.

        Raises:
            StoreUnavailableError: there is no key to sign it with.

        """
        said = tokens.claims(caller.client_id, caller.digest.hex(), scopes, self._clock())
        return tokens.sign(said, self.signing_keys()[0])

    def signing_keys(self) -> list[SigningKey]:
        """Return the keys that sign what callers are given, the newest first; one is made when there is none.

        Raises:
            StoreUnavailableError: there is no key.

        """
        return self._read_signing_keys() or tokens.make_first_signing_key(self._store)

    def key(self, presented: str) -> Credential | None:
        """Return the credential of a key, None when it is none that is known.

        Raises:
            StoreUnavailableError: whether it is known could not be read.

        """
        if configured := self._configured_as(presented):
            return configured
        key = Key.of(presented)
        return self._stored_as(key) if key else None

    def holder(self, client_id: str, key_digest: str) -> Credential | None:
        """Return a credential as it is now to whom presented one of its keys before.

        Args:
            client_id: the id that the credential was named by.
            key_digest: the beginning of the digest of the key, as `tokens.short` returns it.

        Returns:
            None when the credential or the key is no longer valid.

        Raises:
            StoreUnavailableError: whether it is could not be read.

        """
        for owner in self._configured if client_id == CONFIGURED else self._stored(client_id):
            if tokens.short(owner.digest.hex()) == key_digest:
                return owner
        return None

    def _find(self, presented: str) -> Credential | None:
        return self._token_as(presented) if tokens.is_one(presented) else self.key(presented)

    def _token_as(self, presented: str) -> Credential | None:
        said = tokens.verify(presented, self._read_signing_keys(), self._clock())
        owner = self.holder(said.credential, said.digest) if said else None
        return replace(owner, scopes=owner.scopes & frozenset(said.scopes)) if said and owner else None

    def _stored(self, credential_id: str) -> list[Credential]:
        record = self._record(credential_id)
        return [_credential(record, secret) for secret in record.valid_secrets(self._clock())] if record else []

    def _read_signing_keys(self) -> list[SigningKey]:
        now = self._monotonic()
        if not self._signing_keys[1] or now - self._signing_keys[0] >= RECORD_LIFETIME_S:
            self._signing_keys = (now, tokens.signing_keys(self._store))
        return self._signing_keys[1]

    def _configured_as(self, presented: str) -> Credential | None:
        presented_digest = digest(presented)
        found = [known for known in self._configured if hmac.compare_digest(known.digest, presented_digest)]
        return found[0] if found else None

    def _stored_as(self, key: Key) -> Credential | None:
        record = self._record(key.id)
        secret = record.secret_of(key.text, self._clock()) if record else None
        if record is None or secret is None:
            return None
        return _credential(record, secret)

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


def require(caller: Credential, scopes: frozenset[str]) -> None:
    """Let a call go on only if its credential has these scopes.

    Raises:
        Refused: `insufficient_scope`.

    """
    if missing := scopes - caller.scopes:
        raise Refused(
            "insufficient_scope",
            f"The credential does not have the scope that this call needs, {' '.join(sorted(missing))}.",
        )


def _credential(record: Record, secret: Secret) -> Credential:
    return Credential(bytes.fromhex(secret.digest), record.tenant, frozenset(record.scopes), record.id)
