"""A browser without scripts: it keeps cookies, fills in forms, and says from where they are sent."""

import re
from collections.abc import Callable, Mapping
from html import unescape
from typing import Any
from urllib.parse import urlencode

from tests.service.server import KEY, Answer

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
Call = Callable[..., Answer]
"""Makes a call as `RunningService.call` does."""


class Operator:
    """Who sits before the console.

    Attributes:
        cookies: by their names.
        form_token: the token of the forms on the page that was shown last.

    """

    def __init__(self, call: Call) -> None:
        self.cookies: dict[str, str] = {}
        self.form_token = ""
        self._call = call

    def open(self, path: str = "/console", **headers: str) -> Answer:
        return self._shown(self._call("GET", path, headers=headers | self._cookie(), key=None))

    def send(self, page: str, headers: Mapping[str, str] | None = None, /, **fields: str) -> Answer:
        """Send the form that leads to a page; `form_token` is the one that was shown, unless it is given."""
        body = urlencode({"form_token": self.form_token} | fields).encode()
        sent = FORM | self._cookie() | dict(headers or {})
        return self._shown(self._call("POST", f"/console/{page}", body, headers=sent, key=None))

    def sign_in(self, key: str = KEY) -> Answer:
        self.open()
        answer = self.send("sign-in", key=key)
        return self.open() if answer.status == 303 else answer

    def _cookie(self) -> dict[str, str]:
        return {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())} if self.cookies else {}

    def _shown(self, answer: Answer) -> Answer:
        if cookie := answer.headers.get("set-cookie"):
            name, _, value = cookie.partition(";")[0].partition("=")
            self.cookies[name] = value
        if found := re.search(r'name="form_token" value="(\w+)"', answer.body.decode(errors="replace")):
            self.form_token = found[1]
        return answer


def plain(html: str) -> str:
    """Return what HTML shows, with the white space that it has."""
    return unescape(re.sub(r"<[^>]+>", "", html))


def text(answer: Answer) -> str:
    """Return what a page shows, each white space as one space."""
    return " ".join(plain(answer.body.decode().partition("</head>")[2]).split())


def alert(answer: Answer) -> str:
    """Return what a page warns of, empty for nothing."""
    found = re.search(r'<(p|div) [^>]*role="alert"[^>]*>(.*?)</\1>', answer.body.decode(), re.DOTALL)
    return " ".join(plain(found[2]).split()) if found else ""


def region(answer: Answer, label: str) -> str:
    """Return what stands in a preformatted region of a page, to the byte."""
    found = re.search(rf'<pre[^>]* aria-label="{label}"[^>]*>(.*?)</pre>', answer.body.decode(), re.DOTALL)
    assert found
    return plain(found[1])


def fields(answer: Answer, action: str) -> list[dict[str, str]]:
    """Return the hidden fields of each form that leads to a page."""
    forms: list[Any] = re.findall(rf'<form action="/console/{action}".*?</form>', answer.body.decode(), re.DOTALL)
    pairs = (re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form) for form in forms)
    return [{name: unescape(value) for name, value in found} for found in pairs]
