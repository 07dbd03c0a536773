"""The operations on an actor as a whole."""

import logging
from collections.abc import Iterator
from functools import partial

from flask import Response, request

from service.personalization.actors.exporting import ExportBrokenError, export
from service.personalization.profile import Profiles
from service.storage import ItemStore, StoreUnavailableError
from service.web.actor_store import ActorStore
from service.web.answers import JSON, View
from service.web.credentials import Credential
from service.web.observing import described

_log = logging.getLogger("personalization")


class ActorViews:
    """The views of the operations on actors as a whole; each takes the caller and the parameters of the path."""

    def __init__(self, profiles: Profiles, store: ItemStore) -> None:
        self._profiles = profiles
        self._store = store
        self._actors = ActorStore(store, needs_consent=False)

    def by_operation(self) -> dict[str, View]:
        """Return each view by the `operationId` of what it carries out."""
        return {"export-actor": self._export}

    def _export(self, caller: Credential, actor_id: str) -> Response:
        self._profiles.check_actor(actor_id)
        actor = self._actors.resolve(caller.tenant, actor_id)
        document = export(actor, partial(self._store.read, caller.tenant, actor))
        answer = Response(_logged(document, described(request)), content_type=JSON)
        answer.headers["Cache-Control"] = "no-store"
        return answer


def _logged(pieces: Iterator[bytes], said: dict[str, object]) -> Iterator[bytes]:
    """Return the pieces; when they break off, the answer ends there, and is no JSON."""
    try:
        yield from pieces
    except (ExportBrokenError, StoreUnavailableError) as error:
        # Its head is sent already, and the server would end an answer that raises in the same way, with a stack trace.
        _log.error("an answer broke off", extra=said | {"error": type(error).__name__})
