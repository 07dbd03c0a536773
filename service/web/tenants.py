"""The operations on a tenant as a whole; it is always the caller's own."""

import logging
from collections.abc import Iterator
from functools import partial
from typing import Final

import orjson
from flask import Response, request

from service.contract import Contract
from service.personalization.actors.exporting import ExportBrokenError
from service.personalization.queries import Queries
from service.personalization.tenants import listing
from service.personalization.tenants.exporting import export_tenant
from service.personalization.tenants.turns import LostTurnError, Turns
from service.storage import Store, StoreUnavailableError
from service.web.answers import JSON, Answer, View, query
from service.web.credentials import Credential
from service.web.observing import described

JSON_LINES = "application/jsonl"
BLOCK_BYTES: Final = 64 * 1_024

_log = logging.getLogger("personalization")


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
        answer = Answer(orjson.dumps(page), content_type=JSON)
        answer.headers["Cache-Control"] = "no-store"
        return answer

    def _export(self, caller: Credential) -> Response:
        tenant = caller.tenant
        after = _after(tenant, self._exports.told(query()).get("cursor"))
        lines = export_tenant(tenant, after, partial(self._store.actors, tenant), partial(self._store.read, tenant))
        turn = self._turns.take(tenant)
        pieces = _while_it_goes(self._turns.kept(tenant, turn, lines), described(request))
        answer = Response(_blocks(pieces), content_type=JSON_LINES)
        answer.call_on_close(partial(self._turns.give_back, tenant, turn))
        answer.headers["Cache-Control"] = "no-store"
        return answer


def _after(tenant: str, cursor: str | None) -> str | None:
    return None if cursor is None else listing.read_cursor(tenant, cursor)


def _while_it_goes(pieces: Iterator[bytes], said: dict[str, object]) -> Iterator[bytes]:
    """Return pieces; when they break off the answer just ends, without the line that would say that it is whole."""
    try:
        yield from pieces
    except (ExportBrokenError, LostTurnError, StoreUnavailableError) as error:
        _log.error("an answer broke off", extra=said | {"error": type(error).__name__})


def _blocks(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Put small pieces together, since each block that is sent goes from thread to thread."""
    block = bytearray()
    for piece in pieces:
        block += piece
        if len(block) >= BLOCK_BYTES:
            yield bytes(block)
            block.clear()
    if block:
        yield bytes(block)
