"""Who gets into the console, for how long, and that nobody else acts with their session."""

import base64
import re
from collections.abc import Callable

import pytest
from flask import Flask

from service.contract import Contract
from service.credentials import records
from service.web import credentials
from service.web.app import create_app
from service.web.console import add_console
from tests.service.console.operator import Call, Operator, alert, text
from tests.service.server import BASE, KEY, Answer, RunningService
from tests.service.stores import AnyStore

PAGES = ("profile", "history", "context", "data", "export", "consent", "erase", "actors", "sign-out")
ADMIN = frozenset({"admin"})


def calls(app: Flask) -> Call:
    """Return how to call an application that is not served."""
    http = app.test_client(use_cookies=False)

    def call(method: str, path: str, body: bytes | None = None, *, headers: dict[str, str], key: None) -> Answer:
        answer = http.open(path, method=method, data=body, headers=headers, environ_base={"HTTP_HOST": "127.0.0.1"})
        return Answer(answer.status_code, {name.lower(): value for name, value in answer.headers}, answer.data)

    return call


@pytest.fixture
def process(contract: Contract, store: AnyStore) -> Callable[[], Operator]:
    """Return an operator before another process that serves the same store."""

    def make() -> Operator:
        app = create_app(contract, store, [], instance="i", main_pid=1)
        add_console(app, contract, store, [])
        return Operator(calls(app))

    return make


def test_who_is_not_signed_in_gets_the_form_for_it_and_nothing_else(service: RunningService) -> None:
    nobody = Operator(service.call)
    assert "API key" in text(nobody.open())
    for page in PAGES:
        answer = nobody.send(page, actor_id="a", status="withdrawn", typed="a")
        assert (answer.status, alert(answer)) == (401, "The session has ended. Sign in to go on.")


@pytest.mark.parametrize("key", ["", "wrong", KEY + "x", f"mpk_{'0' * 16}_{'A' * 43}", "\u00e9" * 40])
def test_a_wrong_key_is_told_so_and_let_nowhere(process: Callable[[], Operator], key: str) -> None:
    stranger = process()
    answer = stranger.sign_in(key)
    assert (answer.status, alert(answer)) == (401, "This is no key of the service, or it is revoked.")
    assert stranger.send("profile", actor_id="a").status == 401


def test_a_key_without_the_scope_is_told_which_one_it_needs(process: Callable[[], Operator], store: AnyStore) -> None:
    key = records.add(store, "one", ["profile:read"], "", 0).text
    answer = process().sign_in(key)
    assert answer.status == 403
    assert "does not have the scope `admin`" in alert(answer)


def test_an_access_token_is_no_key(service: RunningService) -> None:
    body = {"grant_type": "client_credentials", "client_id": "configured", "client_secret": KEY}
    token = service.call("POST", f"{BASE}/oauth/token", body, key=None).json["access_token"]
    assert Operator(service.call).sign_in(token).status == 401


def test_what_the_key_does_not_allow_is_refused_in_words(process: Callable[[], Operator], store: AnyStore) -> None:
    operator = process()
    assert operator.sign_in(records.add(store, "one", ADMIN, "", 0).text).status == 200
    for page, scope in (("profile", "profile:read"), ("export", "actor:erase"), ("consent", "profile:write")):
        answer = operator.send(page, actor_id="a", status="withdrawn")
        assert answer.status == 403
        assert scope in alert(answer)
    assert "Consent and other ids are not shown." in text(operator.send("data", actor_id="a"))


def test_a_key_reaches_the_actors_of_its_tenant_alone(process: Callable[[], Operator], store: AnyStore) -> None:
    operator = process()
    scopes = ["admin", "profile:read", "actor:erase"]
    operator.sign_in(records.add(store, "two", scopes, "", 0).text)
    store.write("one", "ana", lambda changes: changes.put("profile", b'{"names":[]}'))
    assert "There is no profile" in text(operator.send("profile", actor_id="ana"))
    assert "ana" not in text(operator.open())


def test_the_cookie_has_every_flag(service: RunningService) -> None:
    for host, name in (
        (f"127.0.0.1:{service.port}", f"personalization-{service.port}"),
        ("a.example", "__Host-personalization"),
    ):
        said, *flags = Operator(service.call).open(Host=host).headers["set-cookie"].split("; ")
        assert said.partition("=")[0] == name
        assert set(flags) == {"HttpOnly", "SameSite=Strict", "Path=/"} | (
            {"Secure"} if name.startswith("__") else set()
        )


def test_the_key_is_neither_in_the_cookie_nor_on_the_disk(operator: Operator, service: RunningService) -> None:
    (cookie,) = operator.cookies.values()
    said = cookie.partition(".")[0]
    assert KEY.encode() not in base64.urlsafe_b64decode(said + "=" * (-len(said) % 4))
    operator.open()
    files = [path for path in service.folder.rglob("*") if path.is_file() and path.name != "key"]
    assert service.store in files
    assert [path for path in files if KEY.encode() in path.read_bytes()] == []


