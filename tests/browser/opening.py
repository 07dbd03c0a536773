"""Windows of the browser, and the troubles of the pages in them."""

from __future__ import annotations

from contextlib import ExitStack
from ipaddress import ip_address
from typing import Protocol
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, Response

from tests.browser.looking import LOOKS, Look

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # Whatever is asked for by name, by a page or by the browser itself, is not found.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE ::1, EXCLUDE localhost",
]
"""How Chromium is started, besides headless and with a profile of its own, which Playwright sees to."""

TIMEOUT_MS = 30_000
"""How long, in milliseconds, something may take to come; it is there long before, on a machine that has time."""

_FILES = frozenset({"stylesheet", "script", "image", "font", "media"})
_ANSWERED = "Failed to load resource: the server responded with a status of "


class OpenPage(Protocol):
    """Opens a page; see `Opened.page`."""

    def __call__(self, url: str, look: Look = ..., *, javascript: bool = ...) -> Page: ...


class Opened:
    """What a test has opened.

    Attributes:
        troubles: what went wrong in it, in words.
    """

    def __init__(self, browser: Browser, windows: ExitStack) -> None:
        self.troubles: list[str] = []
        self._browser = browser
        self._windows = windows

    def page(self, url: str, look: Look = LOOKS[-1], *, javascript: bool = True) -> Page:
        """Open a page in a window of its own, without cookies or anything else that another one has left.

        Args:
            url: where it is; on this machine.
            look: how wide the window is, and the colour scheme that its user likes.
            javascript: whether the browser runs scripts.
        """
        context = self._browser.new_context(
            viewport={"width": look.width, "height": 900},
            color_scheme=look.scheme,
            reduced_motion="reduce",
            java_script_enabled=javascript,
        )
        self._windows.callback(context.close)
        context.set_default_timeout(TIMEOUT_MS)
        self._watch(context)
        page = context.new_page()
        page.goto(url)
        return page

    def _watch(self, context: BrowserContext) -> None:
        context.on("console", self._said)
        context.on("weberror", lambda error: self.troubles.append(f"uncaught: {error.error}"))
        context.on("request", self._asked)
        context.on("response", self._answered)

    def _said(self, message: ConsoleMessage) -> None:
        # That an answer refuses something is told of every refusal; whether it may is judged in `_answered`.
        if message.type == "error" and not message.text.startswith(_ANSWERED):
            self.troubles.append(f"console: {message.text}")

    def _asked(self, request: Request) -> None:
        address = urlsplit(request.url)
        if address.scheme in ("http", "https", "ws", "wss") and not _is_this_machine(address.hostname or ""):
            self.troubles.append(f"asked elsewhere: {request.url}")

    def _answered(self, response: Response) -> None:
        if response.status >= 400 and response.request.resource_type in _FILES:
            self.troubles.append(f"not there: {response.url} ({response.status})")


def _is_this_machine(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
