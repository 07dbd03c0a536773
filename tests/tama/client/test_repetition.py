"""What a client does where a control plane, or the way to it, is in passing trouble."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from email.utils import formatdate

import pytest

from tama.client import Client, connect, errors
from tama.client._http import LONGEST_PAUSE, PAUSES
from tests.tama.endpoint import Answer, Endpoint, Request, json_answer

FINE = json_answer({"data": 1})
TOKENS = "/auth/tokens"


class Waiting:
    """Waits for nothing, and keeps what it was to wait for."""

    def __init__(self) -> None:
        self.pauses: list[float] = []
        self.is_to_end = False

    def __call__(self, seconds: float) -> bool:
        self.pauses.append(seconds)
        return self.is_to_end


class Scripted:
    """Answers requests with what comes next, and those for tokens with a new one."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self.answers: list[Answer] = []
        self.token_answers: list[Answer] = []
        self.tokens = 0
        endpoint.answer = self._answer

    def _answer(self, request: Request) -> Answer:
        if request.target != TOKENS:
            return self.answers.pop(0)
        if self.token_answers:
            return self.token_answers.pop(0)
        self.tokens += 1
        return json_answer({"access_token": f"token-{self.tokens}"})

    @property
    def requests(self) -> list[Request]:
        return [request for request in self.endpoint.requests if request.target != TOKENS]


@pytest.fixture
def plane(endpoint: Endpoint) -> Scripted:
    return Scripted(endpoint)


@pytest.fixture
def waiting() -> Waiting:
    return Waiting()


@pytest.fixture
def client(endpoint: Endpoint, waiting: Waiting) -> Iterator[Client]:
    client = connect(endpoint.url, client_id="a", client_secret="b", timeout=5, pause=waiting)
    yield client
    client.close()


@pytest.mark.parametrize("method", ["GET", "POST", "PATCH", "DELETE"])
def test_a_request_that_came_too_early_is_repeated(
    plane: Scripted, client: Client, waiting: Waiting, method: str
) -> None:
    plane.answers = [Answer(429), Answer(429), FINE]
    assert client.request(method, "/a", {}) == 1
    assert [request.method for request in plane.requests] == [method] * 3
    assert all(0.75 * pause <= waited <= 1.25 * pause for pause, waited in zip(PAUSES, waiting.pauses, strict=False))


@pytest.mark.parametrize("status", [500, 502, 503, 504])
@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
def test_a_failure_of_the_server_is_repeated_where_that_does_no_harm(
    plane: Scripted, client: Client, method: str, status: int
) -> None:
    plane.answers = [Answer(status), FINE]
    assert client.request(method, "/a", {}) == 1


def test_a_create_that_may_have_happened_is_not_repeated(plane: Scripted, client: Client) -> None:
    plane.answers = [Answer(503)]
    with pytest.raises(errors.ServerError):
        client.request("POST", "/a", {})
    assert len(plane.requests) == 1


def test_trouble_that_stays_is_an_error_after_all_pauses(plane: Scripted, client: Client, waiting: Waiting) -> None:
    plane.answers = [Answer(503)] * (1 + len(PAUSES))
    with pytest.raises(errors.ServerError, match="503"):
        client.request("GET", "/a")
    assert len(waiting.pauses) == len(PAUSES)


@pytest.mark.parametrize("status", [400, 403, 404, 409, 422])
def test_a_refusal_is_not_repeated(plane: Scripted, client: Client, waiting: Waiting, status: int) -> None:
    plane.answers = [Answer(status)]
    with pytest.raises(errors.ResponseError):
        client.request("GET", "/a")
    assert waiting.pauses == []


@pytest.mark.parametrize(
    ("header", "least", "most"),
    [
        (lambda: "7", 7, 7),
        (lambda: "0", 0, 0),
        (lambda: formatdate(time.time() + 30, usegmt=True), 20, 31),
        (lambda: formatdate(time.time() - 30, usegmt=True), 0, 0),
        (lambda: "soon", 0.75 * PAUSES[0], 1.25 * PAUSES[0]),
    ],
    ids=["seconds", "zero", "date", "past date", "nonsense"],
)
def test_retry_after_says_how_long_the_pause_is(
    plane: Scripted, client: Client, waiting: Waiting, header: Callable[[], str], least: float, most: float
) -> None:
    plane.answers = [Answer(429, headers={"Retry-After": header()}), FINE]
    client.request("GET", "/a")
    (pause,) = waiting.pauses
    assert least <= pause <= most


def test_a_pause_that_is_too_long_is_an_error_at_once(plane: Scripted, client: Client, waiting: Waiting) -> None:
    plane.answers = [Answer(429, headers={"Retry-After": str(int(LONGEST_PAUSE) + 1)})]
    with pytest.raises(errors.ResponseError, match="429"):
        client.request("GET", "/a")
    assert waiting.pauses == []


def test_a_pause_ends_when_it_is_to_end(plane: Scripted, client: Client, waiting: Waiting) -> None:
    plane.answers = [Answer(503)]
    waiting.is_to_end = True
    with pytest.raises(errors.ServerError):
        client.request("GET", "/a")
    assert len(waiting.pauses) == 1


def test_a_token_that_is_refused_is_replaced_once(plane: Scripted, client: Client) -> None:
    plane.answers = [FINE, Answer(401), FINE, Answer(401), Answer(401)]
    client.request("GET", "/a")
    assert client.request("POST", "/a", {}) == 1
    assert [request.headers["authorization"] for request in plane.requests[1:]] == ["Bearer token-1", "Bearer token-2"]
    with pytest.raises(errors.Unauthorized):
        client.request("GET", "/a")
    assert plane.tokens == 3


def test_a_token_is_asked_for_again(plane: Scripted, client: Client) -> None:
    plane.token_answers = [Answer(503), Answer(429)]
    plane.answers = [FINE]
    assert client.request("GET", "/a") == 1


def test_where_nothing_listens_every_request_is_repeated() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        waiting = Waiting()
        client = connect(f"http://127.0.0.1:{unused.getsockname()[1]}", client_id="a", client_secret="b", pause=waiting)
        with pytest.raises(errors.Unreachable):
            client.request("POST", "/a", {})
    assert len(waiting.pauses) == len(PAUSES)


@pytest.mark.parametrize(("method", "times"), [("GET", 1 + len(PAUSES)), ("POST", 1)])
def test_a_connection_that_breaks_repeats_what_does_no_harm(
    plane: Scripted, client: Client, method: str, times: int
) -> None:
    plane.answers = [Answer(200, b"{", {"Content-Length": "9", "Connection": "close"})] * times
    with pytest.raises(errors.Unreachable):
        client.request(method, "/a", {})
    assert len(plane.requests) == times
