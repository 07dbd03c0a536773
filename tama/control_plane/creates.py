"""Creates that a client may send twice.

Source: draft-ietf-httpapi-idempotency-key-header.
"""

from __future__ import annotations

import hashlib
import json

from tama.control_plane.errors import NotFound, Refused

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tama.control_plane.kinds import Kind
    from tama.control_plane.store import Document, Transaction

KEPT_S = 86_400
"""How long, in seconds, it is kept what was made with a key."""


class CreateKey:
    """What a client calls one create by: its `Idempotency-Key`.

    Args:
        client: the client's id; another client's keys are other ones.
        key: the key.
    """

    __slots__ = ("_client", "_key")

    def __init__(self, client: str, key: str) -> None:
        self._client = client
        self._key = key

    def once(
        self,
        transaction: Transaction,
        kind: Kind,
        request: tuple[Mapping[str, str], object],
        make: Callable[[Transaction], Document],
    ) -> Document:
        """What a create makes, or made when it was sent before, as it is now.

        Args:
            transaction: the one that it is made in. Of two creates with one key the second waits for the first.
            kind: what is made.
            request: the values in its path and its body, by which the same create is known.
            make: makes it.

        Raises:
            Refused: 422 when the key was used for another create, 409 when it was ended.
            NotFound: what was made is gone.
        """
        digest = hashlib.sha256(json.dumps([kind.type, *request], sort_keys=True).encode()).hexdigest()
        found = transaction.find_create(self._client, self._key)
        if found is None:
            made = make(transaction)
            transaction.keep_create(self._client, self._key, digest, made["id"], KEPT_S)
            return made
        request_before, object_ = found
        if object_ is None:
            raise Refused(409, {"detail": "The idempotency key was ended before: nothing is made with it."})
        if request_before != digest:
            raise Refused(422, {"detail": "The idempotency key was used for another request."})
        document = transaction.get(kind.type, object_)
        if document is None:
            raise NotFound
        return kind.answer(document)

    def end(self, transaction: Transaction) -> str | None:
        """The id of what was made with the key; where there is nothing, there never will be."""
        found = transaction.find_create(self._client, self._key)
        if found is None:
            transaction.keep_create(self._client, self._key, "", None, KEPT_S)
            return None
        return found[1]
