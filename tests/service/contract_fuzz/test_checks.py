"""Each check of ours reports the service that it is there for, and lets the one pass that is as it should be."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from flask import Flask
from werkzeug.wrappers import Request, Response

from service.contract import Contract, load_contract
from service.personalization import reading
from service.refusal import Refused
from service.storage.sqlite import SQLiteStore
from service.web.problems import problem
from tests.service.contract_fuzz.campaign import run
from tests.service.contract_fuzz.checks import Checks
from tests.service.contract_fuzz.exchanges import Call, Operations, Target
from tests.service.contract_fuzz.services import served
from tests.service.contract_fuzz.twins import Twins
from tests.service.server import BASE

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

Make = Callable[[], Flask]
Break = Callable[[Make, pytest.MonkeyPatch], Flask]
PROFILE = f"{BASE}/profile/ana.silva@actors.example"


def _nothing(make: Make, _patch: pytest.MonkeyPatch) -> Flask:
    return make()


def _after(change: Callable[[Request, Response], Response | None]) -> Break:
    """Change what the application answers."""

    def breaking(make: Make, _patch: pytest.MonkeyPatch) -> Flask:
        app = make()
        whole = app.wsgi_app

        def changed(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            answer = Response.from_app(whole, environ)
            return (change(Request(environ), answer) or answer)(environ, start_response)

        app.wsgi_app = changed  # type: ignore[method-assign] # Flask's own way
        return app

    return breaking


def _refusing(code: str, status: int) -> Break:
    """Answer calls that change something, and would be answered with this status, with a code."""

    def refuse(request: Request, answer: Response) -> Response | None:
        if answer.status_code != status or request.method == "GET":
            return None
        refusal = problem(load_contract(), Refused(code))
        refusal.headers["X-Request-Id"] = answer.headers["X-Request-Id"]
        return refusal

    return _after(refuse)


def _any_choice(make: Make, patch: pytest.MonkeyPatch) -> Flask:
    patch.setattr(reading, "_read_choice", lambda choices, _value: next(iter(choices.values())))
    return make()


def _another_number(make: Make, patch: pytest.MonkeyPatch) -> Flask:
    read = reading._read_integer
    patch.setattr(reading, "_read_integer", lambda value: 7 if isinstance(value, str) else read(value))
    return make()


def _no_enumerations(make: Make, patch: pytest.MonkeyPatch) -> Flask:
    patch.setattr(reading, "_read_choice", lambda _choices, value: value)
    return make()


def _no_deletion(make: Make, _patch: pytest.MonkeyPatch) -> Flask:
    app = make()
    whole = app.wsgi_app

    def pretending(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        is_deletion = environ["REQUEST_METHOD"] == "DELETE"
        return Response(status=204)(environ, start_response) if is_deletion else whole(environ, start_response)

    app.wsgi_app = pretending  # type: ignore[method-assign] # Flask's own way
    return app


def _fail(_request: Request, answer: Response) -> Response | None:
    return Response("Traceback (most recent call last)", 500) if answer.status_code == 404 else None


def _without_etag(_request: Request, answer: Response) -> None:
    answer.headers.pop("ETag", None)


def _with_another_name(_request: Request, answer: Response) -> None:
    answer.headers["X-Request-Id"] = "the first"


def _with_one_name(_request: Request, answer: Response) -> None:
    answer.headers["X-Request-Id"] = "0"


def _nameless(_request: Request, answer: Response) -> None:
    answer.headers.pop("X-Request-Id", None)


def _without_names(_request: Request, answer: Response) -> None:
    if answer.status_code < 300 and answer.is_json:
        answer.set_data(json.dumps({**json.loads(answer.get_data()), "names": "Ana"}))


def _as_text(_request: Request, answer: Response) -> None:
    if answer.get_data():
        answer.content_type = "text/plain"


def _with_another_status(_request: Request, answer: Response) -> None:
    if answer.status_code == 201:
        answer.status_code = 202


def _naming_the_actor(request: Request, answer: Response) -> None:
    if answer.status_code == 404:
        answer.set_data(json.dumps({**json.loads(answer.get_data()), "message": f"Nobody knows {request.path}."}))


def _showing_the_key(request: Request, answer: Response) -> None:
    answer.headers["X-Debug"] = request.headers.get("Authorization", "")


def _pointing_elsewhere(_request: Request, answer: Response) -> None:
    if answer.status_code == 422:
        told = json.loads(answer.get_data())
        errors = [{**error, "pointer": f"/input{error['pointer']}"} for error in told.get("errors", ())]
        answer.set_data(json.dumps({**told, "errors": errors} if errors else told))


def _sent(target: Target, method: str, body: object = None) -> Call:
    headers = {"authorization": f"Bearer {target.key}"} | ({} if body is None else {"content-type": "application/json"})
    return Call(method, PROFILE, headers, None if body is None else json.dumps(body).encode())


NAMES = {"names": [{"index": 0, "value": "Ana"}]}
CREATED = (("PUT", NAMES),)
UNKNOWN = (("GET", None),)
BROKEN: dict[str, tuple[Break, Sequence[tuple[str, object]], str]] = {
    "a value that is not allowed is read as one that is": (
        _any_choice,
        [("PUT", {**NAMES, "gender": "woman"})],
        "readings_are_faithful",
    ),
    "a number that came as text is read as another": (
        _another_number,
        [("PUT", {"names": [{"index": "0", "value": "Ana"}]})],
        "readings_are_faithful",
    ),
    "what can be understood is not": (
        _no_enumerations,
        [("PUT", {**NAMES, "gender": " FEMALE"})],
        "refusals_are_documented",
    ),
    "a refusal has a code of another operation": (
        _refusing("event_not_found", 404),
        [("DELETE", None)],
        "refusals_are_documented",
    ),
    "what is valid is told to be not": (_refusing("invalid_profile", 201), CREATED, "refusals_are_documented"),
    "the service fails": (_after(_fail), UNKNOWN, "refusals_are_documented"),
    "an error is no problem document": (_after(_as_text), UNKNOWN, "refusals_are_documented"),
    "a header is missing": (_after(_without_etag), CREATED, "answers_are_described"),
    "a header is not as described": (_after(_with_another_name), CREATED, "answers_are_described"),
    "a body is not as described": (_after(_without_names), CREATED, "answers_are_described"),
    "a body is of another type": (_after(_as_text), CREATED, "answers_are_described"),
    "a status is not documented": (_after(_with_another_status), CREATED, "answers_are_described"),
    "an answer does not name its request": (_after(_nameless), CREATED, "requests_have_ids"),
    "two answers name the same request": (_after(_with_one_name), CREATED + UNKNOWN, "requests_have_ids"),
    "a problem names the actor": (_after(_naming_the_actor), UNKNOWN, "nothing_secret_is_echoed"),
    "an answer shows the key": (_after(_showing_the_key), CREATED, "nothing_secret_is_echoed"),
    "an error points elsewhere": (
        _after(_pointing_elsewhere),
        [("PUT", {**NAMES, "gender": "woman"})],
        "pointers_lead_into_the_call",
    ),
    "a deletion deletes nothing": (
        _no_deletion,
        (*CREATED, ("DELETE", None), *UNKNOWN),
        "what_was_deleted_is_gone",
    ),
}


@pytest.fixture
def serve(
    contract: Contract, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[Break], AbstractContextManager[Target]]]:
    path = tmp_path / "data" / "personalization.db"
    store = SQLiteStore(path)
    yield lambda breaking: served(contract, store, path, lambda make: breaking(make, monkeypatch))
    store.close()


def _reported(contract: Contract, target: Target, calls: Sequence[tuple[str, object]]) -> set[str]:
    """Return which checks report something about these calls."""
    operations = Operations(contract)
    checks = Checks(operations, Twins(operations, target.send)).all()
    sent = [(call, target.send(call, target.key)) for call in (_sent(target, *it) for it in calls)]
    return {check.__name__ for call, answer in sent for check in checks if check(call, answer)}


@pytest.mark.parametrize("what", BROKEN)
def test_a_broken_service_is_reported_by_the_check_that_is_there_for_it(
    contract: Contract, serve: Callable[[Break], AbstractContextManager[Target]], what: str
) -> None:
    breaking, calls, check = BROKEN[what]
    with serve(breaking) as target:
        assert check in _reported(contract, target, calls)


def test_the_same_calls_are_not_reported_of_a_service_as_it_should_be(
    contract: Contract, serve: Callable[[Break], AbstractContextManager[Target]]
) -> None:
    with serve(_nothing) as target:
        calls = [call for _, calls, _ in BROKEN.values() for call in calls]
        assert _reported(contract, target, calls) == set()


@pytest.mark.parametrize(("breaking", "is_reported"), [(_after(_without_etag), True), (_nothing, False)])
def test_a_campaign_reports_what_a_check_of_ours_does(
    serve: Callable[[Break], AbstractContextManager[Target]], breaking: Break, is_reported: bool
) -> None:
    with serve(breaking) as target:
        report = run(target, 2, phases=("examples", "fuzzing"), only=("create-or-update-profile", "get-profile"))
    assert report.checked["answers_are_described"] > 10
    found = [failure for failure in report.failures if failure.startswith("answers_are_described: ")]
    assert bool(found) is is_reported
    assert is_reported or report.failures == []
