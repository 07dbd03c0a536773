"""The operations on a tenant as a whole; it is always the caller's own."""

from functools import partial

import orjson
from flask import Response

from service.contract import Contract
from service.personalization.queries import Queries
from service.personalization.tenants import listing
from service.personalization.tenants.exporting import export_tenant
from service.personalization.tenants.turns import Turns
from service.storage import Store
from service.web.answers import Answer, View, query, unstored
from service.web.credentials import Credential
from service.web.streams import streamed

JSON_LINES = "application/jsonl"


class TenantViews:
    """The views of the operations on tenants; each takes the caller."""

    def __init__(self, contract: Contract, store: Store) -> None:
        self._store = store
        self._lists = Queries(contract, "ActorsQuery")
        self._exports = Queries(contract, "TenantExportQuery")
        self._turns = Turns()

    def by_operation(self) -> dict[str, View]:
        """Return each view by the `operationId` of what it carries out."""
        return {"list-actors": self._list, "export-tenant": self._export}

    def _list(self, caller: Credential) -> Response:
        told = self._lists.told(query())
        tenant, limit = caller.tenant, told["limit"]
        ids = self._store.actors(tenant, _after(tenant, told.get("cursor")), limit + 1)
        page = listing.page(tenant, ids, limit, lambda actor: self._store.read(tenant, actor, listing.is_listed))
        return Answer(orjson.dumps(page), headers=unstored())

    def _export(self, caller: Credential) -> Response:
        tenant = caller.tenant
        after = _after(tenant, self._exports.told(query()).get("cursor"))
        lines = export_tenant(tenant, after, partial(self._store.actors, tenant), partial(self._store.read, tenant))
        turn = self._turns.take(tenant)
        answer = streamed(self._turns.kept(tenant, turn, lines), JSON_LINES)
        answer.call_on_close(partial(self._turns.give_back, tenant, turn))
        return answer


def _after(tenant: str, cursor: str | None) -> str | None:
    return None if cursor is None else listing.read_cursor(tenant, cursor)
