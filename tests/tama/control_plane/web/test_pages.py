"""The pages of a served control plane: who gets to see them, and what they show."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from hosting import sessions
from tama.control_plane import ControlPlane
from tama.control_plane.errors import StoreError
from tama.control_plane.web import create_app
from tama.control_plane.web.pages import telling
from tests.tama.control_plane.support import Caller, document, operation
from tests.tama.control_plane.web.support import observer

HTML = {"Accept": "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"}
NOT_FOUND = (404, "application/json", {"errors": {"detail": "Not Found"}})
SECRET = "canary-of-the-tests"
ROW = re.compile(r'<th scope="row" class="long"><a href="/objects/([\w-]+)"><bdi dir="ltr">(.*?)</bdi>')

Person = Callable[..., "Browser"]


class Browser:
    """A person's browser, which keeps cookies and fills in forms."""

    def __init__(self, http: FlaskClient) -> None:
        self.http = http

    def get(self, path: str = "/") -> TestResponse:
        return self.http.get(path, headers=HTML)

    def post(self, path: str, page: TestResponse, headers: dict[str, str] | None = None, **fields: str) -> TestResponse:
        """Send the form of a page, with what is hidden in it."""
        hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page.text))
        data = {name: unescape(value) for name, value in hidden.items()} | fields
        return self.http.post(path, headers={**HTML, **(headers or {})}, data=data)

    def sign_in(self, id_: str, secret: str, path: str = "/") -> TestResponse:
        return self.post("/sign-in", self.get(path), client_id=id_, client_secret=secret)


@pytest.fixture
def person(plane: ControlPlane) -> Person:
    """A browser, signed in as a client of some scopes; without any, not signed in."""

    def open_(*scopes: str) -> Browser:
        browser = Browser(create_app(plane, observer()).test_client())
        if scopes:
            assert browser.sign_in(*plane.clients.add(scopes)).status_code == 303
        return browser

    return open_


def is_signed_in(page: TestResponse) -> bool:
    assert page.content_type == "text/html; charset=utf-8"
    assert ("Sign out" in page.text) is not ("Client secret" in page.text)
    return "Sign out" in page.text


def test_who_signs_in_sees_the_page_that_was_asked_for(plane: ControlPlane, person: Person) -> None:
    browser, (id_, secret) = person(), plane.clients.add(["provision.read"])
    path = "/objects?kind=space&q=caf%C3%A9+1"
    assert not is_signed_in(browser.get(path))
    answer = browser.sign_in(id_, secret, path)
    assert (answer.status_code, answer.headers["Location"]) == (303, path)
    page = browser.get(answer.headers["Location"])
    assert is_signed_in(page)
    assert id_ in page.text
    assert secret not in page.text + str(answer.headers)


@pytest.mark.parametrize(
    "to", ["//elsewhere.example", "https://elsewhere.example", "/\\e.example", "/\t/e.example", ""]
)
def test_a_form_leads_nowhere_else(plane: ControlPlane, person: Person, to: str) -> None:
    browser, (id_, secret) = person(), plane.clients.add()
    answer = browser.post("/sign-in", browser.get(), client_id=id_, client_secret=secret, to=to)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")


@pytest.mark.parametrize("accept", ["", "*/*", "application/json", "text/html;q=0", "text/*"])
@pytest.mark.parametrize("path", ["/", "/objects", "/objects/x"])
def test_a_program_finds_no_pages(person: Person, path: str, accept: str) -> None:
    answer = person("provision.read").http.get(path, headers={"Accept": accept} if accept else {})
    assert (answer.status_code, answer.content_type, answer.get_json()) == NOT_FOUND


def test_a_wrong_secret_an_unknown_client_and_one_that_may_not_read_are_told_so(
    plane: ControlPlane, person: Person
) -> None:
    browser, (id_, secret) = person(), plane.clients.add(["metrics.read"])
    for given in ((id_, secret + "x"), (id_, ""), ("nobody", secret), ("", ""), ("\u2028é<", secret)):
        answer = browser.sign_in(*given)
        assert (answer.status_code, is_signed_in(answer)) == (403, False)
        assert "The client is not known, or its secret is wrong." in answer.text
    answer = browser.sign_in(id_, secret)
    assert (answer.status_code, is_signed_in(answer)) == (403, False)
    assert "it does not have the scope provision.read" in answer.text
    assert not is_signed_in(browser.get())


def test_attempts_to_sign_in_are_slowed_down_for_one_client_alone(plane: ControlPlane, person: Person) -> None:
    browser, mine, other = person(), plane.clients.add(), plane.clients.add()
    statuses = [browser.sign_in(mine[0], "wrong").status_code for _ in range(11)]
    assert statuses == [403] * 10 + [429]
    slowed = browser.sign_in(*mine)
    assert (slowed.status_code, is_signed_in(slowed)) == (429, False)
    assert 1 <= int(slowed.headers["Retry-After"]) <= 6
    assert browser.sign_in(*other).status_code == 303


