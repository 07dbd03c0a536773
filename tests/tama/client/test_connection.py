"""One connection, against a socket that says what a test writes."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tama.catalog.urls import Address
from tama.client._connection import Connection
from tama.client._response import Broken, Reader

FINE = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"
PARTS = [
    *(
        b"HTTP/1.1 ",
        b"HTTP/1.0 ",
        b"100 ",
        b"200 OK",
        b"204 ",
        b"\r\n",
        b"\n",
        b"\r\n\r\n",
        b": ",
        b"\xff",
        b"5",
        b"0",
        b"a",
    ),
    *(b"Content-Length: ", b"Transfer-Encoding: ", b"chunked", b"Connection: close", b"HTTP/1.1 200 OK\r\n"),
]
REQUEST = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"


@contextmanager
def peer(*answers: bytes, piece: int = 1 << 20, pause: float = 0) -> Iterator[Connection]:
    """A connection whose peer takes a request, says the next answer in pieces, and at last hangs up."""

    def serve(server: socket.socket) -> None:
        accepted, _ = server.accept()
        with accepted, suppress(ConnectionError):
            for answer in answers:
                accepted.recv(1 << 16)
                for start in range(0, len(answer), piece):
                    accepted.sendall(answer[start : start + piece])
                    time.sleep(pause)

    with socket.create_server(("127.0.0.1", 0)) as server, ThreadPoolExecutor(1) as pool:
        pool.submit(serve, server)
        connection = Connection(Address(f"http://127.0.0.1:{server.getsockname()[1]}"), None, None)
        try:
            yield connection
        finally:
            connection.close()


def body(connection: Connection) -> bytes:
    return connection.exchange(REQUEST, 5).body


def is_idle(connection: Connection) -> bool:
    return connection.is_idle


@pytest.mark.parametrize("piece", [1, 7, 1 << 20])
@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (FINE, b"hi"),
        (
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: Chunked\r\n\r\n2;x=y\r\nhi\r\nA\r\n0123456789\r\n0\r\na: b\r\n\r\n",
            b"hi0123456789",
        ),
        (b"HTTP/1.1 100 Continue\r\n\r\n" + FINE, b"hi"),
        (b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + FINE, b"hi"),
        (b"HTTP/1.1 204 No Content\r\nContent-Length: 7\r\n\r\n", b""),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", b""),
    ],
)
def test_an_answer_is_read_to_its_end_and_no_further(answer: bytes, expected: bytes, piece: int) -> None:
    with peer(answer, FINE, piece=piece) as connection:
        assert body(connection) == expected
        assert body(connection) == b"hi"


@pytest.mark.parametrize("version", [b"HTTP/1.1", b"HTTP/1.0"])
def test_an_answer_without_a_length_ends_with_the_connection(version: bytes) -> None:
    with peer(version + b" 200 OK\r\n\r\nall of it") as connection:
        assert body(connection) == b"all of it"
        assert not is_idle(connection)


@pytest.mark.parametrize("head", [b"HTTP/1.1 200 OK\r\nConnection: Close", b"HTTP/1.0 200 OK"])
def test_a_connection_that_the_peer_ends_is_not_used_again(head: bytes) -> None:
    with peer(head + b"\r\nContent-Length: 2\r\n\r\nhi") as connection:
        assert body(connection) == b"hi"
        assert not is_idle(connection)


def test_a_kept_connection_is_idle_until_the_peer_says_something() -> None:
    with peer(FINE, FINE + b"HTTP/1.1 408 Request Timeout\r\n\r\n") as connection:
        assert not is_idle(connection)
        body(connection)
        assert is_idle(connection)
        body(connection)
        assert not is_idle(connection)


@pytest.mark.parametrize(
    "answer",
    [
        *(b"", b"SSH-2.0-x\r\n\r\n", b"HTTP/2 200\r\n\r\n", b"HTTP/1.1 abc OK\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-"),
        *(b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"),
        *(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + rest
            for rest in (b"x\r\n", b"5\r\nab", b"-5\r\n", b"1_0\r\n", b"1\r\nabc\r\n", b"f" * 16 + b"\r\n")
        ),
        *(b"HTTP/1.1 200 OK\r\nX: " + b"x" * (1 << 17), b"HTTP/1.1 200 OK\r\nno field\r\n\r\n"),
        b"HTTP/1.1 200 OK\r\n" + b"X: 1\r\n" * (1 << 15) + b"\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
        *(b"HTTP/1.1 200 OK\r\nContent-Length: " + digits + b"\r\n\r\n" for digits in (b"99999999999", b"9" * 5000)),
    ],
)
def test_what_is_not_a_whole_answer_is_told(answer: bytes) -> None:
    with peer(answer) as connection, pytest.raises(Broken) as caught:
        body(connection)

    assert caught.value.sent


@given(st.lists(st.sampled_from(PARTS) | st.binary(max_size=20), max_size=12))
def test_whatever_comes_is_a_response_or_is_told(parts: list[bytes]) -> None:
    coming = iter(parts)
    reader = Reader(lambda: next((part for part in coming if part), b""))
    with suppress(Broken):
        while True:
            assert 200 <= reader.response().status < 1000


def test_a_request_that_is_refused_before_it_is_read_is_told_so() -> None:
    refusal = b"HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
    with peer(refusal) as connection:
        response = connection.exchange(REQUEST + b"x" * (1 << 24), 5)

    assert (response.status, response.phrase) == (413, "Content Too Large")


def test_slow_bytes_do_not_lengthen_the_time_of_a_request() -> None:
    with peer(FINE, piece=1, pause=0.05) as connection:
        begun = time.monotonic()
        with pytest.raises(Broken) as caught:
            connection.exchange(REQUEST, 0.3)

    assert time.monotonic() - begun < 1.5
    assert (caught.value.why, caught.value.sent) == ("", True)


def test_a_connection_that_does_not_come_about_sends_nothing() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        connection = Connection(Address(f"http://127.0.0.1:{unused.getsockname()[1]}"), None, None)
        with pytest.raises(Broken, match="Connection refused") as caught:
            connection.exchange(REQUEST, 5)

    assert not caught.value.sent
