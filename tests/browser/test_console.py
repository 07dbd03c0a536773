"""The operator's console, as an operator meets it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import Error, Page, expect

from tests.browser.looking import LOOKS, Look, check, tab_to
from tests.browser.opening import OpenPage
from tests.service.console.operator import Operator
from tests.service.server import BASE, KEY, RunningService

ANA = "ana@example.com"
HOSTILE = '<script>document.title = "taken"</script><img src=x onerror="document.title = \'taken\'">\u202eabc'
HOSTILE_ID = HOSTILE.replace("/", "|")
WORD = "W" * 16_384

SignedIn = Callable[..., Page]
"""Opens the console in a session; takes a look and whether the browser runs scripts."""


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    with RunningService(tmp_path_factory.mktemp("console")) as service:
        _fill(service)
        yield service


def _fill(service: RunningService) -> None:
    names = [("callable", "Annie"), ("real", "Ana"), ("real", "Silva")]
    profile = {
        "names": [{"index": at, "group": group, "value": value} for at, (group, value) in enumerate(names)],
        "gender": "female",
        "pronoun": "she/her",
        "dates": [{"index": 0, "significance": "birth", "value": "1990-11-28"}],
    }
    said = [
        ("user", "What could I watch tonight? Something that is not too long."),
        ("assistant", "How about Paterson? It takes 118 minutes, and nothing bad happens in it."),
        ("user", "I have seen that one.\nA scary one, please!"),
        ("tool", '{"films": ["Alien", "The Babadook", "Get Out"]}'),
        ("assistant", "Alien, then. In space no one can hear you scream."),
    ]
    events = [
        {"role": role, "content": content, "thread": f"evening-{turn}", "time": f"2026-11-{turn + 10}T20:0{at}:00Z"}
        for turn in range(8)
        for at, (role, content) in enumerate(said)
    ]
    service.put(quote(ANA), profile)
    for type_, value in (("language", "pt-PT"), ("region", "PT"), ("theme", "dark"), ("timezone", "Europe/Lisbon")):
        service.call("PUT", f"{BASE}/profile/{quote(ANA)}/preferences/{type_}", {"value": value})
    assert service.call("POST", f"{BASE}/profile/{quote(ANA)}/history", {"events": events}).status == 201
    hostile = f"{BASE}/profile/{quote(HOSTILE_ID, safe='')}"
    assert service.call("PUT", hostile, {"names": [{"index": 0, "value": HOSTILE}]}).status == 201
    events = [{"role": "user", "content": HOSTILE}, {"role": "assistant", "content": WORD}]
    assert service.call("POST", f"{hostile}/history", {"events": events}).status == 201
    for name in ("ben", "chloé", "dmitri-42", "W" * 256):
        service.put(quote(name), {"names": [{"index": 0, "value": name[:40]}]})


@pytest.fixture(scope="module")
def cookies(service: RunningService) -> dict[str, str]:
    """Those of a session."""
    operator = Operator(service.call)
    operator.sign_in()
    return operator.cookies


@pytest.fixture
def signed_in(open_page: OpenPage, service: RunningService, cookies: dict[str, str]) -> SignedIn:
    def open_signed_in(look: Look = LOOKS[-1], *, javascript: bool = True) -> Page:
        url = f"http://127.0.0.1:{service.port}/console"
        page = open_page("about:blank", look, javascript=javascript)
        for name, value in cookies.items():
            page.context.add_cookies([{"name": name, "value": value, "domain": "127.0.0.1", "path": "/"}])
        page.goto(url)
        return page

    return open_signed_in


def find(page: Page, actor: str) -> None:
    page.get_by_label("Actor id").fill(actor)
    with page.expect_navigation():
        page.get_by_role("button", name="Find").click()


def turn_to(page: Page, name: str) -> None:
    with page.expect_navigation():
        page.get_by_role("navigation", name="The actor").get_by_role("button", name=name).click()


def test_every_page_is_readable_in_every_look(
    open_page: OpenPage, signed_in: SignedIn, service: RunningService, look: Look
) -> None:
    check(open_page(f"http://127.0.0.1:{service.port}/console", look), "console-sign-in")
    page = signed_in(look)
    check(page, "console-actors")
    find(page, ANA)
    check(page, "console-profile")
    for name in ("History", "Context", "Data"):
        turn_to(page, name)
        check(page, f"console-{name.lower()}")


def test_what_others_wrote_is_shown_as_text_on_every_page(signed_in: SignedIn, look: Look) -> None:
    page = signed_in(look)
    find(page, HOSTILE_ID)
    check(page, "console-hostile-profile")
    assert page.locator("h1 bdi").text_content() == HOSTILE_ID
    assert page.locator("td bdi").text_content() == HOSTILE
    turn_to(page, "History")
    check(page, "console-hostile-history")
    assert page.locator(".events .foreign").all_text_contents() == [WORD, HOSTILE]
    turn_to(page, "Context")
    check(page, "console-hostile-context")
    expect(page.get_by_role("region", name="What the model gets")).to_contain_text("\\u003cscript\\u003e")
    turn_to(page, "Data")
    check(page, "console-hostile-data")
    assert page.locator("#typed-hint bdi").text_content() == HOSTILE_ID
    assert page.title() == "Data · Personalization"


@pytest.mark.parametrize("actor", ["two  spaces", "\U0001f600" * 256], ids=["spaces", "longest"])
def test_an_id_is_found_and_shown_as_it_is(signed_in: SignedIn, service: RunningService, actor: str) -> None:
    assert service.put(quote(actor), {"names": [{"index": 0, "value": "Found"}]}).status in {200, 201}
    page = signed_in()
    find(page, actor)
    expect(page.get_by_text("Found")).to_be_visible()
    assert page.locator("h1 bdi").inner_text() == actor


def test_what_scrolls_is_printed_whole(signed_in: SignedIn) -> None:
    page = signed_in()
    page.emulate_media(media="print")
    expect(page.get_by_role("button", name=ANA)).to_be_visible()
    page.emulate_media(media="screen")
    find(page, HOSTILE_ID)
    for name in ("History", "Context"):
        turn_to(page, name)
        page.emulate_media(media="print")
        boxes = page.locator("pre, .clipped").evaluate_all("all => all.map(e => [e.scrollHeight, e.clientHeight])")
        assert boxes
        assert all(whole == shown for whole, shown in boxes)
        page.emulate_media(media="screen")


def test_who_signs_in_with_a_wrong_key_is_told_so(open_page: OpenPage, service: RunningService) -> None:
    page = open_page(f"http://127.0.0.1:{service.port}/console", LOOKS[0])
    page.get_by_label("API key").fill("wrong")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_have_text("This is no key of the service, or it is revoked.")
    check(page, "console-wrong-key")


def test_who_signed_out_sees_nothing_by_going_back(open_page: OpenPage, service: RunningService) -> None:
    page = open_page(f"http://127.0.0.1:{service.port}/console")
    page.get_by_label("API key").fill(KEY)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name=ANA).click()
    expect(page.get_by_text("Annie")).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_label("API key")).to_be_visible()
    with page.expect_navigation():
        page.evaluate("history.go(-2)")
    expect(page.get_by_label("API key")).to_be_visible()
    assert page.get_by_role("button", name=ANA).count() == 0
    # What a form has answered is kept nowhere, so the browser would have to send the form again.
    with pytest.raises(Error, match="ERR_CACHE_MISS"):
        page.go_forward()


def test_the_keyboard_alone_is_enough(open_page: OpenPage, service: RunningService) -> None:
    page = open_page(f"http://127.0.0.1:{service.port}/console")
    expect(page.get_by_label("API key")).to_be_focused()
    page.keyboard.type(KEY)
    page.keyboard.press("Enter")
    expect(page.get_by_label("Actor id")).to_be_focused()
    page.keyboard.type(ANA)
    page.keyboard.press("Enter")
    tab_to(page, page.get_by_role("button", name="Context"))
    page.keyboard.press("Enter")
    slider = page.get_by_role("slider", name="Move the budget")
    slider.wait_for()
    tab_to(page, slider)
    with page.expect_navigation():
        page.keyboard.press("Home")
    assert "of 64 tokens" in page.locator("#size").inner_text()
    tab_to(page, page.get_by_role("button", name="Sign out"))
    page.keyboard.press("Enter")
    expect(page.get_by_label("API key")).to_be_visible()


def test_the_budget_is_moved_by_a_slider(signed_in: SignedIn, service: RunningService, look: Look) -> None:
    page = signed_in(look)
    find(page, ANA)
    turn_to(page, "Context")
    with page.expect_navigation():
        page.get_by_role("slider", name="Move the budget").fill("8")
    assert_context(page, service, 256)
    check(page, "console-budget")


def test_without_scripts_the_budget_is_moved_by_a_number(signed_in: SignedIn, service: RunningService) -> None:
    page = signed_in(javascript=False)
    find(page, ANA)
    turn_to(page, "Context")
    assert page.get_by_role("slider").count() == 0
    page.get_by_label("Budget in tokens").fill("300")
    with page.expect_navigation():
        page.get_by_role("button", name="Assemble", exact=True).click()
    assert_context(page, service, 300)
    with page.expect_navigation():
        page.get_by_role("button", name="512").click()
    assert_context(page, service, 512)


def assert_context(page: Page, service: RunningService, budget: int) -> None:
    context = service.call("GET", f"{BASE}/profile/{quote(ANA)}/context?budget={budget}").json
    assert page.get_by_role("region", name="What the model gets").text_content() == context["text"]
    assert page.locator("#size").inner_text().startswith(f"{context['size']} of {budget} tokens")
    assert page.locator(".tag").all_inner_texts() == context["left_out"]


def test_an_export_is_a_file(signed_in: SignedIn, service: RunningService) -> None:
    page = signed_in()
    find(page, ANA)
    turn_to(page, "Data")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download the export").click()
    assert download.value.suggested_filename == "actor.json"
    exported = Path(download.value.path()).read_bytes()
    assert exported == service.call("GET", f"{BASE}/profile/{quote(ANA)}/export").body


def test_an_actor_is_erased_once_the_id_is_typed(signed_in: SignedIn, service: RunningService) -> None:
    service.put("erased", {"names": [{"index": 0, "value": "Erased"}]})
    page = signed_in()
    find(page, "erased")
    turn_to(page, "Data")
    for typed, answer in (("erase", "nothing was erased"), ("erased", "is being erased")):
        page.get_by_label("Type the actor's id").fill(typed)
        with page.expect_navigation():
            page.get_by_role("button", name="Erase everything").click()
        assert answer in page.inner_text("main")
        check(page, f"console-{typed}")
    assert service.get("erased").status == 404


def test_a_page_can_be_loaded_again(signed_in: SignedIn) -> None:
    page = signed_in()
    find(page, ANA)
    page.reload()
    expect(page.get_by_text("Annie")).to_be_visible()


def test_a_link_elsewhere_leads_into_the_session_that_there_is(signed_in: SignedIn) -> None:
    page = signed_in()
    elsewhere = f'<a href="{page.url}">Console</a>'
    page.route("http://localhost/", lambda route: route.fulfill(body=elsewhere, content_type="text/html"))
    page.goto("http://localhost/")
    page.get_by_role("link", name="Console").click()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
