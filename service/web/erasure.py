"""The operations that erase, and how they are answered only when the erasure can outlive any loss of the store."""

from collections.abc import Mapping
from typing import Any

import orjson

from service.contract import Contract
from service.items import Changes
from service.personalization.erasure import erasing, tenants
from service.personalization.profile import Profiles
from service.personalization.queries import Queries
from service.refusal import Detail, Refused
from service.storage import Store
from service.web.actor_store import ActorStore
from service.web.answers import View, query, unstored
from service.web.credentials import Credential
from service.web.writes import Reply, Write, Writes


class ErasingWrites:
    """Carries writes out that may erase the actor, and answers them when the erasure is in the log."""

    def __init__(self, contract: Contract, store: Store) -> None:
        self._store = store
        self._actors = ActorStore(store, needs_consent=False, may_meet_erasure=True)
        self._writes = Writes(contract, self._actors)

    def carry_out(self, caller: Credential, actor: str, write: Write[Any]) -> Reply:
        """See `Writes.carry_out`.

        Raises:
            StoreUnavailableError: the erasure has begun, and may not be in the log.

        """
        answer = self._writes.carry_out(caller, actor, write)
        erasing.prepare(self._store, caller.tenant, self._actors.resolve(caller.tenant, actor))
        return answer


class ErasureViews:
    """The views of the operations that erase; each takes the caller and the parameters of the path."""

    def __init__(self, contract: Contract, profiles: Profiles, store: Store, writes: ErasingWrites) -> None:
        self._profiles = profiles
        self._queries = Queries(contract, "TenantErasureQuery")
        self._store = store
        self._writes = writes
        self._tenant_writes = Writes(contract, store)

    def by_operation(self) -> dict[str, View]:
        """Return each view by the `operationId` of what it carries out."""
        return {"erase-actor": self._erase, "erase-tenant": self._erase_tenant}

    def _erase(self, caller: Credential, actor_id: str) -> Reply:
        def erase(changes: Changes, _told: None) -> Reply:
            return _accepted(erasing.begin(changes))

        self._profiles.check_actor(actor_id)
        return self._writes.carry_out(caller, actor_id, Write("erase-actor", erase, erases=True))

    def _erase_tenant(self, caller: Credential) -> Reply:
        def erase(changes: Changes, _told: None) -> Reply:
            return _accepted(tenants.begin(changes))

        _refuse_other_tenant(self._queries.told(query()), caller)
        answer = self._tenant_writes.carry_out(caller, tenants.NOBODY, Write("erase-tenant", erase, erases=True))
        tenants.record(self._store, caller.tenant)
        return answer


def _refuse_other_tenant(told: Mapping[str, Any], caller: Credential) -> None:
    if told["tenant"] != caller.tenant:
        reason = "This is not the tenant of the credential, which alone it can erase. get-credential shows which it is."
        raise Refused("invalid_query", details=[Detail("/query/tenant", reason)])


def _accepted(erasure: str) -> Reply:
    return Reply(202, orjson.dumps({"erasure_id": erasure}), unstored())
