"""Access tokens, and the keys that sign them.

A token is `mpt_<claims>.<signature>`, both in base64url without padding. The claims are JSON: the id of the credential
it was given to, the beginning of the digest of the secret it was given for, its scopes, its end and the id of the
signing key. The signature is HMAC-SHA-256 of `mpt_<claims>`. A token is no more than the credential that it names: that
one's row decides whether it is still valid.
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field

import orjson

from service.credentials.records import NO_TENANT, PARTITION
from service.items import Changes, Item
from service.storage import ItemStore

LIFETIME_S = 600
SIGNING_KEYS = 2
"""How many signing keys there are at most: tokens of the one before the last rotation are still accepted."""

_KEYS = "signing-keys"
_PREFIX = "mpt_"
_MAX_LENGTH = 2_048
_SECRET_BYTES = 32
_DIGEST_DIGITS = 16


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A key that signs tokens.

    Attributes:
        id: what tokens name it by.
        secret: 256 random bits.

    """

    id: str
    secret: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Claims:
    """What a token says.

    Attributes:
        credential: the id of the credential that it was given to.
        digest: the first digits of the digest of the secret that it was given for, in hexadecimal.
        scopes: what it allows, as far as the credential still does.
        expires: its end, in seconds since the epoch.

    """

    credential: str
    digest: str
    scopes: tuple[str, ...]
    expires: int


def short(digest: str) -> str:
    """Return the digits of a secret's digest, in hexadecimal, that say which secret it is and tell nothing of it."""
    return digest[:_DIGEST_DIGITS]


def claims(credential: str, digest: str, scopes: Sequence[str], now: float) -> Claims:
    """Return what a token says that is given now, for the secret with this digest in hexadecimal."""
    return Claims(credential, short(digest), tuple(scopes), int(now) + LIFETIME_S)


def sign(said: Claims, key: SigningKey) -> str:
    """Return a token."""
    document = [key.id, said.credential, said.digest, " ".join(said.scopes), said.expires]
    signed = _PREFIX + _encoded(orjson.dumps(document))
    return f"{signed}.{_encoded(_signature(signed, key))}"


def is_one(text: str) -> bool:
    """Return whether a text that a caller presents would be a token, and not a key."""
    return text.startswith(_PREFIX)


def verify(token: str, keys: Sequence[SigningKey], now: float) -> Claims | None:
    """Return what a token says; None when it is not one, when no key of these signed it, or when it is over."""
    if not is_one(token) or len(token) > _MAX_LENGTH or not token.isascii():
        return None
    signed, _, signature = token.partition(".")
    # Nothing of the claims is looked at before the signature is known to be right.
    signers = [key for key in keys if hmac.compare_digest(_encoded(_signature(signed, key)), signature)]
    if not signers:
        return None
    _, credential, digest, scopes, expires = orjson.loads(_decoded(signed.removeprefix(_PREFIX)))
    return Claims(credential, digest, tuple(scopes.split()), expires) if expires > now else None


def signing_keys(store: ItemStore) -> list[SigningKey]:
    """Return the signing keys, the newest first; none before the first token."""
    (stored,) = store.get(NO_TENANT, PARTITION, _KEYS)
    return _read(stored)


def make_first_signing_key(store: ItemStore) -> list[SigningKey]:
    """Make a signing key if there is none, and return all."""

    def change(changes: Changes) -> list[SigningKey]:
        return _read(changes.get(_KEYS)) or _add(changes, [])

    return store.write(NO_TENANT, PARTITION, change)


def rotate_signing_key(store: ItemStore) -> None:
    """Make a signing key, which signs from now on, and forget those before the last one."""
    store.write(NO_TENANT, PARTITION, lambda changes: _add(changes, _read(changes.get(_KEYS))))


def _add(changes: Changes, known: list[SigningKey]) -> list[SigningKey]:
    keys = [SigningKey(secrets.token_hex(4), secrets.token_bytes(_SECRET_BYTES)), *known][:SIGNING_KEYS]
    changes.put(_KEYS, orjson.dumps([[key.id, key.secret.hex()] for key in keys]))
    return keys


def _read(stored: Item | None) -> list[SigningKey]:
    return [SigningKey(name, bytes.fromhex(secret)) for name, secret in orjson.loads(stored.document)] if stored else []


def _signature(signed: str, key: SigningKey) -> bytes:
    return hmac.digest(key.secret, signed.encode(), hashlib.sha256)


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
