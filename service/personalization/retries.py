"""Retries that do no harm: what was answered to a call with an idempotency key is answered again.

The record of an answer lies in one of KEYS slots, which are filled in turn, so that an actor has at most so many. A
mark that outlives the actor's items says in which slot: where the record is gone, the key is known to have been used.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

import orjson

from service.items import BEHIND, MARKS, Changes, Item, Items
from service.refusal import Refused

KEYS: Final = 1_000
"""How many keys of an actor are remembered: the latest."""

LIFETIME_S: Final = 86_400
"""How long a key is remembered, in seconds."""

ADOPTED: Final = 7
"""How many records can be adopted by one change: each is up to four items, and has up to MAX_DOCUMENT bytes."""

_RECORDS = "idempotency/"
_AFTER_RECORDS = "idempotency0"
_NEXT = _RECORDS + "next"
_MARKS = MARKS + "key/"
_AFTER_MARKS = MARKS + "key0"
_MARKED = 88
"""How many marks are copied by one change."""

_GONE: Final = b"gone"
"""What the mark of a key says whose answer is not kept."""

_FORM = re.compile(r"[!-~]{1,64}")


@dataclass(frozen=True, slots=True)
class Recorded:
    """What was answered.

    Attributes:
        request: the fingerprint of the request that it was the answer to.
        status: the HTTP status.
        headers: the headers of the answer that belong to what was done.
        body: the body.

    """

    request: str
    status: int
    headers: Mapping[str, str]
    body: bytes


def used_key(scope: tuple[str, ...], sent: str) -> str:
    """Return under what name a key is remembered.

    Args:
        scope: what the key stands in besides the actor: the credential, the operation.
        sent: the key as it was sent.

    Raises:
        Refused: `invalid_idempotency_key`.

    """
    if not _FORM.fullmatch(sent):
        raise Refused("invalid_idempotency_key")
    return fingerprint(*(part.encode() for part in (*scope, sent)))


def fingerprint(*parts: bytes) -> str:
    """Return a digest that is another one for other parts."""
    return sha256(b"".join(len(part).to_bytes(8, "big") + part for part in parts)).hexdigest()


def find(items: Items, key: str) -> Recorded | None:
    """Return what was answered to a call with this key, None for a key that was not used.

    Raises:
        Refused: `idempotency_key_gone` for one that was used, but whose answer is not kept any more.

    """
    mark = items.get(_MARKS + key)
    if mark is None:
        return None
    if mark.document.startswith(b"{"):
        return _read(orjson.loads(mark.document))
    record = items.get(_RECORDS + mark.document.decode())
    kept = orjson.loads(record.document) if record else {}
    if kept.get("key") != key:
        raise Refused("idempotency_key_gone")
    return _read(kept)


def record(changes: Changes, key: str, recorded: Recorded, now: float) -> None:
    """Remember what is answered to the call that makes these changes.

    Args:
        changes: the items of the actor.
        key: what `used_key` returned.
        recorded: the answer; its body is UTF-8.
        now: the time, in seconds since the epoch.

    """
    expires = int(now) + LIFETIME_S
    stored = changes.get(_NEXT)
    slot = int(stored.document) if stored else 0
    place = f"{slot:04}"
    overwritten = changes.get(_RECORDS + place)
    if overwritten is not None:
        changes.delete(_MARKS + orjson.loads(overwritten.document)["key"])
    changes.put(_RECORDS + place, _document(key, recorded), expires=expires)
    changes.put(_NEXT, b"%d" % ((slot + 1) % KEYS), expires=expires)
    changes.put(_MARKS + key, place.encode(), expires=expires)


def answers(items: Items) -> list[bytes]:
    """Return the records of what was answered to an actor's calls, for `adopt`."""
    stored = items.scan(_RECORDS, _AFTER_RECORDS, KEYS + 1)
    return [item.document for item in stored if item.key != _NEXT]


def adopt(changes: Changes, records: Sequence[bytes], now: float) -> None:
    """Remember what was answered to another id's calls as if it were this one's; at most ADOPTED at a time.

    What was answered to a call of this one with the same key stays.
    """
    for document in records:
        kept = orjson.loads(document)
        if changes.get(_MARKS + kept["key"]) is None:
            record(changes, kept["key"], _read(kept), now)


def used_keys(read: Callable[[Callable[[Items], list[Item]]], list[Item]]) -> Iterator[Sequence[Item]]:
    """Return the marks of the keys of an actor's calls, as many at a time as `remember_used` takes.

    Args:
        read: returns what a view makes of the actor's items, see `ItemStore.read`.

    """
    after = _MARKS
    while marks := read(lambda items, after=after: items.scan(after + BEHIND, _AFTER_MARKS, _MARKED)):  # type: ignore[misc] # bound at once
        yield marks
        after = marks[-1].key


def remember_used(changes: Changes, marks: Sequence[Item], now: float) -> None:
    """Remember of the keys of another id's calls that they were used; what is known of a key stays.

    The answers themselves are not copied, but for those that are kept where an erasure does not reach.
    """
    for mark in marks:
        if changes.get(mark.key) is None:
            document = mark.document if mark.document.startswith(b"{") else _GONE
            changes.put(mark.key, document, expires=int(now) + LIFETIME_S)


def record_in_mark(changes: Changes, key: str, recorded: Recorded, now: float) -> None:
    """Remember what is answered to the call that erases the actor, where the erasure does not reach; see `record`.

    The answer tells nothing of the actor.
    """
    changes.put(_MARKS + key, _document(key, recorded), expires=int(now) + LIFETIME_S)


def _document(key: str, recorded: Recorded) -> bytes:
    kept = {
        "key": key,
        "request": recorded.request,
        "status": recorded.status,
        "headers": dict(recorded.headers),
        "body": recorded.body.decode(),
    }
    return orjson.dumps(kept, option=orjson.OPT_SORT_KEYS)


def _read(kept: Mapping[str, Any]) -> Recorded:
    return Recorded(kept["request"], kept["status"], kept["headers"], kept["body"].encode())
