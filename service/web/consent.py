"""The operation on consent."""

import time
from typing import Final

import orjson

from service.contract import Contract
from service.items import Changes
from service.personalization.consent import WITHDRAWN, Consents
from service.personalization.erasure import erasing
from service.personalization.profile import Profiles
from service.personalization.queries import Queries
from service.refusal import Detail, Refused
from service.web.answers import View, query, unstored
from service.web.credentials import Credential, require
from service.web.erasure import ErasingWrites
from service.web.writes import Reply, Write, Writes

_ERASE: Final = frozenset({"actor:erase"})


class ConsentViews:
    """The view of the operation on consent; it takes the caller and the parameters of the path."""

    def __init__(self, contract: Contract, profiles: Profiles, writes: Writes, erasing_writes: ErasingWrites) -> None:
        self._consents = Consents(contract)
        self._queries = Queries(contract, "ConsentQuery")
        self._erasing_writes = erasing_writes
        self._profiles = profiles
        self._writes = writes

    def by_operation(self) -> dict[str, View]:
        """Return each view by the `operationId` of what it carries out."""
        return {"set-consent": self._set}

    def _set(self, caller: Credential, actor_id: str) -> Reply:
        self._profiles.check_actor(actor_id)
        if self._queries.told(query())["erase"]:
            return self._withdraw_and_erase(caller, actor_id)

        def set_status(changes: Changes, status: str) -> Reply:
            return _shown(self._consents.set(changes, status, time.time()))

        write = Write("set-consent", set_status, lambda body: self._consents.told(body, actor_id))
        return self._writes.carry_out(caller, actor_id, write)

    def _withdraw_and_erase(self, caller: Credential, actor_id: str) -> Reply:
        def read(body: object) -> str:
            status = self._consents.told(body, actor_id)
            if status != WITHDRAWN:
                reason = f"What is stored is erased only with the status `{WITHDRAWN}`."
                raise Refused("invalid_query", details=[Detail("/query/erase", reason)])
            return status

        def withdraw(changes: Changes, status: str) -> Reply:
            shown = orjson.loads(self._consents.set(changes, status, time.time()))
            return _shown(orjson.dumps(shown | {"erasure_id": erasing.begin(changes)}))

        require(caller, _ERASE)
        return self._erasing_writes.carry_out(caller, actor_id, Write("set-consent", withdraw, read, erases=True))


def _shown(consent: bytes) -> Reply:
    return Reply(200, consent, unstored())
