"""Who is signed in to the console."""

from typing import Final

from hosting.sessions import Session, Sessions
from service.credentials import tokens
from service.credentials.records import NO_TENANT
from service.items import Changes
from service.storage import ItemStore
from service.web.credentials import Authenticator, Credential

ADMIN: Final = "admin"
"""The scope that the console is for."""
PARTITION: Final = "/console"
"""Where the ids of sessions lie that were ended; no actor id has a slash."""


class ConsoleSessions(Sessions):
    """Sessions of credentials with the scope `admin`.

    The cookie names the credential and the key that was presented. Both are looked up for every page, as for a token,
    so that any process takes it, and none does once the key is revoked.

    Args:
        authenticator: knows the credentials, and the keys that sign.
        store: keeps the ids of sessions that were ended, until they would be over.

    """

    def __init__(self, authenticator: Authenticator, store: ItemStore) -> None:
        super().__init__("personalization", lambda: [key.secret for key in authenticator.signing_keys()])
        self._authenticator = authenticator
        self._store = store

    @staticmethod
    def subject(caller: Credential) -> str:
        """Return what the session of a credential names it by."""
        return f"{caller.client_id} {tokens.short(caller.digest.hex())}"

    def caller(self, session: Session) -> Credential | None:
        """Return the credential whose session it is, as it is now; None for nobody's, and for one that has ended.

        Raises:
            StoreUnavailableError: it could not be looked up.

        """
        client_id, _, key_digest = session.subject.partition(" ")
        if not client_id:
            return None
        (ended,) = self._store.get(NO_TENANT, PARTITION, _key(session))
        holder = None if ended else self._authenticator.holder(client_id, key_digest)
        return holder if holder and ADMIN in holder.scopes else None

    def end(self, session: Session) -> None:
        """End a session, in every process.

        Raises:
            StoreUnavailableError: it may go on.

        """

        def record(changes: Changes) -> None:
            changes.put(_key(session), b"true", expires=session.over)

        self._store.write(NO_TENANT, PARTITION, record)


def _key(session: Session) -> str:
    return f"ended-session/{session.id}"
