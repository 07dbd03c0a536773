"""Whom and what the calls are about: generated ids meet nobody, so most calls are turned to who and what is there."""

from __future__ import annotations

import itertools
import json
import re
import zlib
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, unquote

from schemathesis import Case
from schemathesis.core.parameters import ParameterLocation

from tests.service.contract_fuzz.exchanges import Call, Described, Operations, Target
from tests.service.contract_fuzz.meaning import noun_of
from tests.service.contract_fuzz.mistakes import mistaken

ACTORS = ("ana.silva@actors.example", "b\u00e9a@actors.example", "0192f0c1-7b7e-7c55-9a3e-0f4f3f0c8a11")
"""Who is called about; e-mail addresses are what must appear nowhere."""

LEAVING = frozenset({"set-consent", "erase-actor", "merge-actors"})
"""What an actor does not come back from; in single calls these are about others."""

ARRIVING = "import-actor"
"""What needs an actor nobody knows; in single calls it is about somebody else each time."""

ERASING_ALL = "erase-tenant"
EMPTY_TENANT = "empty"
"""Whose actors are erased: nobody's, for the others are still needed."""

_KNOWN = {
    "names": [{"index": i, "group": group, "value": "Ana"} for i in range(2) for group in ("real", "callable")],
    "dates": [
        {"index": i, "significance": it, "value": "1990-03-03"}
        for i in range(2)
        for it in ("birth", "wedding", "start_school", "graduated")
    ],
}
_PREFERENCES = {"theme": "dark", "language": "pt-BR"}
_EVENTS = 3
_CONDITIONS = frozenset({"If-Match", "If-None-Match"})
# What the service makes, and hardly anybody else.
_ETAG = re.compile(r'"[A-Za-z0-9_-]{16,}\.[0-9]+(\.[a-z]+)?"')


