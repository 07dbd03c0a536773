"""What a client does where a control plane, or the way to it, is in passing trouble."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from email.utils import formatdate

import pytest

from tama.client import Client, connect, errors
from tama.client._repetition import LONGEST, PAUSES
from tests.tama.client.conftest import TIMEOUT, Waiting
from tests.tama.client.hosted import Hosted
from tests.tama.endpoint import Answer, Endpoint, Request, json_answer

FINE = json_answer({"data": 1})


@pytest.mark.parametrize("method", ["GET", "POST", "PATCH", "DELETE"])
def test_a_request_that_came_too_early_is_repeated(
    hosted: Hosted, client: Client, waiting: Waiting, method: str
) -> None:
    hosted.answers = [Answer(429), Answer(429), FINE]
    assert client.request(method, "/a", {}) == 1
    assert [request.method for request in hosted.requests] == [method] * 3
    assert all(0.75 * pause <= waited <= 1.25 * pause for pause, waited in zip(PAUSES, waiting.pauses, strict=False))
    assert waiting.reasons == [f"{method} /a: 429 Too Many Requests"] * 2


@pytest.mark.parametrize("status", [500, 502, 503, 504])
@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
def test_a_failure_of_the_server_is_repeated_where_that_does_no_harm(
    hosted: Hosted, client: Client, method: str, status: int
) -> None:
    hosted.answers = [Answer(status), FINE]
    assert client.request(method, "/a", {}) == 1


def test_a_create_that_may_have_happened_is_not_repeated(hosted: Hosted, client: Client) -> None:
    hosted.answers = [Answer(503)]
    with pytest.raises(errors.ServerError):
        client.request("POST", "/a", {})
    assert len(hosted.requests) == 1


def test_trouble_that_stays_is_an_error_after_all_pauses(hosted: Hosted, client: Client, waiting: Waiting) -> None:
    hosted.answers = [Answer(503)] * (1 + len(PAUSES))
    with pytest.raises(errors.ServerError, match="503"):
        client.request("GET", "/a")
    assert len(waiting.pauses) == len(PAUSES)


@pytest.mark.parametrize("status", [400, 403, 404, 409, 422])
def test_a_refusal_is_not_repeated(hosted: Hosted, client: Client, waiting: Waiting, status: int) -> None:
    hosted.answers = [Answer(status)]
    with pytest.raises(errors.ResponseError):
        client.request("GET", "/a")
    assert waiting.pauses == []


@pytest.mark.parametrize(
    ("header", "least", "most"),
    [
        (lambda: "7", 7, 7 + PAUSES[0]),
        (lambda: "0", 0, PAUSES[0]),
        (lambda: formatdate(time.time() + 30, usegmt=True), 20, 31 + PAUSES[0]),
        (lambda: formatdate(time.time() - 30, usegmt=True), 0, PAUSES[0]),
        (lambda: "soon", 0.75 * PAUSES[0], 1.25 * PAUSES[0]),
        (lambda: "Mon, 01 Jan 99999 00:00:00 GMT", 0.75 * PAUSES[0], 1.25 * PAUSES[0]),
    ],
    ids=["seconds", "zero", "date", "past date", "nonsense", "no date"],
)
def test_retry_after_says_how_long_the_pause_is(
    hosted: Hosted, client: Client, waiting: Waiting, header: Callable[[], str], least: float, most: float
) -> None:
    hosted.answers = [Answer(429, headers={"Retry-After": header()}), FINE]
    client.request("GET", "/a")
    (pause,) = waiting.pauses
    assert least <= pause <= most


def test_a_pause_that_is_too_long_is_an_error_at_once(hosted: Hosted, client: Client, waiting: Waiting) -> None:
    hosted.answers = [Answer(429, headers={"Retry-After": str(int(LONGEST * TIMEOUT) + 1)})]
    with pytest.raises(errors.ResponseError, match="429"):
        client.request("GET", "/a")
    assert waiting.pauses == []


def test_a_pause_ends_when_it_is_to_end(hosted: Hosted, client: Client, waiting: Waiting) -> None:
    hosted.answers = [Answer(503)]
    waiting.is_to_end = True
    with pytest.raises(errors.ServerError):
        client.request("GET", "/a")
    assert len(waiting.pauses) == 1


def test_a_token_that_is_refused_is_replaced_once(hosted: Hosted, client: Client) -> None:
    hosted.answers = [FINE, Answer(401), FINE, Answer(401), Answer(401)]
    client.request("GET", "/a")
    assert client.request("POST", "/a", {}) == 1
    assert [request.headers["authorization"] for request in hosted.requests[1:]] == ["Bearer token-1", "Bearer token-2"]
    with pytest.raises(errors.Unauthorized):
        client.request("GET", "/a")
    assert hosted.tokens == 3


def test_a_token_is_asked_for_again(hosted: Hosted, client: Client) -> None:
    hosted.token_answers = [Answer(503), Answer(429)]
    hosted.answers = [FINE]
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
    hosted: Hosted, client: Client, method: str, times: int
) -> None:
    hosted.answers = [Answer(200, b"{", {"Content-Length": "9", "Connection": "close"})] * times
    with pytest.raises(errors.Unreachable):
        client.request(method, "/a", {})
    assert len(hosted.requests) == times


def test_an_answer_that_nobody_can_read_is_repeated(hosted: Hosted, client: Client) -> None:
    hosted.answers = [Answer(200, b"garbage"), Answer(200, b"\xff["), FINE]

    assert client.request("GET", "/a") == 1


def test_a_request_that_takes_too_long_is_repeated_within_the_time_for_all(endpoint: Endpoint) -> None:
    hosted = Hosted(endpoint)
    is_over = threading.Event()

    def answer(_request: Request) -> Answer:
        is_over.wait(30)
        return FINE

    hosted.answer = answer
    client = connect(endpoint.url, client_id="a", client_secret="b", timeout=0.2, pause=lambda *_: None)
    begun = time.monotonic()

    with pytest.raises(errors.Unreachable, match=r"did not answer within 0\.2 s\.$"):
        client.request("GET", "/a")

    is_over.set()
    client.close()
    assert 2 <= len(hosted.requests) <= LONGEST
    assert time.monotonic() - begun < 10


def test_a_request_ends_within_the_seconds_that_it_is_given(endpoint: Endpoint) -> None:
    hosted = Hosted(endpoint)
    is_over = threading.Event()

    def answer(_request: Request) -> Answer:
        is_over.wait(30)
        return FINE

    hosted.answer = answer
    client = connect(endpoint.url, client_id="a", client_secret="b")
    begun = time.monotonic()
    with pytest.raises(errors.Unreachable, match=r"did not answer within 0\.2 s\.$"):
        client.request("GET", "/a", within=0.2)

    is_over.set()
    client.close()
    assert time.monotonic() - begun < 10


def test_no_more_requests_are_under_way_than_allowed(endpoint: Endpoint) -> None:
    hosted = Hosted(endpoint)
    lock, under_way, most = threading.Lock(), 0, 0

    def answer(_request: Request) -> Answer:
        nonlocal under_way, most
        with lock:
            under_way += 1
            most = max(most, under_way)
        time.sleep(0.02)
        with lock:
            under_way -= 1
        return FINE

    hosted.answer = answer
    client = connect(endpoint.url, client_id="a", client_secret="b", max_connections=3)
    with ThreadPoolExecutor(12) as pool:
        assert list(pool.map(lambda _: client.request("GET", "/a"), range(36))) == [1] * 36

    client.close()
    assert most == 3
    assert endpoint.connections == 3


def test_those_who_wait_for_a_token_share_what_came_of_it(endpoint: Endpoint) -> None:
    def answer(_request: Request) -> Answer:
        time.sleep(0.1)
        return Answer(403)

    endpoint.answer = answer
    client = connect(endpoint.url, client_id="a", client_secret="b")

    def ask(_number: int) -> str:
        with pytest.raises(errors.Unauthorized) as caught:
            client.request("GET", "/a")
        return caught.value.request

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(ask, range(8))) == {"POST /auth/tokens"}

    client.close()
    assert len(endpoint.requests) == 1


def test_an_error_says_of_which_request_it_is(hosted: Hosted, client: Client) -> None:
    hosted.answers = [Answer(422, headers={"X-Request-Id": "id-of-the-request"})]

    with pytest.raises(errors.Invalid) as caught:
        client.request("PATCH", "/a?b=c", {})

    assert (caught.value.request, caught.value.request_id) == ("PATCH /a?b=c", "id-of-the-request")
