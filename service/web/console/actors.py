"""The pages on one actor. The actor's id comes in a form and is in no address, since browsers keep those."""

from collections import Counter
from collections.abc import Mapping
from contextlib import closing
from typing import Any

import orjson
from flask import Flask, Response

from service.contract import Contract
from service.personalization.actors.document import beginning
from service.personalization.consent import GIVEN
from service.web.console import PATH
from service.web.console.calls import Calls, RefusedCallError
from service.web.console.screen import show, visit

_BUDGETS = (256, 512, 1_024, 2_048, 4_096, 8_192)
_LIMITS = (10, 25, 50, 100)
_CONSENT_IS_GIVEN = "Consent is given. What was stored before is shown again."
_CONSENT_IS_WITHDRAWN = "Consent is withdrawn. Nothing more is stored, and reads answer as for an actor nobody knows."
_NOT_TYPED = "This is not the actor's id, so nothing was erased. Type it exactly as it stands above."


def actor_pages(app: Flask, calls: Calls, contract: Contract) -> None:
    """Add the pages to the console."""
    pages = _ActorPages(calls, contract)
    for page, view in (
        ("profile", pages.profile),
        ("history", pages.history),
        ("context", pages.context),
        ("data", pages.data),
        ("export", pages.export),
        ("consent", pages.consent),
        ("erase", pages.erase),
    ):
        app.add_url_rule(f"{PATH}/{page}", f"console-{page}", view, methods=["POST"])


class _ActorPages:
    def __init__(self, calls: Calls, contract: Contract) -> None:
        self._calls = calls
        self._budget = contract.schema("Budget")

    def profile(self) -> Response:
        """Show what is known of the actor, and when each field changed."""
        try:
            profile = self._told("get-profile", {"include": "meta"})
        except RefusedCallError as refused:
            if refused.code != "profile_not_found":
                raise
            profile = None
        preferences = self._told("list-preferences")["preferences"]
        return show("profile.html", profile=profile, preferences=preferences, standing=self._standing())

    def history(self) -> Response:
        """Show a page of the history, and lead to the next one and to the one before."""
        form = visit().form
        asked = _fields(order="newest", limit="25", thread="")
        cursor, before = form.get("cursor", ""), form["before"].split(",") if "before" in form else []
        page = self._told("list-history", asked | {"cursor": cursor})
        return show("history.html", page=page, asked=asked, cursor=cursor, before=before, limits=_LIMITS)

    def context(self) -> Response:
        """Show the context as a model gets it, and what had no room in it."""
        asked = _fields(budget="", thread="", date="")
        if preset := visit().form.get("preset"):
            asked["budget"] = preset
        context = self._told("get-context", asked)
        whole = context
        if context["left_out"]:
            whole = self._told("get-context", asked | {"budget": str(self._budget["maximum"])})
        text = context["text"].encode()
        return show(
            "context.html",
            context=context,
            asked=asked,
            stable=text[: context["stable_bytes"]].decode(),
            changing=text[context["stable_bytes"] :].decode(),
            left_out=_lines_left_out(context["text"], whole["text"]),
            too_much=whole["left_out"],
            unit="bytes" if context["counter"] == "bytes" else "tokens",
            bounds=self._budget,
            budgets=_BUDGETS,
        )

    def data(self, said: str = "", wrong: str = "", status: int = 200) -> Response:
        """Show what can be done with all that is kept of the actor; what was just done, or what is wrong with it."""
        return show("data.html", status, standing=self._standing(), said=said, wrong=wrong)

    def export(self) -> Response:
        """Hand over everything that is kept of the actor as a file, whose name tells nobody whose it is."""
        answer = self._answer("export-actor")
        answer.headers["Content-Disposition"] = 'attachment; filename="actor.json"'
        answer.headers["X-Content-Type-Options"] = "nosniff"
        return answer

    def consent(self) -> Response:
        """Record what the actor says of consent."""
        stands = self._told("set-consent", body=_fields(status=""))
        return self.data(_CONSENT_IS_GIVEN if stands["status"] == GIVEN else _CONSENT_IS_WITHDRAWN)

    def erase(self) -> Response:
        """Erase the actor whose id was typed."""
        if visit().form.get("typed") != visit().actor:
            return self.data(wrong=_NOT_TYPED, status=422)
        erasure = self._told("erase-actor")["erasure_id"]
        return self.data(f"Everything that is kept of this actor is being erased. The erasure's id is {erasure}.")

    def _answer(
        self, operation: str, query: Mapping[str, str] | None = None, body: Mapping[str, str] | None = None
    ) -> Response:
        return self._calls.answer(visit().caller, operation, visit().actor, query, body)

    def _told(
        self, operation: str, query: Mapping[str, str] | None = None, body: Mapping[str, str] | None = None
    ) -> Any:
        return orjson.loads(self._answer(operation, query, body).get_data())

    def _standing(self) -> Mapping[str, Any]:
        """Return what an export says before the history, or why it is refused."""
        try:
            with closing(self._answer("export-actor")) as answer:
                return beginning(answer.iter_encoded())
        except RefusedCallError as refused:
            if refused.code != "insufficient_scope":
                raise
            return {"refused": refused.message}


def _fields(**defaults: str) -> dict[str, str]:
    """Return these fields of the form, each with its default where it is not filled in."""
    return {name: visit().form.get(name) or default for name, default in defaults.items()}


def _lines_left_out(text: str, whole: str) -> list[str]:
    """Return the lines of a whole context, but for headings, that a shorter text of it has no room for."""
    kept = Counter(text.splitlines())
    missing = []
    # Of two equal turns the newer one is kept.
    for line in reversed(whole.splitlines()):
        if kept[line] > 0:
            kept[line] -= 1
        elif not line.startswith("#"):
            missing.append(line)
    return missing[::-1]
