"""What becomes of requests when the client is interrupted, whatever they are waiting for."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager, suppress
from pathlib import Path

import apsw
import pytest

from tama.client import Client, connect, errors
from tests.tama.client.conftest import TIMEOUT
from tests.tama.client.hosted import FINE, Hosted
from tests.tama.endpoint import Answer, Endpoint, Request

ENDS = TIMEOUT / 2
"""Seconds in which a request must have ended that would otherwise end by its own time."""


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(4) as pool:
        yield pool


@pytest.fixture
def short_grace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tama.client._hosted._GRACE", 0.1)
    monkeypatch.setattr("tama.client._hosted._LONG_GRACE", 0.1)


@pytest.fixture
def opened() -> Iterator[Callable[..., Client]]:
    """Return a function that makes a client of what is at a URL."""
    with ExitStack() as clients:

        def make(url: str, max_connections: int = 10) -> Client:
            return clients.enter_context(
                closing(
                    connect(
                        url,
                        client_id="a",
                        client_secret="b",
                        timeout=TIMEOUT,
                        max_connections=max_connections,
                        pause=lambda *_: True,
                    )
                )
            )

        yield make


class Held:
    """An answer that is held back until it is let go."""

    def __init__(self) -> None:
        self.asked = threading.Semaphore(0)
        self.let_go = threading.Event()

    def __call__(self, _request: Request) -> Answer:
        self.asked.release()
        self.let_go.wait(TIMEOUT)
        return FINE


@pytest.fixture
def held(endpoint: Endpoint, hosted: Hosted) -> Iterator[Held]:
    hosted.answer = held = Held()
    yield held
    held.let_go.set()


Peer = Callable[[], AbstractContextManager[tuple[str, threading.Event]]]
"""Makes a server: its URL, and what is set once somebody may be waiting for it."""


@contextmanager
def full() -> Iterator[tuple[str, threading.Event]]:
    """A server whose queue is full, so that it takes no connection."""
    with socket.socket() as server, socket.socket() as one, socket.socket() as other:
        server.bind(("127.0.0.1", 0))
        server.listen(0)
        for filling in (one, other):
            filling.setblocking(False)
            filling.connect_ex(server.getsockname())
        waiting = threading.Event()
        waiting.set()
        yield f"http://127.0.0.1:{server.getsockname()[1]}", waiting


@contextmanager
def says(text: bytes, scheme: str = "http") -> Iterator[tuple[str, threading.Event]]:
    """A server that takes a connection, says something, and then nothing more."""

    waiting = threading.Event()

    def serve() -> None:
        accepted, _ = server.accept()
        with accepted, suppress(OSError):
            accepted.sendall(text)
            waiting.set()
            while accepted.recv(1 << 16):
                pass

    with socket.create_server(("127.0.0.1", 0)) as server, ThreadPoolExecutor(1) as pool:
        server.settimeout(TIMEOUT)
        pool.submit(serve)
        yield f"{scheme}://127.0.0.1:{server.getsockname()[1]}", waiting


@pytest.mark.usefixtures("short_grace")
@pytest.mark.parametrize(
    "peer",
    [
        full,
        lambda: says(b"", "https"),
        lambda: says(b""),
        lambda: says(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"),
    ],
    ids=["connection", "TLS", "head", "body"],
)
def test_whatever_a_request_waits_for_an_interrupt_ends_it(
    opened: Callable[..., Client], pool: ThreadPoolExecutor, peer: Peer
) -> None:
    with peer() as (url, waiting):
        client = opened(url)
        asked = pool.submit(client.request, "GET", "/a")
        assert waiting.wait(TIMEOUT)
        time.sleep(0.2)
        client.interrupt()
        with pytest.raises(errors.Interrupted):
            asked.result(ENDS)


def test_what_is_answered_soon_after_an_interrupt_has_its_answer(
    opened: Callable[..., Client],
    hosted: Hosted,
    held: Held,
    pool: ThreadPoolExecutor,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tama.client._hosted._GRACE", TIMEOUT)
    client = opened(hosted.endpoint.url)
    asked = pool.submit(client.request, "GET", "/a")
    assert held.asked.acquire(timeout=ENDS)
    client.interrupt()
    held.let_go.set()
    assert asked.result(ENDS) == {"id": "1"}


def test_nothing_is_sent_after_an_interrupt(
    opened: Callable[..., Client], hosted: Hosted, held: Held, pool: ThreadPoolExecutor
) -> None:
    """Also not by who waits for a turn."""
    client = opened(hosted.endpoint.url, max_connections=1)
    asked: list[Future[object]] = [pool.submit(client.create, "/a", {}) for _ in range(3)]
    assert held.asked.acquire(timeout=ENDS)
    client.interrupt()
    held.let_go.set()
    outcomes = [one.exception(ENDS) for one in asked]
    assert outcomes.count(None) == 1
    with pytest.raises(errors.Interrupted):
        client.create("/a", {})
    assert len(hosted.requests) == 1
    assert [type(one) for one in outcomes if one] == [errors.Interrupted] * 2


@pytest.mark.usefixtures("short_grace")
@pytest.mark.parametrize("lifetime", ["60", ""])
def test_a_create_that_was_sent_may_have_happened(
    opened: Callable[..., Client], hosted: Hosted, held: Held, pool: ThreadPoolExecutor, lifetime: str
) -> None:
    hosted.keys_lifetime = lifetime
    client = opened(hosted.endpoint.url)
    asked = pool.submit(client.create, "/a", {})
    assert held.asked.acquire(timeout=ENDS)
    client.interrupt()
    outcome = asked.exception(ENDS)
    assert isinstance(outcome, errors.OutcomeUnknown)
    assert bool(outcome.key) is bool(lifetime)


def test_a_create_that_nobody_could_ask_for_has_longer(
    opened: Callable[..., Client],
    hosted: Hosted,
    held: Held,
    pool: ThreadPoolExecutor,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tama.client._hosted._GRACE", 0.1)
    client = opened(hosted.endpoint.url)
    asked = pool.submit(client.create, "/a", {})
    assert held.asked.acquire(timeout=ENDS)
    client.interrupt()
    time.sleep(0.3)
    held.let_go.set()
    assert asked.result(ENDS) == {"id": "1"}


def test_what_waits_for_another_process_that_writes_ends_without_having_written(
    tmp_path: Path, pool: ThreadPoolExecutor
) -> None:
    client = connect(f"embedded:{tmp_path}")
    assert client.request("GET", "/provision/control-plane/objects") == []
    other = apsw.Connection(str(tmp_path / "tama.db"))
    other.execute("BEGIN IMMEDIATE")
    space = {"space": {"name": "Home", "type": "root"}}
    asked = pool.submit(client.create, "/provision/neural/spaces", space)
    time.sleep(0.2)
    client.interrupt()
    with pytest.raises(errors.Interrupted):
        asked.result(ENDS)
    other.execute("ROLLBACK")
    client.close()
    again = connect(f"embedded:{tmp_path}")
    assert again.request("GET", "/provision/control-plane/objects") == []
    again.close()
