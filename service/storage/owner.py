"""Whose items lie where, in every store."""

import hashlib
from typing import NamedTuple

from service.items import MARKS


class Owner(NamedTuple):
    """Whose items they are.

    Attributes:
        tenant: the tenant.
        actor: the actor.
        marks_key: the key of the hashes that lead to marks.

    """

    tenant: str
    actor: str
    marks_key: bytes

    @property
    def pseudonym(self) -> str:
        """Return the keyed hash of the actor, in hexadecimal."""
        tenant = self.tenant.encode()
        text = len(tenant).to_bytes(4, "big") + tenant + self.actor.encode()
        return hashlib.blake2b(text, key=self.marks_key, digest_size=20).hexdigest()

    def partition(self, key: str) -> str:
        """Return under what name the item with this key lies: the actor's own, or, for a mark, a keyed hash of it."""
        # No actor id contains a slash, so no actor has the name of marks.
        return MARKS + self.pseudonym if key.startswith(MARKS) else self.actor
