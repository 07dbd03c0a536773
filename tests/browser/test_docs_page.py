"""The contract's page, as a person uses it: looked at, called with a key, without a mouse, without scripts."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from service.contract import load_contract
from tests.browser.looking import LOOKS, Look, check, check_width, tab_to, take_picture
from tests.browser.opening import OpenPage
from tests.service.server import KEY, RunningService

CREATE = "#operations-profile-create-or-update-profile"
ONE_OF_EACH, THE_OTHERS = LOOKS[::3], LOOKS[1:3]
"""Looks with each width and each colour scheme once."""


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with RunningService(tmp_path_factory.mktemp("service")) as service:
        yield f"http://127.0.0.1:{service.port}/docs"


@pytest.mark.parametrize("look", THE_OTHERS, ids=str)
def test_the_page_is_readable(open_page: OpenPage, url: str, look: Look) -> None:
    page = open_page(url, look)
    expect(page.locator(".opblock")).to_have_count(len(load_contract().operations))
    check(page, "docs")
    # What is shown without scripts: axe itself is one.
    page.evaluate("""() => {
      document.getElementById("explorer").hidden = true;
      document.getElementById("operations").hidden = false;
      document.querySelector("details").open = true;
    }""")
    check(page, "docs-list")


@pytest.mark.parametrize("look", ONE_OF_EACH, ids=str)
def test_an_operation_is_called_with_a_key(open_page: OpenPage, url: str, look: Look) -> None:
    page = open_page(url, look)
    expect(page.locator(".opblock")).to_have_count(len(load_contract().operations))
    page.get_by_role("button", name="Authorize").click()
    page.get_by_label("auth-bearer-value").fill(KEY)
    check(page, "docs-authorize")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Close").last.click()
    create = page.locator(CREATE)
    create.get_by_role("button").first.click()
    create.get_by_role("button", name="Try it out").click()
    create.get_by_placeholder("actor_id").fill(f"ana {look}")
    create.get_by_role("button", name="Execute").click()
    expect(create.locator(".response_current .response-col_status").last).to_have_text("201")
    expect(create.locator(".live-responses-table")).to_contain_text('"value": "Ana"')
    create.scroll_into_view_if_needed()
    check(page, "docs-called")
    assert KEY not in page.content()  # not even in the command for curl


def test_the_key_is_given_without_a_mouse_and_goes_with_the_page(open_page: OpenPage, url: str) -> None:
    page = open_page(url)
    press(page, page.get_by_role("button", name="Authorize"))
    page.keyboard.type(KEY)
    page.keyboard.press("Enter")
    press(page, page.get_by_role("button", name="Close").last)
    assert "profile_not_found" in answer_without_a_mouse(page)
    assert page.context.storage_state(indexed_db=True) == {"cookies": [], "origins": []}
    assert page.evaluate("sessionStorage.length") == 0
    page.reload()
    assert "unauthenticated" in answer_without_a_mouse(page)


def test_at_a_zoom_of_400_percent_everything_can_be_reached(open_page: OpenPage, url: str) -> None:
    page = open_page(url)
    page.set_viewport_size({"width": 320, "height": 256})
    copy = page.get_by_role("button", name="Copy path to clipboard").first
    tab_to(page, copy)
    expect(copy).not_to_have_css("width", "0px")
    page.get_by_role("button", name="Authorize").click()
    dialog = page.locator(".modal-ux").bounding_box()
    assert dialog
    assert 0 <= dialog["y"] <= dialog["y"] + dialog["height"] <= 256
    check_width(page)


def press(page: Page, button: Locator) -> None:
    tab_to(page, button)
    page.keyboard.press("Enter")


def answer_without_a_mouse(page: Page) -> str:
    get = page.locator("#operations-profile-get-profile")
    press(page, get.get_by_role("button").first)
    press(page, get.get_by_role("button", name="Try it out"))
    tab_to(page, get.get_by_placeholder("actor_id"))
    page.keyboard.type("nobody")
    press(page, get.get_by_role("button", name="Execute"))
    return get.locator(".live-responses-table .response-col_description").last.inner_text()


@pytest.mark.parametrize("look", ONE_OF_EACH, ids=str)
def test_without_scripts_the_contract_can_be_read(open_page: OpenPage, url: str, look: Look) -> None:
    page = open_page(url, look, javascript=False)
    expect(page.locator("details")).to_have_count(len(load_contract().operations))
    page.locator("#create-or-update-profile summary").click()
    expect(page.get_by_text("What the actor told, and nothing else.")).to_be_visible()
    check_width(page)
    take_picture(page, "docs-without-scripts")
