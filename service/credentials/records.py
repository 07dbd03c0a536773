"""What is kept of a credential, and the four things that an operator does with it.

All of it lies in one partition of the item store that belongs to no tenant, so that a credential is found before its
tenant is known.
"""

import hmac
import re
from collections.abc import Callable, Collection
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any

import orjson

from service.credentials.keys import Key, digest, make_id
from service.items import Changes, Item, Items
from service.storage import ItemStore

NO_TENANT = ""
"""The tenant of what belongs to the installation; no credential has it."""
PARTITION = "/credentials"
"""No actor id has a slash."""

MAX_LABEL = 100
_TENANT = re.compile(r"[A-Za-z0-9._:-]{1,64}", re.ASCII)
_PREFIX, _END = "credential/", "credential0"
_PAGE = 100


class CredentialError(Exception):
    """What was asked of a credential cannot be done; the text says why."""


@dataclass(frozen=True, slots=True)
class Secret:
    """One key of a credential.

    Attributes:
        digest: the SHA-256 digest of the key, in hexadecimal.
        until: when it ends to be valid, in seconds since the epoch; None for never.

    """

    digest: str
    until: int | None = None


@dataclass(frozen=True, slots=True)
class Record:
    """What is kept of a credential.

    Attributes:
        id: its public name.
        tenant: the owner of the actors that it reaches.
        scopes: what it may do, sorted.
        label: what its owner calls it.
        created: when it was made, RFC 3339.
        secrets: its keys, the newest first; the one before stays until a rotation is over, none after a revocation.
        revoked: when it was revoked, RFC 3339; None while it is valid.

    """

    id: str
    tenant: str
    scopes: tuple[str, ...]
    label: str
    created: str
    secrets: tuple[Secret, ...]
    revoked: str | None = None

    @classmethod
    def of(cls, item: Item) -> "Record":
        """Return the record that an item holds."""
        document: dict[str, Any] = orjson.loads(item.document)
        kept = tuple(Secret(**secret) for secret in document["secrets"])
        return cls(**{**document, "scopes": tuple(document["scopes"]), "secrets": kept})

    def document(self) -> bytes:
        """Return the record as canonical JSON."""
        return orjson.dumps(asdict(self), option=orjson.OPT_SORT_KEYS)

    def secret_of(self, key: str, now: float) -> Secret | None:
        """Return which of its secrets a key is, None when it is none that is valid."""
        presented = digest(key).hex()
        matching = [secret for secret in self.valid_secrets(now) if hmac.compare_digest(secret.digest, presented)]
        return matching[0] if matching else None

    def valid_secrets(self, now: float) -> list[Secret]:
        """Return the secrets that are valid at a time, in seconds since the epoch."""
        return [secret for secret in self.secrets if secret.until is None or secret.until > now]


def key_of(credential_id: str) -> str:
    """Return the key of the item that holds a credential."""
    return _PREFIX + credential_id


def refuse_wrong(tenant: str, label: str) -> None:
    """Say what is wrong with a credential that is to be made.

    Raises:
        CredentialError: the tenant or the label is not one.

    """
    if not _TENANT.fullmatch(tenant):
        raise CredentialError("A tenant is 1 to 64 of the characters A-Z a-z 0-9 . _ : and -.")
    if len(label) > MAX_LABEL or not label.isprintable():
        raise CredentialError(f"A label has at most {MAX_LABEL} printable characters.")


def add(store: ItemStore, tenant: str, scopes: Collection[str], label: str, now: float) -> Key:
    """Make a credential, and return its key, of which only the digest is kept.

    Raises:
        CredentialError: the tenant or the label is not one.

    """
    refuse_wrong(tenant, label)
    key = Key.make(make_id())
    record = Record(key.id, tenant, tuple(sorted(set(scopes))), label, _time(now), (Secret(digest(key.text).hex()),))
    store.write(NO_TENANT, PARTITION, lambda changes: changes.put(key_of(key.id), record.document()))
    return key


def listed(store: ItemStore) -> list[Record]:
    """Return every credential, in the order of their ids."""

    def view(items: Items) -> list[Record]:
        records: list[Record] = []
        first = _PREFIX
        while page := items.scan(first, _END, _PAGE):
            records += map(Record.of, page)
            # The next key after this one, whatever ids look like.
            first = page[-1].key + "!"
        return records

    return store.read(NO_TENANT, PARTITION, view)


def revoke(store: ItemStore, credential_id: str, now: float) -> None:
    """End a credential. It stays in the list, and a second revocation changes nothing.

    Raises:
        CredentialError: there is none with this id.

    """

    def change(record: Record) -> Record:
        return record if record.revoked else replace(record, revoked=_time(now), secrets=())

    _change(store, credential_id, change)


def rotate(store: ItemStore, credential_id: str, overlap: int, now: float) -> Key:
    """Give a credential another key, and return it.

    Args:
        store: where it lies.
        credential_id: its public name.
        overlap: for how many seconds the key until now stays valid. Those before it end at once.
        now: the time, in seconds since the epoch.

    Raises:
        CredentialError: there is none with this id, or it is revoked.

    """
    key = Key.make(credential_id)

    def change(record: Record) -> Record:
        if record.revoked:
            raise CredentialError(f"The credential {credential_id} is revoked. Add another one.")
        kept = (replace(record.secrets[0], until=int(now) + overlap),) if overlap else ()
        return replace(record, secrets=(Secret(digest(key.text).hex()), *kept))

    _change(store, credential_id, change)
    return key


def _change(store: ItemStore, credential_id: str, change: Callable[[Record], Record]) -> None:
    def write(changes: Changes) -> None:
        stored = changes.get(key_of(credential_id))
        if stored is None:
            raise CredentialError(
                f"There is no credential {credential_id}. `personalization keys list` shows those that there are."
            )
        changes.put(stored.key, change(Record.of(stored)).document())

    store.write(NO_TENANT, PARTITION, write)


def _time(now: float) -> str:
    return datetime.fromtimestamp(now, UTC).isoformat(timespec="seconds")
