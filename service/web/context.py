"""The operation on contexts."""

from datetime import UTC, date, datetime
from typing import Any

import orjson
from flask import Response, request

from service.contract import Contract
from service.items import Items
from service.personalization.context.context import Context, Contexts
from service.personalization.context.counting import load_counter
from service.personalization.context.days import Day, day_of
from service.personalization.context.stored import known, turns
from service.personalization.preferences.rules import Preferences
from service.personalization.profile import Profiles
from service.personalization.queries import Queries
from service.storage import ItemStore
from service.web.answers import JSON, Answer, View
from service.web.credentials import Credential

MARKDOWN = "text/markdown"


class ContextViews:
    """The view of the operation on contexts; it takes the caller and the parameters of the path."""

    def __init__(self, contract: Contract, profiles: Profiles, preferences: Preferences, store: ItemStore) -> None:
        self._contexts = Contexts(load_counter())
        self._queries = Queries(contract, "ContextQuery")
        self._profiles = profiles
        self._preferences = preferences
        self._store = store

    def by_operation(self) -> dict[str, View]:
        """Return each view by the `operationId` of what it carries out."""
        return {"get-context": self._get}

    def _get(self, caller: Credential, actor_id: str) -> Response:
        self._profiles.check_actor(actor_id)
        query = self._queries.told(request.args.to_dict(flat=False))
        asked = date.fromisoformat(query["date"]) if "date" in query else None
        now = datetime.now(UTC)

        def assemble(items: Items) -> tuple[Context, Day, bool]:
            actor = known(items, self._profiles, self._preferences)
            timezone = actor.preferences.get("timezone")
            day = day_of(asked, timezone if isinstance(timezone, str) else None, now)
            context = self._contexts.assemble(actor, day, turns(items, query.get("thread")), query["budget"])
            return context, day, actor.profile is not None

        context, day, is_known = self._store.read(caller.tenant, actor_id, assemble)
        said = self._said(context, day) | {"known": is_known, "budget": query["budget"]}
        wanted = request.accept_mimetypes.best_match((JSON, MARKDOWN), JSON)
        answer = _markdown(context.text, said) if wanted == MARKDOWN else _json(context.text, said)
        answer.headers["Cache-Control"] = "no-store"
        answer.headers["Vary"] = "Accept"
        return answer

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


def _json(text: str, said: dict[str, Any]) -> Response:
    return Answer(orjson.dumps({"text": text, **said}), content_type=JSON)


def _markdown(text: str, said: dict[str, Any]) -> Response:
    answer = Answer(text, content_type=f"{MARKDOWN}; charset=utf-8")
    answer.headers["Context-Counter"] = said["counter"]
    answer.headers["Context-Size"] = str(said["size"])
    answer.headers["Context-Stable-Bytes"] = str(said["stable_bytes"])
    answer.headers["Context-Date"] = said["date"]
    if "timezone" in said:
        answer.headers["Context-Timezone"] = said["timezone"]
    if said["left_out"]:
        answer.headers["Context-Left-Out"] = ", ".join(said["left_out"])
    return answer
