from __future__ import annotations

import base64
import json
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import apsw
import pytest

from tama.client import Client, connect, errors
from tama.client._repetition import PAUSES
from tests.tama.client.conftest import SECRET
from tests.tama.client.hosted import Hosted
from tests.tama.endpoint import Answer, Endpoint, Request, json_answer

ROOT = Path(__file__).parents[3]
SPACES = "/provision/neural/spaces"


def at_once(_seconds: float, _why: str) -> None:
    """Repeat without a pause."""


def test_an_embedded_control_plane_is_opened_by_the_first_request(tmp_path: Path) -> None:
    client = connect(f"embedded:{tmp_path}/tama")
    assert list(tmp_path.iterdir()) == []

    made = client.request("POST", SPACES, {"space": {"name": "Movies", "type": "root"}})

    assert client.request("GET", f"{SPACES}/movies") == made
    client.close()
    client.close()
    assert client.request("DELETE", f"{SPACES}/{made['id']}") is None
    with pytest.raises(errors.NotFound, match=r"^API error 404: detail Not Found$"):
        client.request("GET", f"{SPACES}/movies")
    client.close()


def test_an_embedded_refusal_carries_the_fields(tmp_path: Path) -> None:
    client = connect(f"embedded:{tmp_path}")

    with pytest.raises(errors.Invalid) as caught:
        client.request("POST", SPACES, {"space": {"name": "", "type": "x"}})

    assert str(caught.value) == "API error 422: name is required, type is invalid"
    assert caught.value.errors == {"name": ["is required"], "type": ["is invalid"]}
    client.close()


def test_an_embedded_folder_that_cannot_be_opened_is_unreachable(tmp_path: Path) -> None:
    (tmp_path / "tama.db").write_text("no database" * 1000)
    for folder in (tmp_path, tmp_path / "tama.db" / "below"):
        with pytest.raises(errors.Unreachable, match="The control plane's file"):
            connect(f"embedded:{folder}").request("GET", f"{SPACES}/a")


def test_a_database_that_fails_later_is_unreachable(tmp_path: Path) -> None:
    client = connect(f"embedded:{tmp_path}")
    with pytest.raises(errors.NotFound):
        client.request("GET", f"{SPACES}/a")
    other = apsw.Connection(str(tmp_path / "tama.db"))
    other.execute("DROP TABLE objects")

    with pytest.raises(errors.Unreachable, match="cannot be used") as caught:
        client.request("GET", f"{SPACES}/a")

    assert not isinstance(caught.value, apsw.Error)
    client.close()


def test_threads_share_one_embedded_control_plane(tmp_path: Path) -> None:
    client = connect(f"embedded:{tmp_path}")
    with ThreadPoolExecutor(10) as pool:
        body = {"space": {"name": "Movies", "type": "root"}}
        made = list(pool.map(lambda _: client.request("POST", SPACES, body), range(40)))

    assert len({space["slug"] for space in made}) == 40
    client.close()


def test_a_request_carries_the_token_and_the_body(hosted: Hosted, client: Client) -> None:
    body = {"space": {"name": "Fílms", "n": 2**70}}
    assert hosted.endpoint.requests == []

    assert client.request("POST", SPACES + "?a=%2F", body) == {"id": "1"}

    token, request = hosted.endpoint.requests
    credential = base64.b64encode(f"the-id:{SECRET}".encode()).decode()
    assert (token.method, token.headers["authorization"]) == ("POST", f"Bearer {credential}")
    assert token.headers["content-type"] == "application/json"
    assert json.loads(token.body) == {"grant_type": "client_credentials", "scope": "provision.all"}
    assert (request.method, request.target) == ("POST", f"/base{SPACES}?a=%2F")
    assert request.headers["authorization"] == "Bearer token-1"
    assert (request.headers["accept"], request.headers["content-type"]) == ("application/json", "application/json")
    assert json.loads(request.body) == body


def test_scopes_are_joined_by_a_space(hosted: Hosted) -> None:
    client = connect(hosted.endpoint.url + "/base", client_id="a", client_secret="b", scopes=["x.y", "z"])

    client.request("GET", "/a")

    assert json.loads(hosted.endpoint.requests[0].body)["scope"] == "x.y z"
    client.close()


def test_a_token_is_fetched_once_for_many_threads(hosted: Hosted, client: Client) -> None:
    with ThreadPoolExecutor(12) as pool:
        list(pool.map(lambda _: client.request("GET", "/a"), range(60)))

    assert hosted.tokens == 1
    assert {request.headers["authorization"] for request in hosted.requests} == {"Bearer token-1"}
    assert hosted.endpoint.connections <= 12


@pytest.mark.parametrize(("lifetime", "used"), [(60, 30), (10, 5)])
def test_a_token_is_renewed_before_it_ends(
    hosted: Hosted, client: Client, monkeypatch: pytest.MonkeyPatch, lifetime: int, used: int
) -> None:
    hosted.lifetime = lifetime
    now = 1000.0
    monkeypatch.setattr("tama.client._token.time.monotonic", lambda: now)
    client.request("GET", "/a")
    now += used - 1
    client.request("GET", "/a")
    assert hosted.tokens == 1
    now += 2
    client.request("GET", "/a")

    assert hosted.requests[-1].headers["authorization"] == "Bearer token-2"


