"""Names for actors in logs: the same actor has the same one while the process lives, and nobody can tell whose."""

import hashlib
import secrets


class Pseudonyms:
    """Keyed hashes; the key is random and never leaves the process."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)

    def of(self, actor: str) -> str:
        """Return the pseudonym of an actor."""
        return hashlib.blake2b(actor.encode(), key=self._key, digest_size=8).hexdigest()
