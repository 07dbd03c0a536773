"""What is left of Flask in the application: requests are answered alike, whatever of Flask is left out."""

import pytest
from flask import Response, has_request_context, request, session

from service.web.answers import Answer
from service.web.api import Api


@pytest.fixture
def app() -> Api:
    app = Api(__name__)

    @app.get("/things/<name>")
    def show(name: str) -> Response:
        return Answer(f"{name} {request.args.get('q', '')}", content_type="text/plain")

    @app.delete("/things/<name>")
    def delete(name: str) -> Response:
        return Answer(status=204)

    @app.get("/text")
    def text() -> str:
        return "a text"

    @app.get("/session")
    def write_to_session() -> str:
        session["a"] = 1
        return ""

    @app.get("/fails")
    def fail() -> str:
        raise ValueError

    @app.errorhandler(ValueError)
    def failed(_error: ValueError) -> tuple[str, int]:
        return "failed", 418

    return app


def test_a_view_gets_its_parameters_decoded(app: Api) -> None:
    answer = app.test_client().get("/things/%C3%A9%20a?q=1")
    assert (answer.status_code, answer.text) == (200, "é a 1")
    assert answer.headers["Content-Length"] == str(len("é a 1".encode()))


def test_head_has_the_headers_of_get_and_no_body(app: Api) -> None:
    got, asked = app.test_client().get("/things/a"), app.test_client().head("/things/a")
    assert (asked.status_code, asked.data, dict(asked.headers)) == (200, b"", dict(got.headers))


def test_what_has_no_body_has_no_length(app: Api) -> None:
    answer = app.test_client().delete("/things/a")
    assert (answer.status_code, answer.data, "Content-Length" in answer.headers) == (204, b"", False)


@pytest.mark.parametrize("host", ["a" * 64, "a..b", "[", ""])
def test_no_host_keeps_a_path_from_being_found(app: Api, host: str) -> None:
    assert app.test_client().get("/things/a", headers={"Host": host}).status_code == 200


def test_a_text_becomes_an_answer(app: Api) -> None:
    assert app.test_client().get("/text").text == "a text"


def test_errors_reach_their_handlers(app: Api) -> None:
    answer = app.test_client().get("/fails")
    assert (answer.status_code, answer.text) == (418, "failed")


def test_unknown_paths_and_methods_are_told_apart(app: Api) -> None:
    client = app.test_client()
    assert (client.get("/nothing").status_code, client.post("/things/a").status_code) == (404, 405)
    assert client.options("/things/a").headers["Allow"]


def test_nobody_can_write_to_a_session(app: Api) -> None:
    app.testing = True
    with pytest.raises(RuntimeError, match="session is unavailable"):
        app.test_client().get("/session")


def test_one_request_sees_nothing_of_the_one_before(app: Api) -> None:
    client = app.test_client()
    client.get("/things/a?q=secret")
    assert client.get("/things/b").text == "b "
    assert not has_request_context()