@pytest.mark.parametrize("lifetime", [-1, 0, 0.5, 10**400, float("inf"), float("nan")])
def test_no_lifetime_of_a_token_stands_in_the_way(hosted: Hosted, client: Client, lifetime: float) -> None:
    hosted.lifetime, hosted.keys_lifetime = lifetime, "9" * 5000

    assert [client.create("/a", {}) for _ in range(2)] == [{"id": "1"}] * 2


def test_a_control_plane_that_reads_only_forms_gets_one(endpoint: Endpoint, client: Client) -> None:
    def answer(request: Request) -> Answer:
        if request.headers.get("content-type") == "application/json":
            return json_answer({"error": "invalid_request"}, 400)
        if request.target == "/base/auth/tokens":
            return json_answer({"access_token": "t"})
        return json_answer({"data": None})

    endpoint.answer = answer

    assert client.request("GET", "/a") is None
    form = endpoint.requests[1]
    assert form.headers["content-type"] == "application/x-www-form-urlencoded"
    assert parse_qs(form.body.decode()) == {"grant_type": ["client_credentials"], "scope": ["provision.all"]}


def test_an_idle_connection_that_the_server_closed_is_opened_again(hosted: Hosted, client: Client) -> None:
    hosted.answer = lambda _: Answer(200, b'{"data":1}', {"Connection": "close"})

    assert [client.request("POST", "/a", {}) for _ in range(3)] == [1, 1, 1]


def test_no_content_is_none(hosted: Hosted, client: Client) -> None:
    hosted.answer = lambda _: Answer(204)

    assert client.request("DELETE", "/a") is None


@pytest.mark.parametrize(
    ("answer", "kind", "text"),
    [
        (json_answer({"errors": {"role": ["is invalid"]}}, 422), errors.Invalid, "API error 422: role is invalid"),
        (
            json_answer({"errors": {"b": ["x", "y"], "a": {"c": {"d": ["z"]}}, "e": "s"}}, 422),
            errors.Invalid,
            "API error 422: a.c.d z, b x, b y, e s",
        ),
        (
            json_answer({"errors": {"detail": "Not Found"}}, 404),
            errors.NotFound,
            "API error 404: detail Not Found",
        ),
        (Answer(404), errors.NotFound, "API error: 404 Not Found"),
        (Answer(404, b"<html>"), errors.NotFound, "API error: 404 Not Found"),
        (
            Answer(404, b"<html>", {"Content-Type": "text/html"}),
            errors.ResponseError,
            "API error 404: detail The answer is text/html, not JSON as Tama's are",
        ),
        (json_answer({"errors": []}, 400), errors.ResponseError, "API error: 400 Bad Request"),
        (json_answer(["errors"], 409), errors.ResponseError, "API error: 409 Conflict"),
        (json_answer({"errors": {"detail": "no"}}, 401), errors.Unauthorized, "API error 401: detail no"),
        (Answer(403), errors.Unauthorized, "API error: 403 Forbidden"),
        (Answer(500, b"boom"), errors.ServerError, "API error: 500 Internal Server Error"),
        (Answer(503), errors.ServerError, "API error: 503 Service Unavailable"),
        (
            Answer(200, b"<html>"),
            errors.ResponseError,
            "API error 200: detail The answer is not JSON with a member 'data'",
        ),
        (
            Answer(302, headers={"Location": "http://127.0.0.1:1/"}),
            errors.ResponseError,
            "API error 302: detail The answer is not JSON with a member 'data'",
        ),
    ],
)
def test_an_answer_with_an_error_is_raised_as_its_kind(
    hosted: Hosted, client: Client, answer: Answer, kind: type[errors.ResponseError], text: str
) -> None:
    hosted.answer = lambda _: answer

    with pytest.raises(errors.ResponseError) as caught:
        client.request("GET", "/a")

    assert type(caught.value) is kind
    assert str(caught.value) == text
    assert caught.value.status == answer.status


@pytest.mark.parametrize(
    ("answer", "kind", "text"),
    [
        (
            json_answer({"error": "invalid_client", "error_description": "unknown"}, 401),
            errors.Unauthorized,
            "API error 401: token invalid_client: unknown",
        ),
        (json_answer({"error": "server_error"}, 500), errors.ServerError, "API error 500: token server_error"),
        (Answer(502), errors.ServerError, "API error: 502 Bad Gateway"),
        (json_answer({"token": "a"}), errors.ResponseError, "API error 200: token The answer holds no access token"),
        (Answer(200, b"<html>"), errors.ResponseError, "API error 200: token The answer holds no access token"),
    ],
)
def test_a_token_that_is_refused_is_raised_as_its_kind(
    endpoint: Endpoint, client: Client, answer: Answer, kind: type[errors.ResponseError], text: str
) -> None:
    endpoint.answer = lambda _: answer

    with pytest.raises(errors.ResponseError) as caught:
        client.request("GET", "/a")

    assert (type(caught.value), str(caught.value)) == (kind, text)
    assert SECRET not in repr(caught.value)


