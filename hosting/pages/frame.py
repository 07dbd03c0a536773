"""Pages: HTML from templates, in the frame that all share, with the headers that keep a browser from anything else."""

from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

import werkzeug
from flask import Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from hosting.pages.assets import Assets

_Answer = TypeVar("_Answer", bound=werkzeug.Response)

_HERE = Path(__file__).parent
_POLICY = {
    "default-src": "'none'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
    "base-uri": "'none'",
}

SHARED = Assets("/assets", _HERE / "static")
"""The style sheet and the icon, which an application with pages has to serve."""


def policy(more: Mapping[str, str] | None = None) -> str:
    """Return the Content-Security-Policy of a page: styles and pictures of ours alone, and no script.

    Args:
        more: directives that a page needs besides or otherwise, such as `{"script-src": "'self'"}`.

    """
    return "; ".join(f"{name} {value}" for name, value in (_POLICY | dict(more or {})).items())


def secured(answer: _Answer, content_security_policy: str | None = None) -> _Answer:
    """Return an answer to a person's browser, a page or a redirect, that is stored nowhere and gives nothing away.

    Args:
        answer: the answer.
        content_security_policy: what its page may load; what `policy` returns when it is None.

    """
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["Content-Security-Policy"] = content_security_policy or policy()
    answer.headers["Cross-Origin-Opener-Policy"] = "same-origin"
    answer.headers["Referrer-Policy"] = "same-origin"
    answer.headers["X-Content-Type-Options"] = "nosniff"
    return answer


class Pages:
    """The pages of a part of an application; its templates extend `frame.html`.

    Args:
        product: what stands at the head of each page.
        templates: the folder of the templates.
        shared: what all of them may use besides `asset`, the path of one of `SHARED`.

    """

    def __init__(self, product: str, templates: Path, **shared: object) -> None:
        self._templates = Environment(
            loader=FileSystemLoader([templates, _HERE / "templates"]),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
        )
        self._templates.globals |= {"product": product, "asset": SHARED.path, **shared}

    def html(self, template: str, **values: object) -> str:
        """Return the HTML of a page; what stands in the values is shown as text."""
        return self._templates.get_template(template).render(values)

    def answer(
        self, template: str, status: int = 200, *, content_security_policy: str | None = None, **values: object
    ) -> Response:
        """Return a page as an answer; see `secured`."""
        answer = Response(self.html(template, **values), status, mimetype="text/html")
        return secured(answer, content_security_policy)

    def once_more(self) -> Response:
        """Return a page with which the browser asks for the same address once more, from a page of ours."""
        answer = self.answer("once_more.html")
        answer.headers["Refresh"] = "0"
        return answer
