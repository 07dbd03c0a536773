"""Two actors who are alike: what is sent to the one, and what was meant to the other, must do the same."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Callable, Mapping
from urllib.parse import quote, urlencode, urlsplit

from tests.service.contract_fuzz.exchanges import Answer, Call, Described, Operations
from tests.service.contract_fuzz.meaning import Meant
from tests.service.contract_fuzz.population import ARRIVING

Send = Callable[[Call], Answer]

_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
_JSON = {"content-type": "application/json"}
_KNOWN = {
    "": {
        "names": [
            {"index": 0, "group": "real", "value": "Twin"},
            {"index": 0, "group": "callable", "value": "Twinnie"},
        ],
        "gender": "female",
        "pronoun": "they/them",
        "dates": [{"index": index, "significance": "wedding", "value": "2001-02-03"} for index in range(2)],
    },
    "/preferences/theme": {"value": "dark"},
    "/preferences/language": {"value": "pt-BR"},
}
_OWN = frozenset({"next", "etag", "size", "erasure_id", "errors"})


class Twins:
    """Makes twins at a service.

    Args:
        operations: what can be called there.
        send: makes a call, with a credential.

    """

    def __init__(self, operations: Operations, send: Send) -> None:
        self._operations = operations
        self._base = operations.contract.base_path
        self._send = send
        self._numbers = itertools.count()

    def difference(self, described: Described, call: Call, meant: Meant) -> str:
        """Make a call as it was sent, and as it was meant, to one twin each; return in what they differ then."""
        if isinstance(meant.body, dict) and meant.body.get("aliases"):
            # An alias leads to one actor alone, so that no two can be alike in it.
            return ""
        has_actor = "actor_id" in meant.path
        first, second = (self._twin(is_known=described.id != ARRIVING) if has_actor else "" for _ in range(2))
        told = json.dumps(meant.body)
        as_sent = self._answer(first, self._sent_to(first, described, call), told)
        as_meant = self._answer(second, self._meant_for(second, described, call, meant), told)
        if as_sent != as_meant:
            return f"As it was sent it is answered {as_sent}, and as it was meant {as_meant}."
        for it in self._operations.reads() if has_actor else ():
            shown = [self._answer(twin, self._reading(it, twin), told) for twin in (first, second)]
            if shown[0] != shown[1]:
                return f"What {it.id} shows then is {shown[0]} as it was sent, and {shown[1]} as it was meant."
        return ""

    def _reading(self, described: Described, twin: str) -> Call:
        return Call("GET", self._path(described, {"actor_id": twin}), {}, None)

    def _twin(self, *, is_known: bool) -> str:
        twin = f"twin-{next(self._numbers):08}"
        for path, body in _KNOWN.items() if is_known else ():
            call = Call("PUT", f"{self._base}/profile/{twin}{path}", _JSON, json.dumps(body).encode())
            assert self._send(call).status == 201, "a twin could not be made"
        return twin

    def _sent_to(self, twin: str, described: Described, call: Call) -> Call:
        target = self._path(described, {**(described.path_of(call) or {}), "actor_id": twin})
        query = urlsplit(call.target).query
        headers = self._headers(target, twin, call)
        actor, body = json.dumps((described.path_of(call) or {}).get("actor_id")), call.body
        if body and described.id == ARRIVING:
            body = body.replace(actor.encode(), json.dumps(twin).encode())
        return Call(call.method, target + (f"?{query}" if query else ""), headers, body)

    def _meant_for(self, twin: str, described: Described, call: Call, meant: Meant) -> Call:
        target = self._path(described, {**meant.path, "actor_id": twin})
        query = urlencode({name: str(value) for name, value in meant.query.items()})
        headers = self._headers(target, twin, call)
        told = (
            {**meant.body, "actor_id": twin}
            if described.id == ARRIVING and isinstance(meant.body, dict)
            else meant.body
        )
        body = json.dumps(told).encode() if meant.has_body else None
        return Call(call.method, target + (f"?{query}" if query else ""), headers, body)

    def _headers(self, target: str, twin: str, call: Call) -> Mapping[str, str]:
        kept = {name: call.headers[name] for name in ("content-type", "accept") if name in call.headers}
        if "if-match" in call.headers:
            # What the call named is another life of something else; what it meant is what is there.
            reads = (self._send(Call("GET", path, {}, None)) for path in (target, f"{self._base}/profile/{twin}"))
            kept["if-match"] = next(it.headers["etag"] for it in reads if "etag" in it.headers)
        return kept

    def _path(self, described: Described, parameters: Mapping[str, object]) -> str:
        path = described.operation.path
        for name, value in parameters.items():
            path = path.replace(f"{{{name}}}", quote(str(value), safe=""))
        return path

    def _answer(self, twin: str, call: Call, told: str) -> object:
        answer = self._send(call)
        text = _TIME.sub("TIME", answer.body.decode().replace(twin or "TWIN", "TWIN"))
        is_json = answer.media_type.endswith("json")
        return answer.status, _without_own(json.loads(text), told) if is_json and text else text


def _without_own(value: object, told: str) -> object:
    """Leave out what two calls have each for itself: what the service made up for it."""
    if isinstance(value, dict):
        return {
            name: "OWN"
            if name in _OWN or (name == "event_id" and json.dumps(it) not in told)
            else _without_own(it, told)
            for name, it in value.items()
        }
    return [_without_own(it, told) for it in value] if isinstance(value, list) else value
