"""The frame and the style sheet of all pages: readable in both themes and every width, whatever stands in a page."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask, Response

from hosting.pages import SHARED, Pages
from tests.browser.looking import LOOKS, Look, check, tab_to
from tests.browser.opening import OpenPage
from tests.browser.serving import served

HOSTILE = {
    "plain": "Ana",
    "markup": '<script>document.title = "taken"</script><img src=x onerror="document.title = \'taken\'">"\'><h1>',
    "right-to-left": "\u202e\u2066abc \u05d0\u05d1\u05d2 \u202edef",
    "long-word": "W" * 16_384,
}


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    app = Flask(__name__, static_folder=None)
    SHARED.serve(app)
    pages = Pages("A product", Path(__file__).parent / "templates")

    @app.get("/<name>")
    def everything(name: str) -> Response:
        return pages.answer("everything.html", hostile=HOSTILE[name])

    with served(app) as url:
        yield url


def test_everything_is_readable_in_every_look(open_page: OpenPage, url: str, look: Look) -> None:
    check(open_page(f"{url}/plain", look), "frame")


def test_a_long_word_leaves_the_layout_whole(open_page: OpenPage, url: str) -> None:
    check(open_page(f"{url}/long-word", LOOKS[0]), "frame-long-word")


@pytest.mark.parametrize("name", HOSTILE)
def test_what_others_wrote_is_shown_as_text(open_page: OpenPage, url: str, name: str) -> None:
    page = open_page(f"{url}/{name}")
    assert page.locator("dd bdi").text_content() == HOSTILE[name]
    assert page.locator("h1").count() == 1
    assert page.title() == "Everything that pages are made of · A product"


def test_an_override_of_direction_ends_with_what_holds_it(open_page: OpenPage, url: str) -> None:
    page = open_page(f"{url}/right-to-left")
    hostile, stop = page.locator("main p bdi").first.evaluate(
        """bdi => {
          const stop = document.createRange();
          stop.selectNode(bdi.nextSibling);
          return [bdi.getBoundingClientRect().right, stop.getBoundingClientRect().left];
        }"""
    )
    assert stop >= hostile - 1  # the full stop stands behind it, as behind any name


def test_without_a_mouse_the_content_is_one_key_away_and_the_focus_is_seen(open_page: OpenPage, url: str) -> None:
    page = open_page(f"{url}/plain")
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the content")
    assert skip.evaluate("element => element === document.activeElement")
    assert (skip.bounding_box() or {"x": -1})["x"] >= 0
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    button = page.get_by_role("button", name="Save")
    tab_to(page, button)
    assert button.evaluate("element => getComputedStyle(element).outlineStyle") == "solid"
