"""The form of an API key that the service makes: `mpk_<id>_<secret>`.

The id is public: it names the credential in lists, and is what its row is found by. The secret has 256 random bits, so
a fast hash protects what is kept of it.
"""

import hashlib
import re
import secrets
from dataclasses import dataclass, field

_FORM = re.compile(r"mpk_([0-9a-f]{16})_[A-Za-z0-9_-]{43}", re.ASCII)
_ID_BYTES = 8
_SECRET_BYTES = 32


@dataclass(frozen=True, slots=True)
class Key:
    """An API key.

    Attributes:
        id: the public name of its credential, 16 hexadecimal digits.
        text: the whole key, which is what a caller presents.

    """

    id: str
    text: str = field(repr=False)

    @classmethod
    def of(cls, text: str) -> "Key | None":
        """Return the key that a text is, None when it has another form."""
        form = _FORM.fullmatch(text)
        return cls(form[1], text) if form else None

    @classmethod
    def make(cls, credential_id: str) -> "Key":
        """Return a new key of a credential."""
        return cls(credential_id, f"mpk_{credential_id}_{secrets.token_urlsafe(_SECRET_BYTES)}")


def make_id() -> str:
    """Return the id of a new credential."""
    return secrets.token_hex(_ID_BYTES)


def digest(key: str) -> bytes:
    """Return what is kept of a key: its SHA-256 digest."""
    return hashlib.sha256(key.encode()).digest()
