"""Where a list of events goes on: opaque to the caller, and good only where it was given.

A cursor holds the place of the last event that was looked at, and a code that proves it: keyed by the life of the
history, which is random and never shown, over everything else that the list depends on.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence

from service.refusal import Refused

_PLACE_BYTES = 8
_CODE_BYTES = 16


def make_cursor(life: str, scope: Sequence[str], place: int) -> str:
    """Return the cursor after a place.

    Args:
        life: the life of the history's head.
        scope: what the list depends on: tenant, actor, order, filters.
        place: the place of the last event that was looked at.

    """
    position = place.to_bytes(_PLACE_BYTES, "big")
    return base64.urlsafe_b64encode(position + _code(life, scope, position)).decode()


def read_cursor(life: str, scope: Sequence[str], cursor: str) -> int:
    """Return the place that a cursor holds.

    Raises:
        Refused: `invalid_cursor` when it was not given for this history and this list.

    """
    try:
        held = base64.b64decode(cursor, altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise Refused("invalid_cursor") from None
    position, code = held[:_PLACE_BYTES], held[_PLACE_BYTES:]
    if not (life and hmac.compare_digest(code, _code(life, scope, position))):
        raise Refused("invalid_cursor")
    return int.from_bytes(position, "big")


def _code(life: str, scope: Sequence[str], position: bytes) -> bytes:
    digest = hashlib.blake2b(position, key=life.encode(), digest_size=_CODE_BYTES)
    for part in scope:
        text = part.encode()
        digest.update(len(text).to_bytes(4, "big") + text)
    return digest.digest()
