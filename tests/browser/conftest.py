"""A person's browser: headless Chromium, and what must not go wrong in it.

    def test_the_page_greets(open_page: OpenPage, look: Look) -> None:
        page = open_page(url, look)
        assert page.get_by_role("heading", level=1).inner_text() == "Hello"
        check(page, "greeting")

At the end of a test that used `open_page` there must have been no error in the console, no uncaught exception, no
violation of a Content-Security-Policy, no file of a page that was not there, and no request to another host.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.browser.looking import LOOKS, PICTURES, Look
from tests.browser.opening import FLAGS, TIMEOUT_MS, Opened, OpenPage
from tools import chromium


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for a file of tests, with an empty profile that goes with it."""
    expect.set_options(timeout=TIMEOUT_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium.program(), args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def open_page(browser: Browser) -> Iterator[OpenPage]:
    """Open a page in a window without a past; see `Opened.page`."""
    with ExitStack() as windows:
        opened = Opened(browser, windows)
        yield opened.page
    assert opened.troubles == []


@pytest.fixture(params=LOOKS if PICTURES else LOOKS[::3], ids=str)
def look(request: pytest.FixtureRequest) -> Look:
    """Each width and each colour scheme once, since neither changes what the other does; all of them for pictures."""
    look: Look = request.param
    return look
