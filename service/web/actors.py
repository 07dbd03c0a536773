"""The operations on an actor as a whole."""

import time
from collections.abc import Callable
from functools import partial

import orjson
from flask import Response

from service.contract import Contract
from service.items import Changes
from service.personalization.actors import MAX_IMPORT
from service.personalization.actors.exporting import export
from service.personalization.actors.importing import Importing
from service.personalization.actors.merges import Merges
from service.personalization.actors.merging import Merging
from service.personalization.actors.told import Documents
from service.personalization.history.retention import Retention
from service.personalization.profile import Profiles
from service.storage import ItemStore, StoreUnavailableError
from service.strict_json import MAX_DEPTH
from service.web.actor_store import ActorStore
from service.web.answers import JSON, View, unstored
from service.web.credentials import Credential
from service.web.streams import streamed
from service.web.writes import Reply, Write, Writes

_DOCUMENT_DEPTH = MAX_DEPTH + 2
"""A document holds preferences, each of which came in a body of its own, within two more levels."""


class ActorViews:
    """The views of the operations on actors as a whole; each takes the caller and the parameters of the path."""

    def __init__(
        self,
        contract: Contract,
        profiles: Profiles,
        documents: Documents,
        merges: Merges,
        retention: Retention,
        store: ItemStore,
        *,
        max_import: int = MAX_IMPORT,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._profiles = profiles
        self._documents = documents
        self._merges = merges
        self._retention = retention
        self._store = store
        self._max_import = max_import
        self._clock = clock
        self._actors = ActorStore(store, needs_consent=False)
        self._writes = Writes(contract, store)
        # What was answered to an import moves along when the actor is merged into another.
        self._imports = Writes(contract, ActorStore(store, needs_consent=False, may_meet_erasure=True))

    def by_operation(self) -> dict[str, View]:
        """Return each view by the `operationId` of what it carries out."""
        return {"export-actor": self._export, "import-actor": self._import, "merge-actors": self._merge}

    def _export(self, caller: Credential, actor_id: str) -> Response:
        self._profiles.check_actor(actor_id)
        actor = self._actors.resolve(caller.tenant, actor_id)
        return streamed(export(actor, partial(self._store.read, caller.tenant, actor)), JSON)

    def _import(self, caller: Credential, actor_id: str) -> Reply:
        prepared: list[Importing] = []

        def prepare(body: object) -> Importing:
            document = self._documents.told(body, actor_id)
            importing = Importing(self._store, caller.tenant, document, self._retention, self._clock)
            importing.prepare()
            prepared.append(importing)
            return importing

        def finish(changes: Changes, importing: Importing) -> Reply:
            status = 201 if importing.finish(changes) else 200
            return Reply(status, orjson.dumps(importing.receipt), unstored())

        self._profiles.check_actor(actor_id)
        write = Write("import-actor", finish, prepare, max_bytes=self._max_import, max_depth=_DOCUMENT_DEPTH)
        answer = self._imports.carry_out(caller, actor_id, write)
        for importing in prepared:
            importing.lead_aliases()
        return answer

    def _merge(self, caller: Credential, actor_id: str) -> Reply:
        begun: list[Merging] = []

        def prepare(body: object) -> Merging:
            merging = self._merges.of(self._store, caller.tenant, target, self._merges.told(body, actor_id))
            merging.prepare()
            begun.append(merging)
            return merging

        def show(changes: Changes, merging: Merging) -> Reply:
            return Reply(200, merging.show(changes), unstored())

        self._profiles.check_actor(actor_id)
        target = self._actors.resolve(caller.tenant, actor_id)
        try:
            return self._writes.carry_out(caller, target, Write("merge-actors", show, prepare))
        except StoreUnavailableError:
            # What was begun can only go on, by the same call or in the background.
            begun.clear()
            raise
        finally:
            for merging in begun:
                merging.settle()
