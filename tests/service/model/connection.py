"""One connection to a service, and what its answers are held against."""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping
from http import HTTPStatus
from urllib.parse import quote, urlencode

from service.contract import load_contract
from tests.service.model.person import Outcome
from tests.service.server import BASE, KEY, Answer


class Connection:
    """A connection that is kept as long as the service keeps it."""

    def __init__(self, host: str, port: int) -> None:
        self._http = http.client.HTTPConnection(host, port, timeout=30)

    def close(self) -> None:
        self._http.close()

    def call(
        self,
        method: str,
        actor_id: str | None,
        path: str,
        query: Mapping[str, str] | None = None,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Make a call below an actor, or below the base path for None."""
        actor = "" if actor_id is None else f"/profile/{quote(actor_id, safe='')}"
        target = f"{BASE}{actor}{path}" + (f"?{urlencode(query)}" if query else "")
        self._http.request(method, target, body, {"Authorization": f"Bearer {KEY}", **(headers or {})})
        sent = self._http.getresponse()
        answer = Answer(sent.status, {name.lower(): it for name, it in sent.getheaders()}, sent.read())
        if body is not None and answer.status >= HTTPStatus.BAD_REQUEST:
            # The service may have refused the call without reading its body, and then ends the connection.
            self._http.close()
        return answer


def hold(outcome: Outcome, answer: Answer) -> None:
    """Hold an answer against what was expected."""
    if outcome.answer is not None:
        assert _said(answer) == _said(outcome.answer), "a call that was made again is answered as before"
        return
    if outcome.code is not None:
        kind = load_contract().errors[outcome.code]
        assert (answer.json.get("code"), answer.status) == (outcome.code, kind.status)
    else:
        assert answer.status == outcome.status, answer.body
        assert (json.loads(answer.body) if answer.body else None) == outcome.body
        assert answer.headers.get("content-location") == outcome.location
        _hold_tag(outcome, answer)
    outcome.answer = answer


def _hold_tag(outcome: Outcome, answer: Answer) -> None:
    if outcome.tag is not None:
        tag, suffix = outcome.tag
        shown = answer.headers["etag"]
        assert shown.endswith(f'{suffix}"')
        assert tag == f'{shown.removesuffix(suffix + chr(34))}"'


def _said(answer: Answer) -> tuple[object, ...]:
    names = ("content-type", "content-location", "etag")
    return answer.status, answer.body, *(answer.headers.get(name) for name in names)
