"""The operations on a tenant as a whole; it is always the caller's own."""

import orjson
from flask import Response

from service.contract import Contract
from service.personalization.queries import Queries
from service.personalization.tenants import listing
from service.storage import Store
from service.web.answers import JSON, View, query
from service.web.credentials import Credential


class TenantViews:
    """The views of the operations on tenants; each takes the caller."""

    def __init__(self, contract: Contract, store: Store) -> None:
        self._store = store
        self._lists = Queries(contract, "ActorsQuery")

    def by_operation(self) -> dict[str, View]:
        """Return each view by the `operationId` of what it carries out."""
        return {"list-actors": self._list}

    def _list(self, caller: Credential) -> Response:
        told = self._lists.told(query())
        tenant, limit = caller.tenant, told["limit"]
        last = listing.last_id(told["cursor"], tenant) if "cursor" in told else None
        ids = self._store.actors(tenant, last, limit + 1)
        page = listing.page(tenant, ids, limit, lambda actor: self._store.read(tenant, actor, listing.is_listed))
        answer = Response(orjson.dumps(page), content_type=JSON)
        answer.headers["Cache-Control"] = "no-store"
        return answer