@pytest.mark.parametrize("answer", [Answer(404, b"<html>"), json_answer({"errors": {"detail": "Not Found"}}, 404)])
def test_where_no_token_can_be_asked_for_no_object_is_taken_as_gone(
    endpoint: Endpoint, client: Client, answer: Answer
) -> None:
    endpoint.answer = lambda _: answer

    with pytest.raises(errors.Unreachable, match="There is no control plane: POST /auth/tokens was answered with 404"):
        client.request("GET", "/a")


def serve(server: socket.socket, answer: bytes, times: int) -> None:
    for _ in range(times):
        connection, _ = server.accept()
        connection.recv(65536)
        connection.sendall(answer)
        connection.close()


@pytest.mark.parametrize("answer", [b"", b"SSH-2.0\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"])
def test_a_broken_answer_is_unreachable(answer: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, ThreadPoolExecutor(1) as pool:
        pool.submit(serve, server, answer, 1 + len(PAUSES))
        client = connect(
            f"http://127.0.0.1:{server.getsockname()[1]}", client_id="a", client_secret=SECRET, pause=at_once
        )

        with pytest.raises(errors.Unreachable, match=r"^http://127\.0\.0\.1:\d+ cannot be reached: ") as caught:
            client.request("GET", "/a")

    assert SECRET not in str(caught.value)


def test_a_closed_port_is_unreachable() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"
        client = connect(url, client_id="a", client_secret="b", pause=at_once)

        with pytest.raises(errors.Unreachable, match=r"cannot be reached: Connection refused\.$"):
            client.request("GET", "/a")


def test_silence_is_unreachable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        client = connect(url, client_id="a", client_secret="b", timeout=0.1)

        with pytest.raises(errors.Unreachable, match=r"did not answer within 0\.1 s\.$"):
            client.request("GET", "/a")


def test_a_server_without_tls_is_unreachable_over_https(endpoint: Endpoint) -> None:
    client = connect(endpoint.url.replace("http:", "https:"), client_id="a", client_secret="b", timeout=5)

    with pytest.raises(errors.Unreachable, match="cannot be reached"):
        client.request("GET", "/a")


@pytest.mark.parametrize(
    ("base_url", "credential", "message"),
    [
        ("", {}, "neither 'embedded:<folder>' nor"),
        ("api.tama.io", {}, "For a folder, write 'embedded:api.tama.io'"),
        ("embedded", {}, "is neither"),
        ("embedded:", {}, "lacks a folder"),
        ("embedded:~/tama", {}, "'embedded:~/tama' is not expanded"),
        ("./tama", {}, r"For a folder, write 'embedded:\./tama'\."),
        ("https:a", {}, r"nor 'http://<host>'\.$"),
        ("https://", {}, "lacks a host"),
        ("HTTP:///a", {}, "lacks a host"),
        ("http://:80", {}, "lacks a host"),
        (f"htps://user:{SECRET}@a", {}, "is neither"),
        (f"http:///user:{SECRET}@a", {}, "lacks a host"),
        ("http://a:b", {}, "Its port is none"),
        ("http://[", {}, "has one that is none"),
        *((f"https://a{end}", {}, "consists of scheme, host") for end in ("?b", "#b")),
        (f"https://user:{SECRET}@a", {}, "holds no login"),
        ("ftp://a", {"client_id": "a", "client_secret": SECRET}, "is neither"),
        ("https://a", {}, "needs a client id and a client secret"),
        ("https://a", {"client_id": "a"}, "needs a client id and a client secret"),
        ("https://a", {"client_id": "", "client_secret": SECRET}, "needs a client id and a client secret"),
    ],
)
def test_what_no_control_plane_can_be_reached_by_is_refused_at_once(
    base_url: str, credential: dict[str, Any], message: str
) -> None:
    with pytest.raises(errors.ConfigurationError, match=message) as caught:
        connect(base_url, **credential)

    assert SECRET not in str(caught.value)


def test_the_tree_of_errors_is_the_one_that_is_drawn() -> None:
    tree = [line for line in (errors.__doc__ or "").splitlines() if "── " in line]
    drawn = {line.partition("── ")[2].split()[0] for line in tree}
    defined = {name for name, value in vars(errors).items() if isinstance(value, type)}

    assert defined == drawn | {"TamaError"}
    assert all(issubclass(getattr(errors, name), errors.TamaError) for name in defined)


def test_a_launch_that_reaches_nothing_loads_next_to_nothing() -> None:
    script = (
        "import sys; sys.path[:0] = [sys.argv[1]]; before = set(sys.modules); import tama.client, tama.client.errors;"
        "tama.client.connect('embedded:x'); tama.client.connect('https://x', client_id='a', client_secret='b');"
        "print(*sorted(set(sys.modules) - before))"
    )

    ran = subprocess.run(
        [sys.executable, "-I", "-S", "-c", script, str(ROOT)], capture_output=True, text=True, check=True
    )

    loaded = ["__future__", "tama", "tama.catalog", "tama.catalog.urls", "tama.client", "tama.client.errors"]
    assert ran.stdout.split() == loaded