class Population:
    """The actors of a campaign, and the hook that turns calls to them.

    Args:
        operations: what can be called.
        target: the service.
        on_prepared: is told when the actors have been given again what calls may have taken away.

    """

    def __init__(self, operations: Operations, target: Target, on_prepared: Callable[[], None]) -> None:
        self._operations = operations
        self._described = {it.id: it for it in operations.all}
        self._target = target
        self._on_prepared = on_prepared
        self._numbers = itertools.count()
        self._before: Described | None = None
        self._events: list[str] = []

    def before_call(self, _context: object, case: Case[Any], _kwargs: object) -> None:
        """Change a generated call before it is made; what makes it invalid stays as it is."""
        it = self._described[case.operation.definition.raw["operationId"]]
        # Equal calls are changed alike, whenever they are made.
        number = zlib.crc32(repr((case.path_parameters, case.query, case.body)).encode())
        self._ask_for_less(it, case, number)
        if case.meta is not None and case.meta.phase.name.value == "stateful":
            self._turn_to_new_actor(case)
        else:
            if it is not self._before:
                self._prepare(self._before)
                self._before = it
            self._turn_to_known_actor(it, case, number)
            self._turn_to_known_things(it, case, number)
            self._show_what_was_seen(it, case)
        if case.meta is not None and case.meta.generation.mode.is_positive and isinstance(case.body, dict):
            case.body = mistaken(case.body, noun_of(it), number // 3) if number % 3 == 0 else case.body
        if it.id == ERASING_ALL and case.meta is not None and case.meta.generation.mode.is_positive:
            case.query["tenant"] = EMPTY_TENANT

    def _prepare(self, before: Described | None) -> None:
        """Give every actor again what the operation before may have taken away; all there is when there was none."""
        taken = "" if before is None else before.operation.path.partition("{actor_id}")[2]
        calls: list[tuple[str, str, object]] = []
        if before is None or (before.method != "GET" and not taken.startswith(("/preferences", "/history"))):
            calls.append(("PUT", "", _KNOWN))
        if before is None or (before.method == "DELETE" and taken.startswith("/preferences")):
            calls += [("PUT", f"/preferences/{name}", {"value": it}) for name, it in _PREFERENCES.items()]
        if before is None or (before.method == "DELETE" and taken.startswith("/history")):
            self._events = [f"m-{next(self._numbers)}" for _ in range(_EVENTS)]
            events = [{"role": "user", "content": "Hello", "event_id": it} for it in self._events]
            calls.append(("POST", "/history", {"events": events}))
        for actor in ACTORS if calls else ():
            base = f"{self._operations.contract.base_path}/profile/{quote(actor)}"
            for method, path, body in calls:
                sent = Call(method, base + path, {"content-type": "application/json"}, json.dumps(body).encode())
                status = self._target.send(sent, self._target.key).status
                assert status < 300, f"{method} {path} of a known actor is answered {status}"
        self._on_prepared()

    def _ask_for_less(self, described: Described, case: Case[Any], number: int) -> None:
        """Leave most preconditions out, which hardly ever hold by chance, and give most calls a key of their own."""
        for it in described.parameters:
            sent = case.headers.get(it.name) if it.location == "header" else None
            if sent is None or number % 4 == 0 or _is_wrong(case, it.name):
                continue
            if it.name == "Idempotency-Key":
                case.headers[it.name] = f"{sent[:32]}-{next(self._numbers)}"
            elif it.name in _CONDITIONS and not _ETAG.fullmatch(sent):
                del case.headers[it.name]

    def _turn_to_known_actor(self, described: Described, case: Case[Any], number: int) -> None:
        if self._actor(case):
            actor = ACTORS[number % len(ACTORS)]
            if described.id in LEAVING:
                actor = f"{described.id}-{actor}"
            if described.id == ARRIVING and number % 4:
                actor = f"{next(self._numbers)}-{actor}"
                if isinstance(case.body, dict) and "actor_id" in case.body:
                    case.body = {**case.body, "actor_id": actor}
            case.path_parameters["actor_id"] = quote(actor, safe="")

    def _turn_to_known_things(self, described: Described, case: Case[Any], number: int) -> None:
        known = {"index": ("0", "1"), "event_id": self._events, "through": self._events}
        for it in described.parameters:
            values: dict[str, Any] | None = {"path": case.path_parameters, "query": case.query}.get(it.location)
            if values and it.name in known and it.name in values and number % 3:
                sent = unquote(str(values[it.name]))
                if self._operations.is_valid(it.schema, int(sent) if it.name == "index" and sent.isdecimal() else sent):
                    values[it.name] = known[it.name][number % len(known[it.name])]

    def _show_what_was_seen(self, described: Described, case: Case[Any]) -> None:
        """Give patches the ETag without which they replace nothing."""
        if described.id == "patch-profile" and "If-Match" not in case.headers and self._actor(case):
            path = described.operation.path.replace("{actor_id}", str(case.path_parameters["actor_id"]))
            answer = self._target.send(Call("GET", path, {}, None), self._target.key)
            if "etag" in answer.headers:
                case.headers["If-Match"] = answer.headers["etag"]

    def _turn_to_new_actor(self, case: Case[Any]) -> None:
        """Begin every sequence with an actor nobody knows: Hypothesis asks that equal calls are answered alike."""
        actor = self._actor(case)
        if actor and not re.search(r"~[0-9]+$", actor):
            case.path_parameters["actor_id"] = quote(f"{actor[:200]}~{next(self._numbers)}", safe="")

    def _actor(self, case: Case[Any]) -> str:
        """Return the actor that a call is about; nothing when there is none, or what stands there cannot be one."""
        actor = unquote(str(case.path_parameters.get("actor_id", "")), errors="surrogateescape")
        return actor if self._operations.is_valid({"$ref": "#/components/schemas/ActorId"}, actor) else ""


def _is_wrong(case: Case[Any], header: str) -> bool:
    """Return whether it is this header by which a case is meant to break the contract."""
    if case.meta is None or not case.meta.generation.mode.is_negative:
        return False
    data = case.meta.phase.data
    changed = {data.parameter, *(mutation.parameter for mutation in data.mutations)}
    return header in changed or (changed == {None} and case.meta.is_negative_at(ParameterLocation.HEADER))
