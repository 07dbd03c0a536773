"""The operation on consent."""

import time

from flask import Response

from service.contract import Contract
from service.items import Changes
from service.personalization.consent import Consents
from service.personalization.profile import Profiles
from service.web.answers import JSON, View
from service.web.credentials import Credential
from service.web.writes import Reply, Write, Writes


class ConsentViews:
    """The view of the operation on consent; it takes the caller and the parameters of the path."""

    def __init__(self, contract: Contract, profiles: Profiles, writes: Writes) -> None:
        self._consents = Consents(contract)
        self._profiles = profiles
        self._writes = writes

    def by_operation(self) -> dict[str, View]:
        """Return each view by the `operationId` of what it carries out."""
        return {"set-consent": self._set}

    def _set(self, caller: Credential, actor_id: str) -> Response:
        def set_status(changes: Changes, status: str) -> Reply:
            shown = self._consents.set(changes, status, time.time())
            return Reply(200, shown, {"Content-Type": JSON, "Cache-Control": "no-store"})

        self._profiles.check_actor(actor_id)
        write = Write("set-consent", set_status, lambda body: self._consents.told(body, actor_id))
        return self._writes.carry_out(caller, actor_id, write)