def test_a_form_that_is_not_of_this_session_or_site_does_nothing(plane: ControlPlane, person: Person) -> None:
    browser, (id_, secret) = person(), plane.clients.add()
    credential = {"client_id": id_, "client_secret": secret}
    others = person().get()
    for page, headers in ((others, {}), (browser.get(), {"Sec-Fetch-Site": "cross-site"})):
        answer = browser.post("/sign-in", page, headers, **credential)
        assert (answer.status_code, is_signed_in(answer)) == (403, False)
        assert "Sign in again." in answer.text
    assert browser.sign_in(id_, secret).status_code == 303
    browser.post("/sign-out", others)
    assert is_signed_in(browser.get())


def test_who_signs_out_is_out_in_every_process_and_so_is_whoever_has_the_cookie(
    plane: ControlPlane, person: Person
) -> None:
    browser, thief = person("provision.read"), person()
    cookie = browser.http.get_cookie("tama-80")
    assert cookie
    thief.http.set_cookie("tama-80", cookie.value)
    assert is_signed_in(thief.get()), "another process knows the session"
    answer = browser.post("/sign-out", browser.get())
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    assert not is_signed_in(browser.get())
    thief.http.set_cookie("tama-80", cookie.value)
    assert not is_signed_in(thief.get())


def test_who_has_not_signed_in_has_the_store_keep_nothing(
    plane: ControlPlane, person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = person()
    monkeypatch.setattr(plane.clients._store, "write", None)
    for path in ("/sign-out", "/sign-in"):
        assert browser.post(path, browser.get(), client_id="a", client_secret="b").status_code in (303, 403)


def test_a_link_of_another_site_leads_on_without_ending_the_session(person: Person) -> None:
    browser = person("provision.read")
    answer = browser.http.get("/objects?q=a", headers={**HTML, "Sec-Fetch-Site": "cross-site"})
    assert (answer.headers["Refresh"], "Set-Cookie" in answer.headers) == ("0", False)
    assert is_signed_in(browser.get())


def test_who_is_revoked_is_out_at_once(plane: ControlPlane, person: Person) -> None:
    browser, (id_, secret) = person(), plane.clients.add()
    assert browser.sign_in(id_, secret).status_code == 303
    assert is_signed_in(browser.get())
    plane.clients.revoke(id_)
    assert not is_signed_in(browser.get())


@pytest.mark.parametrize(("path", "goes_on"), [("/objects", True), ("/?refresh=10", False)])
def test_a_session_goes_on_with_each_page_but_for_a_picture_that_draws_itself_anew(
    person: Person, monkeypatch: pytest.MonkeyPatch, path: str, goes_on: bool
) -> None:
    browser, now = person("provision.read"), time.time()
    monkeypatch.setattr(time, "time", lambda: now)
    now += sessions.IDLE_S - 1
    assert is_signed_in(browser.get(path))
    now += 2
    assert is_signed_in(browser.get()) is goes_on


def test_ended_sessions_are_kept_until_they_would_be_over(plane: ControlPlane) -> None:
    clients = plane.clients
    clients.end_session("a", int(time.time()) - 1)
    clients.end_session("b", int(time.time()) + 60)
    clients.end_session("b", int(time.time()) + 60)
    assert [clients.has_ended_session(id_) for id_ in "abc"] == [False, True, False]


def test_every_answer_to_a_browser_is_stored_nowhere_and_runs_nothing(plane: ControlPlane, person: Person) -> None:
    browser = person("provision.read")
    space = Caller(plane).space("Movies")
    paths = ["/", "/?refresh=60", "/objects", f"/objects/{space['id']}", "/objects/absent"]
    answers = [
        *map(browser.get, paths),
        person().get(),
        person().sign_in("a", "b"),
        browser.post("/sign-out", browser.get()),
    ]
    for answer in answers:
        assert answer.headers["Cache-Control"] == "no-store"
        directives = dict(one.split(" ", 1) for one in answer.headers["Content-Security-Policy"].split("; "))
        assert (directives["default-src"], "script-src" in directives) == ("'none'", False)
        assert "unsafe" not in answer.headers["Content-Security-Policy"]
        assert "<script" not in answer.text
        assert not re.search(r"\sstyle=", answer.text)


def test_a_picture_is_drawn_anew_only_where_somebody_asks_for_it(person: Person) -> None:
    browser = person("provision.read")
    assert "Refresh" not in browser.get().headers
    assert browser.get("/?refresh=10").headers["Refresh"] == "10"
    for given in ("0", "1", "10;url=https://e.example", "x"):
        assert "Refresh" not in browser.get(f"/?refresh={given}").headers


def test_an_object_is_shown_with_its_links_and_its_json_and_without_its_secrets(
    plane: ControlPlane, person: Person
) -> None:
    api, browser = Caller(plane), person("provision.read")
    space, other = api.space("Movies & <more>"), api.space("Reader")
    schemes = {"ApiKey": {"type": "http", "scheme": "bearer"}}
    made = api.specification(
        space["id"], document({"/a": {"get": operation("find")}}, components={"securitySchemes": schemes})
    )
    identity = api.identity(made["id"], api_key=SECRET)
    bridge = api(
        "POST", f"/provision/neural/spaces/{other['id']}/bridges", {"bridge": {"target_space_id": space["id"]}}
    )
    action = api.action(made["id"], "find")
    picture = browser.get().text
    for one in (space, other, made, action, bridge):
        assert f'<a id="object-{one["id"]}" href="/objects/{one["id"]}">' in picture
    for one, links in (
        (space, {made["id"]: "Specification 1.0.0", bridge["id"]: "Reader → Movies & <more>"}),
        (made, {space["id"]: "Movies & <more>", action["id"]: "find", identity["id"]: "ApiKey"}),
        (identity, {made["id"]: "Specification 1.0.0"}),
        (bridge, {other["id"]: "Reader", space["id"]: "Movies & <more>"}),
    ):
        page = browser.get(f"/objects/{one['id']}").text
        assert dict(linked(page)).items() >= links.items()
        shown = json.loads(unescape(re.findall("<pre [^>]*><code>(.*?)</code></pre>", page, re.DOTALL)[0]))
        assert shown == plane.handle("GET", f"/provision/control-plane/objects/{one['id']}")[1]["data"]["object"]  # type: ignore[index]
        assert SECRET not in page
    assert "a secret, which is not shown" in browser.get(f"/objects/{identity['id']}").text


def test_objects_are_found_by_a_text_and_by_their_kind(plane: ControlPlane, person: Person) -> None:
    api, browser = Caller(plane), person("provision.read")
    for name in ("Findable one", "FINDABLE two", "other"):
        api.space(name)
    assert listed(browser.get("/objects?q=findable")) == ["Findable one", "FINDABLE two"]
    assert listed(browser.get("/objects?q=findable&kind=action")) == []
    assert "Nothing is found" in browser.get("/objects?q=%3Cscript%3E").text
    assert {"other", "Findable one"} <= set(listed(browser.get("/objects?kind=space")))


def test_a_list_that_is_too_long_says_so(plane: ControlPlane, person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    api = Caller(plane)
    for number in range(4):
        api.space(f"Many {number}")
    monkeypatch.setattr(telling, "MOST_ROWS", 3)
    page = person("provision.read").get("/objects?q=many")
    assert len(listed(page)) == 3
    assert "4 objects, of which these are the first 3" in page.text


def test_a_store_that_fails_is_a_page_too(
    plane: ControlPlane, person: Person, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    browser = person("provision.read")
    form = browser.get()

    def fail(*_: object) -> None:
        raise StoreError("the file at a path")

    monkeypatch.setattr(plane.clients._store, "read", fail)
    for answer in (browser.get(), browser.get("/objects/x"), browser.post("/sign-in", form)):
        assert (answer.status_code, answer.content_type) == (503, "text/html; charset=utf-8")
        assert answer.headers["Retry-After"] == "1"
        assert "cannot be read at the moment" in answer.text
        assert "the file at a path" not in answer.text
    assert [vars(record)["reason"] for record in caplog.records] == ["the file at a path"] * 3


def test_an_object_that_is_not_there_is_told_so(person: Person) -> None:
    page = person("provision.read").get("/objects/%3Cb%3E%E2%80%AE")
    assert page.status_code == 404
    assert "There is no object with the id <bdi><code>&lt;b&gt;\ufffd</code></bdi>" in page.text


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("plain\n\ttext", "plain\n\ttext"),
        ("a\u202eb\u200b\x00\x1b[31m", "a\\u202eb\\u200b\\u0000\\u001b[31m"),
        ("\ud800 \U000e0001", "\\ud800 \\udb40\\udc01"),
        ("שלום \u200d é 映画", "שלום \u200d é 映画"),
        ("Z" + "\u0301" * 6, "Z" + "\u0301" * 4 + "\\u0301\\u0301"),
    ],
)
def test_what_nobody_sees_or_what_buries_others_is_shown_as_an_escape(given: str, shown: Any) -> None:
    assert telling.visible(given) == shown
    json.loads(telling.document({"key": given}))
    telling.document({given: given}).encode()


def listed(page: TestResponse) -> list[str]:
    """What the objects in a table are called."""
    return [name for _, name in linked(page.text)]


def linked(page: str) -> list[tuple[str, str]]:
    """The ids and the names of the objects in tables."""
    return [(id_, unescape(name)) for id_, name in ROW.findall(page)]
