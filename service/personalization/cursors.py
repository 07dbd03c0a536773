"""Where a list goes on: opaque to the caller, and good only where it was given.

A cursor holds the place of the last entry that was looked at, and a code over it and over everything else that the list
depends on.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence

from service.refusal import Refused

_CODE_BYTES = 16


def make_cursor(key: str, scope: Sequence[str], place: bytes) -> str:
    """Return the cursor after a place.

    Args:
        key: what the code is keyed by, 1 to 64 bytes; a secret where no caller shall choose a place.
        scope: what the list depends on: tenant, actor, order, filters.
        place: the place of the last entry that was looked at.

    """
    return base64.urlsafe_b64encode(place + _code(key, scope, place)).rstrip(b"=").decode()


def read_cursor(key: str, scope: Sequence[str], cursor: str) -> bytes:
    """Return the place that a cursor holds.

    Raises:
        Refused: `invalid_cursor` when it was not given for this list, or when the key is empty.

    """
    try:
        held = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise Refused("invalid_cursor") from None
    place, code = held[:-_CODE_BYTES], held[-_CODE_BYTES:]
    if not (key and hmac.compare_digest(code, _code(key, scope, place))):
        raise Refused("invalid_cursor")
    return place


def _code(key: str, scope: Sequence[str], place: bytes) -> bytes:
    digest = hashlib.blake2b(key=key.encode(), digest_size=_CODE_BYTES)
    for part in (place, *(text.encode() for text in scope)):
        digest.update(len(part).to_bytes(4, "big") + part)
    return digest.digest()
