"""The operations on histories."""

import time
from collections.abc import Callable, Sequence
from typing import Any

import orjson
from flask import Response

from service.contract import Contract
from service.items import Changes
from service.personalization.history import rules
from service.personalization.history.events import MAX_BODY_BYTES, Event, EventBodies, shown, utc
from service.personalization.history.retention import Retention
from service.personalization.history.rules import Listing
from service.personalization.profile import Profiles
from service.personalization.queries import Queries
from service.personalization.reading import Subject
from service.storage import ItemStore
from service.web.answers import Answer, View, query, unstored
from service.web.credentials import Credential
from service.web.writes import Reply, Write, Writes

_PATH = Subject("path", "invalid_parameter")
_RECEIPT = ("event_id", "received_at")


class HistoryViews:
    """The views of the operations on histories; each takes the caller and the parameters of the path."""

    def __init__(
        self,
        contract: Contract,
        profiles: Profiles,
        retention: Retention,
        store: ItemStore,
        writes: Writes,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._profiles = profiles
        self._bodies = EventBodies(contract)
        self._retention = retention
        self._queries = Queries(contract, "HistoryQuery")
        self._removals = Queries(contract, "HistoryRemovalQuery")
        self._places = Queries(contract, "EventPlace", _PATH)
        self._store = store
        self._writes = writes
        self._clock = clock

    def by_operation(self) -> dict[str, View]:
        """Return each view by the `operationId` of what it carries out."""
        return {
            "list-history": self._list,
            "append-history": self._append,
            "delete-history-up-to": self._delete_up_to,
            "delete-event": self._delete,
        }

    def _list(self, caller: Credential, actor_id: str) -> Response:
        self._profiles.check_actor(actor_id)
        told = self._queries.told(query())
        listing = Listing(
            caller.tenant,
            actor_id,
            told["order"] == "newest",
            told.get("thread"),
            *(utc(told[name]) if name in told else None for name in ("since", "until")),
        )
        page = self._store.read(
            caller.tenant, actor_id, lambda items: rules.page(items, listing, told["limit"], told.get("cursor"))
        )
        return Answer(orjson.dumps(page), headers=unstored())

    def _append(self, caller: Credential, actor_id: str) -> Reply:
        def append(changes: Changes, events: Sequence[Event]) -> Reply:
            appended = rules.append(changes, events, self._retention, self._clock())
            receipts = [_receipt(event) for event in appended.events]
            return Reply(201 if appended.is_new else 200, orjson.dumps({"events": receipts}), unstored())

        self._profiles.check_actor(actor_id)
        write = Write(
            "append-history", append, lambda body: self._bodies.told(body, actor_id), max_bytes=MAX_BODY_BYTES
        )
        return self._writes.carry_out(caller, actor_id, write)

    def _delete_up_to(self, caller: Credential, actor_id: str) -> Reply:
        def delete(changes: Changes, _told: None) -> Reply:
            rules.delete_up_to(changes, through)
            return Reply(204)

        self._profiles.check_actor(actor_id)
        through = self._removals.told(query())["through"]
        return self._writes.carry_out(caller, actor_id, Write("delete-history-up-to", delete))

    def _delete(self, caller: Credential, actor_id: str, event_id: str) -> Reply:
        def delete(changes: Changes, _told: None) -> Reply:
            rules.delete(changes, place["event_id"], self._clock())
            return Reply(204)

        self._profiles.check_actor(actor_id)
        place = self._places.told({"event_id": [event_id]})
        return self._writes.carry_out(caller, actor_id, Write("delete-event", delete))


def _receipt(event: dict[str, Any]) -> dict[str, Any]:
    """Return what an append answers of an event: without what the caller has told, which can be long."""
    whole = shown(event)
    return {name: whole[name] for name in _RECEIPT}
