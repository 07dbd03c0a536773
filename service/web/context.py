"""The operation on contexts."""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any, NamedTuple

import orjson
from flask import request
from werkzeug.datastructures import MIMEAccept
from werkzeug.http import parse_accept_header

from service.contract import Contract
from service.items import Item, Items
from service.personalization.context.context import Context, Contexts
from service.personalization.context.counting import load_counter
from service.personalization.context.days import Day, day_of
from service.personalization.context.stored import known, made_of, timezone_of, turns
from service.personalization.history.layout import HEAD
from service.personalization.preferences.rules import Preferences
from service.personalization.profile import Profiles
from service.personalization.queries import Queries
from service.remembering import Remembered, Versions, versions_of
from service.storage import ItemStore
from service.web.answers import JSON, View, query
from service.web.credentials import Credential
from service.web.writes import Reply

MARKDOWN = "text/markdown"
MAX_KEYS = 64
"""How many items are asked for in one statement; with more types of preferences there are more than that."""
REMEMBERED_BYTES = 8 * 2**20
REMEMBERED_S = 600.0
"""How much of contexts is remembered, and for how many seconds each."""
_QUERIES, _LONGEST_QUERY = 256, 256
"""How many queries are remembered as they were read, and how long such a one can be."""
_ACCEPTS = 64
_HEADERS = {"Cache-Control": "no-store", "Vary": "Accept"}


class _Asked(NamedTuple):
    """What the query of a call asks for."""

    budget: int
    thread: str | None
    date: date | None


class ContextViews:
    """The view of the operation on contexts; it takes the caller and the parameters of the path."""

    def __init__(self, contract: Contract, profiles: Profiles, preferences: Preferences, store: ItemStore) -> None:
        self._contexts = Contexts(load_counter())
        self._queries = Queries(contract, "ContextQuery")
        self._profiles = profiles
        self._store = store
        self._keys = made_of(preferences)
        self._asked: dict[str, _Asked] = {}
        self._remembered = Remembered[Reply](REMEMBERED_BYTES, REMEMBERED_S)

    def by_operation(self) -> dict[str, View]:
        """Return each view by the `operationId` of what it carries out."""
        return {"get-context": self._get}

    def _get(self, caller: Credential, actor_id: str) -> Reply:
        self._profiles.check_actor(actor_id)
        asked = self._read_query()
        wanted = _wanted(request.environ.get("HTTP_ACCEPT", ""))
        now = datetime.now(UTC)

        def assemble(items: Items) -> tuple[Versions, Day, Reply]:
            # The same head stands for the same events, so that what was found and these belong together.
            state = found if items.get(HEAD) == found[0] else [items.get(key) for key in self._keys]
            day = day_of(asked.date, timezone_of(state), now)
            context = self._contexts.assemble(
                known(state, self._profiles), day, turns(items, asked.thread), asked.budget
            )
            said = self._said(context, day) | {"known": state[1] is not None, "budget": asked.budget}
            return versions_of(state), day, wanted(context.text, said)

        def place(day: Day) -> tuple[object, ...]:
            return caller.tenant, actor_id, asked.thread, asked.budget, day, wanted

        found = self._find(caller.tenant, actor_id)
        day = day_of(asked.date, timezone_of(found), now)
        reply = self._remembered.get(place(day), versions_of(found))
        if reply is None:
            versions, day, reply = self._store.read(caller.tenant, actor_id, assemble)
            self._remembered.put(place(day), versions, reply, len(reply.body))
        return reply

    def _find(self, tenant: str, actor: str) -> list[Item | None]:
        if len(self._keys) <= MAX_KEYS:
            return self._store.get(tenant, actor, *self._keys)
        return self._store.read(tenant, actor, lambda items: [items.get(key) for key in self._keys])

    def _read_query(self) -> _Asked:
        text: str = request.environ.get("QUERY_STRING", "")
        asked = self._asked.get(text)
        if asked is None:
            told = self._queries.told(query())
            day = date.fromisoformat(told["date"]) if "date" in told else None
            asked = _Asked(told["budget"], told.get("thread"), day)
            if len(self._asked) >= _QUERIES:
                self._asked.clear()
            if len(text) <= _LONGEST_QUERY:
                self._asked[text] = asked
        return asked

    def _said(self, context: Context, day: Day) -> dict[str, Any]:
        said: dict[str, Any] = {
            "date": day.date.isoformat(),
            "date_source": day.source,
            "turns": context.turns,
            "left_out": context.left_out,
            "counter": self._contexts.counter.name,
            "size": context.size,
            "stable_bytes": context.stable_bytes,
        }
        zone = "UTC" if day.source == "utc" else day.timezone
        return said | {"timezone": zone} if zone else said


def _json(text: str, said: Mapping[str, Any]) -> Reply:
    # What orjson returns holds several times the memory that its text needs, and a reply is kept.
    body = bytes(memoryview(orjson.dumps({"text": text, **said})))
    return Reply(200, body, {"Content-Type": JSON, **_HEADERS})


def _markdown(text: str, said: Mapping[str, Any]) -> Reply:
    headers = {
        "Content-Type": f"{MARKDOWN}; charset=utf-8",
        "Context-Counter": said["counter"],
        "Context-Size": str(said["size"]),
        "Context-Stable-Bytes": str(said["stable_bytes"]),
        "Context-Date": said["date"],
    }
    if "timezone" in said:
        headers["Context-Timezone"] = said["timezone"]
    if said["left_out"]:
        headers["Context-Left-Out"] = ", ".join(said["left_out"])
    return Reply(200, text.encode(), headers | _HEADERS)


@lru_cache(_ACCEPTS)
def _wanted(accept: str) -> Callable[[str, Mapping[str, Any]], Reply]:
    accepted = parse_accept_header(accept, MIMEAccept)
    return _markdown if accepted.best_match((JSON, MARKDOWN), JSON) == MARKDOWN else _json
