"""How pages and what they load are answered."""

from pathlib import Path

import pytest
from flask import Flask, Response
from flask.testing import FlaskClient

from hosting.pages import SHARED, Assets, Pages, policy


@pytest.fixture
def http(tmp_path: Path) -> FlaskClient:
    (tmp_path / "page.html").write_text(
        '{% extends "frame.html" %}{% block title %}{{ name }}{% endblock %}{% block main %}{% endblock %}'
    )
    pages = Pages("A product", tmp_path)
    app = Flask(__name__, static_folder=None)
    SHARED.serve(app)

    @app.get("/<name>")
    def page(name: str) -> Response:
        return pages.answer("page.html", 422, name=name)

    return app.test_client()


@pytest.mark.parametrize(
    ("name", "content_type"), [("style.css", "text/css; charset=utf-8"), ("icon.svg", "image/svg+xml; charset=utf-8")]
)
def test_a_file_is_kept_for_ever_at_a_path_of_its_content(http: FlaskClient, name: str, content_type: str) -> None:
    answer = http.get(SHARED.path(name))
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, content_type)
    assert answer.data == (Path(SHARED.__module__.replace(".", "/")).parent / "static" / name).read_bytes()
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    again = http.get(SHARED.path(name), headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


def test_another_content_has_another_path(tmp_path: Path) -> None:
    style = tmp_path / "style.css"
    paths = set()
    for text in ("a {}", "b {}"):
        style.write_text(text)
        paths.add(Assets("/assets", tmp_path).path("style.css"))
    assert len(paths) == 2


@pytest.mark.parametrize(
    "path", ["/assets/0123456789abcdef/style.css", "{}/../../frame.py", "{}x", "/assets/x/..", "{0}/.."]
)
def test_nothing_else_is_there(http: FlaskClient, path: str) -> None:
    assert http.get(path.format(SHARED.path("style.css"))).status_code == 404


def test_a_page_runs_nothing_and_is_stored_nowhere(http: FlaskClient) -> None:
    answer = http.get("/<script>")
    assert answer.status_code == 422
    assert "<h1>&lt;script&gt;</h1>" in answer.text
    headers = {
        "Cache-Control": "no-store",
        "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; "
        "frame-ancestors 'none'; base-uri 'none'",
        "Content-Type": "text/html; charset=utf-8",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Referrer-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
    }
    assert {name: answer.headers[name] for name in headers} == headers


def test_a_page_says_what_it_needs_besides() -> None:
    assert policy({"script-src": "'self'"}) == f"{policy()}; script-src 'self'"
