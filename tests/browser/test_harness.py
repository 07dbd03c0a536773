"""The harness sees what must not go wrong, and ends what it has started."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from urllib.parse import quote

import pytest
from flask import Flask
from playwright.sync_api import Browser

from tests.browser.looking import axe, check_width, tab_to
from tests.browser.opening import Opened, OpenPage
from tests.browser.serving import served

PAGE = (
    '<!doctype html><html lang="en"><title>A page</title><link rel="icon" href="data:,"><main><h1>A page</h1>{}</main>'
)


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    app = Flask(__name__)

    @app.get("/<path:body>")
    def page(body: str) -> tuple[str, dict[str, str]]:
        return PAGE.format(body), {"Content-Security-Policy": "default-src 'self'; img-src * data:"}

    with served(app) as url:
        yield url


@pytest.mark.parametrize(
    ("body", "trouble"),
    [
        ("<script>1</script>", "Executing inline script violates"),
        ('<p style="color: red">red</p>', "Applying inline style violates"),
        ('<img src="http://pictures.example/a.png" alt="">', "asked elsewhere: http://pictures.example/a.png"),
        ('<img src="http://192.0.2.1/a.png" alt="">', "asked elsewhere: http://192.0.2.1/a.png"),
    ],
)
def test_a_page_that_would_do_more_than_it_may_is_trouble(browser: Browser, url: str, body: str, trouble: str) -> None:
    with ExitStack() as windows:
        opened = Opened(browser, windows)
        opened.page(f"{url}/{quote(body)}")
    assert [each for each in opened.troubles if trouble in each]


def test_what_a_page_says_and_throws_is_trouble(browser: Browser, url: str) -> None:
    with ExitStack() as windows:
        opened = Opened(browser, windows)
        page = opened.page(f"{url}/x")
        page.evaluate("console.error('alas'); setTimeout(() => { throw new Error('oh') })")
        page.evaluate("new Promise(done => setTimeout(done, 50))")
    assert [trouble.splitlines()[0] for trouble in opened.troubles] == ["console: alas", "uncaught: oh"]


def test_axe_says_what_is_wrong_and_takes_only_what_is_named(open_page: OpenPage, url: str) -> None:
    page = open_page(url + quote('/<input id="nameless"><p>Text'))
    with pytest.raises(AssertionError, match="Form elements must have labels"):
        axe(page)
    axe(page, {("label", "#nameless"): "the test wants it so"})
    with pytest.raises(AssertionError, match="no longer finds"):
        axe(page, {("label", "#nameless"): "as above", ("label", "#other"): "there is none"})


def test_a_page_that_is_too_wide_is_seen(open_page: OpenPage, url: str) -> None:
    page = open_page(f"{url}/{'x' * 2_000}")
    with pytest.raises(AssertionError, match="in a window of 1440"):
        check_width(page)


def test_the_keyboard_comes_where_it_can(open_page: OpenPage, url: str) -> None:
    page = open_page(url + quote('/<a href="/x">one</a><a href="/y">two</a><button tabindex="-1">three</button>'))
    tab_to(page, page.get_by_text("two"))
    with pytest.raises(AssertionError, match="does not come"):
        tab_to(page, page.get_by_text("three"), most=6)
