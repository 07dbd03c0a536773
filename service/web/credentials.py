"""Who calls, and what they may do."""

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass

from service.refusal import Refused

MIN_KEY_LENGTH = 32


@dataclass(frozen=True, slots=True)
class Credential:
    """A credential that the service accepts.

    Attributes:
        digest: the SHA-256 digest of its key; a key has 256 random bits, so a slow hash would protect nothing.
        tenant: the owner of the actors that it reaches.
        scopes: what it may do.

    """

    digest: bytes
    tenant: str
    scopes: frozenset[str]

    @property
    def identity(self) -> str:
        """Return what tells this credential from others."""
        return self.digest.hex()


def digest(key: str) -> bytes:
    """Return what is kept of a key."""
    return hashlib.sha256(key.encode()).digest()


def authenticate(credentials: Sequence[Credential], authorization: str | None, scopes: frozenset[str]) -> Credential:
    """Return the credential of an `Authorization` header's value (RFC 6750, section 2.1).

    Raises:
        Refused: `unauthenticated` when there is none or it is not known, `insufficient_scope` when a scope is missing.

    """
    scheme, _, key = (authorization or "").partition(" ")
    presented = digest(key.strip())
    found = [known for known in credentials if hmac.compare_digest(known.digest, presented)]
    if scheme.lower() != "bearer" or not found:
        raise Refused("unauthenticated")
    if missing := scopes - found[0].scopes:
        raise Refused(
            "insufficient_scope",
            f"The credential does not have the scope that this call needs, {' '.join(sorted(missing))}.",
        )
    return found[0]