@pytest.mark.every_store
def test_a_session_counts_in_every_process_and_ends_in_every_one(
    process: Callable[[], Operator], store: AnyStore
) -> None:
    key = records.add(store, "one", ["admin", "profile:read"], "", 0).text
    here, there = process(), process()
    assert here.sign_in(key).status == 200
    there.cookies = dict(here.cookies)
    assert "Sign out" in text(there.open())
    assert there.send("profile", actor_id="a").status == 200
    assert here.send("sign-out").status == 303
    assert "API key" in text(here.open())
    # Who kept the cookie has nothing of it.
    assert there.send("profile", actor_id="a").status == 401
    assert "Sign out" not in text(there.open())


def test_a_session_ends_with_its_key(
    process: Callable[[], Operator], store: AnyStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(credentials, "RECORD_LIFETIME_S", 0)
    key = records.add(store, "one", ["admin", "profile:read"], "", 0)
    operator = process()
    operator.sign_in(key.text)
    assert operator.send("profile", actor_id="a").status == 200
    new = records.rotate(store, key.id, 0, 0)
    assert operator.send("profile", actor_id="a").status == 401
    operator.sign_in(new.text)
    assert operator.send("profile", actor_id="a").status == 200
    records.revoke(store, key.id, 0)
    answer = operator.send("profile", actor_id="a")
    assert (answer.status, alert(answer)) == (401, "The session has ended. Sign in to go on.")


def test_attempts_to_sign_in_are_slowed_down_but_not_those_with_another_key(
    process: Callable[[], Operator], store: AnyStore
) -> None:
    stranger = process()
    statuses = [stranger.sign_in("wrong").status for _ in range(10)]
    assert statuses == [401] * 10
    slowed = stranger.sign_in("wrong")
    assert slowed.status == 429
    assert 0 < int(slowed.headers["retry-after"]) <= 6
    assert "Try again in" in alert(slowed)
    key = records.add(store, "one", ADMIN, "", 0).text
    assert stranger.sign_in(key).status == 200


FOREIGN = [
    ({"form_token": ""}, {}),
    ({"form_token": "0" * 64}, {}),
    ({}, {"Sec-Fetch-Site": "cross-site"}),
    ({}, {"Sec-Fetch-Site": "same-site"}),
    ({}, {"Origin": "https://elsewhere.example"}),
    ({}, {"Origin": "null"}),
]


@pytest.mark.parametrize(("changed", "headers"), FOREIGN)
def test_a_form_from_elsewhere_does_nothing(
    operator: Operator, service: RunningService, changed: dict[str, str], headers: dict[str, str]
) -> None:
    service.put("ana", {"names": [{"index": 0, "value": "Ana"}]})
    for page, more in (("consent", {"status": "withdrawn"}), ("erase", {"typed": "ana"}), ("sign-out", {})):
        answer = operator.send(page, headers, actor_id="ana", **more, **changed)
        assert answer.status == 403
        assert "nothing was done" in alert(answer)
    assert service.get("ana").status == 200
    assert "Sign out" in text(operator.open())


def test_a_browser_that_keeps_no_cookie_is_told_what_it_takes(service: RunningService) -> None:
    stranger = Operator(service.call)
    stranger.open(Host="personalization.example.com")
    stranger.cookies.clear()
    answer = stranger.send("sign-in", {"Host": "personalization.example.com"}, key=KEY)
    assert answer.status == 403
    assert "has to begin with https" in alert(answer)


def test_the_token_of_another_session_does_not_count(operator: Operator, service: RunningService) -> None:
    other = Operator(service.call)
    other.open()
    assert operator.send("profile", actor_id="a", form_token=other.form_token).status == 403


@pytest.mark.parametrize("body", [b"actor_id=a&actor_id=b", b"actor_id=%ff", b"\xff", b"&".join([b"a=b"] * 40)])
def test_what_is_no_form_is_refused(operator: Operator, service: RunningService, body: bytes) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded", **operator._cookie()}
    answer = service.call("POST", "/console/profile", body, headers=headers, key=None)
    assert answer.status == 400
    assert "cannot be read" in alert(answer)


def test_pages_are_stored_nowhere_and_run_nothing_but_what_is_ours(operator: Operator) -> None:
    answers = [
        operator.open(),
        *(operator.send(page, actor_id="a") for page in ("profile", "history", "context", "data")),
    ]
    for answer in [*answers, operator.open("/console/nothing"), operator.send("profile", actor_id="/")]:
        assert answer.headers["cache-control"] == "no-store"
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        html = answer.body.decode()
        assert re.findall(r"<script(?![^>]* src=)|<style|\sstyle=|\son\w+=|javascript:", html) == []


def test_what_a_form_leads_to_has_no_address_of_its_own(operator: Operator) -> None:
    for page in PAGES:
        answer = operator.open(f"/console/{page}")
        assert (answer.status, answer.headers["location"]) == (303, "/console")
