"""Who may use a control plane over HTTP: clients, their secrets, and the access tokens that they are given.

A secret has 256 random bits, so a fast hash protects what is kept of it. A token says who it was given to, for which
scopes and until when, signed with a key that lies in the store: any process that shares the store can check it.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import secrets
import time
from typing import NamedTuple

from tama.control_plane.keys import Key
from tama.control_plane.names import new_id

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tama.control_plane.store import Document, Store, Transaction

ALL, READ, METRICS = "provision.all", "provision.read", "metrics.read"
SCOPES = (ALL, READ, METRICS)
"""What a client may be allowed: everything; to read objects, but no secret; to read the metrics."""

LIFETIME_S = 3_600
"""How long, in seconds, a token is good where nothing else is said."""

_CLIENT, _SIGNING_KEY, _ENDED_SESSION = "client", "signing_key", "ended_session"
_SECRET_BYTES = 32


class Denied(Exception):  # noqa: N818 - it is an answer, not a failure
    """No token is given.

    Attributes:
        error: one of the codes of RFC 6749, section 5.2.
        description: why, for people.
    """

    def __init__(self, error: str, description: str) -> None:
        super().__init__(error, description)
        self.error = error
        self.description = description


class Bearer(NamedTuple):
    """Who bears a token.

    Attributes:
        client: the client's id.
        scopes: what it may do.
    """

    client: str
    scopes: frozenset[str]

    def may(self, scope: str) -> bool:
        """Whether the token is good for a scope."""
        return _covers(self.scopes, scope)


class Clients:
    """The clients of the control plane that a store keeps.

    Args:
        store: where they lie.
        clock: the time, in seconds since the epoch.
    """

    def __init__(self, store: Store, clock: Callable[[], float] = time.time) -> None:
        self._store = store
        self._clock = clock
        self._signing_key = b""

    def add(self, scopes: Iterable[str] = (ALL,)) -> tuple[str, str]:
        """Add a client that may have some of SCOPES, and return its id and its secret, which is not kept."""
        id_, secret = new_id(), secrets.token_urlsafe(_SECRET_BYTES)
        client = {"id": id_, "digest": _digest(secret), "scopes": sorted(scopes)}
        self._store.write(lambda transaction: transaction.add(_CLIENT, [(client, (), ())]))
        return id_, secret

    def listed(self) -> list[Document]:
        """The id and the scopes of every client, the oldest first."""
        clients = self._store.read(lambda transaction: transaction.all(_CLIENT))
        return [{"id": one["id"], "scopes": one["scopes"]} for one in clients]

    def revoke(self, id_: str) -> bool:
        """End a client with the tokens that it was given; whether it was there."""
        return self._store.write(lambda transaction: transaction.delete(_CLIENT, id_))

    def grant(self, presented: str, scope: str | None, lifetime_s: int = LIFETIME_S) -> dict[str, str | int]:
        """Give an access token to the client whose credential is presented.

        Args:
            presented: base64 of id, colon and secret, in the usual alphabet or the URL-safe one, padded or not.
            scope: what is asked for, divided by spaces; None for all that the client may have.
            lifetime_s: how long, in seconds, the token is good.

        Returns:
            The members of an answer of RFC 6749, section 5.1.

        Raises:
            Denied: `invalid_client` or `invalid_scope`.
        """
        id_, _, secret = _decoded(presented).partition(":")
        client = self._known(id_, secret)
        if client is None:
            raise Denied("invalid_client", "The client is not known, or its secret is wrong.")
        allowed: list[str] = client["scopes"]
        asked = allowed if scope is None else scope.split()
        if not asked or (unknown := [one for one in asked if one not in SCOPES or not _covers(allowed, one)]):
            refused = " ".join(unknown) if asked else "no scope"
            raise Denied("invalid_scope", f"The client may not have: {refused}.")
        granted = " ".join(asked)
        claims = {"client": client["id"], "scope": granted, "ends": int(self._clock()) + lifetime_s}
        token = _sign(claims, self.signing_key())
        return {"access_token": token, "token_type": "Bearer", "scope": granted, "expires_in": lifetime_s}

    def bearer(self, token: str) -> Bearer | None:
        """Who a token was given to; None when it is none of ours, has ended, or its client is gone."""
        claims = _verified(token, self.signing_key())
        if claims is None or claims["ends"] <= self._clock():
            return None
        client = self._client(claims["client"])
        if client is None:
            return None
        granted = claims["scope"].split()
        return Bearer(client["id"], frozenset(one for one in granted if _covers(client["scopes"], one)))

    def is_known(self, id_: str, secret: str) -> bool:
        """Whether that is the secret of a client."""
        return self._known(id_, secret) is not None

    def may(self, id_: str, scope: str) -> bool:
        """Whether there is a client of that id, and it may have a scope."""
        client = self._client(id_)
        return client is not None and _covers(client["scopes"], scope)

    def end_session(self, id_: str, over: int) -> None:
        """Keep that a session was ended, until it is over by itself, in seconds since the epoch."""

        def end(transaction: Transaction) -> None:
            for one in transaction.all(_ENDED_SESSION):
                if one["over"] <= self._clock():
                    transaction.delete(_ENDED_SESSION, one["id"])
            if not transaction.has(_ENDED_SESSION, id_):
                transaction.add(_ENDED_SESSION, [({"id": id_, "over": over}, (), ())])

        self._store.write(end)

    def has_ended_session(self, id_: str) -> bool:
        """Whether a session was ended that would go on."""
        return self._store.read(lambda transaction: transaction.has(_ENDED_SESSION, id_))

    def signing_key(self) -> bytes:
        """The key that tokens and sessions are signed with."""
        if not self._signing_key:
            keys = self._store.read(lambda transaction: transaction.all(_SIGNING_KEY)) or self._store.write(_made_key)
            self._signing_key = bytes.fromhex(keys[0]["key"])
        return self._signing_key

    def _known(self, id_: str, secret: str) -> Document | None:
        client = self._client(id_)
        return client if client and hmac.compare_digest(client["digest"], _digest(secret)) else None

    def _client(self, id_: str) -> Document | None:
        return self._store.read(lambda transaction: transaction.get(_CLIENT, id_))


def _made_key(transaction: Transaction) -> list[Document]:
    """The key that tokens are signed with; made, unless another process has made one since."""
    keys = transaction.all(_SIGNING_KEY)
    if not keys:
        keys = [{"id": new_id(), "key": secrets.token_hex(_SECRET_BYTES)}]
        # Of two processes that make one at the same time the second finds that of the first.
        only = Key(_SIGNING_KEY, (), (), exclusive=True)
        transaction.add(_SIGNING_KEY, [(keys[0], (), (only,))])
    return keys


def _covers(scopes: Iterable[str], scope: str) -> bool:
    return ALL in scopes or scope in scopes


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode(errors="surrogatepass")).hexdigest()


def _decoded(text: str) -> str:
    """The text that base64 of either alphabet holds, empty for what is none."""
    try:
        plain = text.rstrip("=").replace("-", "+").replace("_", "/")
        return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True).decode()
    except (binascii.Error, ValueError):
        return ""


def _sign(claims: Document, key: bytes) -> str:
    said = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"{said}.{_signature(said, key)}"


def _verified(token: str, key: bytes) -> Document | None:
    said, _, signature = token.partition(".")
    if not token.isascii() or not hmac.compare_digest(signature, _signature(said, key)):
        return None
    claims: Document = json.loads(_decoded(said))
    return claims


def _signature(said: str, key: bytes) -> str:
    return hmac.new(key, said.encode(), hashlib.sha256).hexdigest()
