"""A bad network for tests: a proxy that passes requests on to a server, and does to each what a fault says."""

from __future__ import annotations

import random
import select
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from http.client import HTTPConnection, HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

TOKENS = "/auth/tokens"
_HANG_SECONDS = 300.0
_SLOW_SECONDS = 0.02
_LAG_SECONDS = 0.5
_LATEST_SECONDS = 4.0
_STATUSES = {
    401: b"401 Unauthorized",
    429: b"429 Too Many Requests\r\nRetry-After: 1",
    500: b"500 Internal Server Error",
    503: b"503 Service Unavailable\r\nRetry-After: 0",
}


class RandomFaults:
    """Draws a fault for a request, by a seed.

    Args:
        seed: what is drawn by.
        rate: the share of requests that meet a fault.
        doomed: the share of creates of which every try does.

    Attributes:
        is_over: whether there are no more.
        met: how often each fault was met.
    """

    def __init__(self, seed: str, *, rate: float, doomed: float) -> None:
        self.is_over = False
        self.met: Counter[str] = Counter()
        self._seed = seed
        self._rate = rate
        self._doomed = doomed
        self._random = random.Random(seed)
        self._lock = threading.Lock()

    def __call__(self, path: str, key: str) -> str:
        """Return the name of a fault; empty for none."""
        if self.is_over:
            return ""
        with self._lock:
            is_doomed = key and random.Random(f"{self._seed} {key}").random() < self._doomed
            if not is_doomed and self._random.random() >= self._rate:
                return ""
            # A wrong credential is no fault of the network, and a create that is refused did not happen.
            names = [name for name in FAULTS if name != "401" or not (path == TOKENS or is_doomed)]
            name = self._random.choice(names)
            self.met[name] += 1
            return name


class FaultProxy:
    """Listens on a free port of the loopback interface while it is entered.

    When it is left, what it still had to pass on has been passed on.

    Args:
        server: the URL of the server.
        choose: returns the name of the fault that a request with a path and an idempotency key meets; empty for none.
    """

    def __init__(self, server: str, choose: Callable[[str, str], str]) -> None:
        self._listener = _Listener(urlsplit(server).netloc, choose)
        self._thread = threading.Thread(target=self._listener.serve_forever, kwargs={"poll_interval": 0.05})

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._listener.server_port}"

    def __enter__(self) -> FaultProxy:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._listener.shutdown()
        self._thread.join()
        self._listener.server_close()


class _Listener(ThreadingHTTPServer):
    daemon_threads = False
    block_on_close = True

    def __init__(self, server: str, choose: Callable[[str, str], str]) -> None:
        self.server = server
        self.choose = choose
        super().__init__(("127.0.0.1", 0), _Exchange)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a client that is gone; that is what this is about."""


class _Exchange(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Listener

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's name
        """Say nothing."""

    def do_POST(self) -> None:
        self.content = self.rfile.read(int(self.headers.get("content-length") or 0))
        name = self.server.choose(self.path, self.headers.get("idempotency-key", ""))
        FAULTS.get(name, _Exchange.answer)(self)

    do_GET = do_PATCH = do_DELETE = do_POST  # noqa: N815 - the library's names

    def passed(self) -> bytes:
        """Pass the request on, and return the whole answer."""
        connection = HTTPConnection(self.server.server, timeout=30)
        try:
            connection.request(self.command, self.path, self.content or None, dict(self.headers.items()))
            response = connection.getresponse()
            body = response.read()
        finally:
            connection.close()
        fields = [f"{name}: {value}" for name, value in response.getheaders() if name.lower() != "transfer-encoding"]
        head = "\r\n".join((f"HTTP/1.1 {response.status} {response.reason}", *fields, "", ""))
        return head.encode("latin-1") + body

    def answer(self) -> None:
        try:
            self.wfile.write(self.passed())
        except (OSError, HTTPException):
            # The server is gone: so is the connection.
            self.cut()

    def cut(self) -> None:
        """Break the connection, so that the client's next byte meets a reset."""
        self.close_connection = True
        with suppress(OSError):
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()

    def cut_after(self) -> None:
        self.passed()
        self.cut()

    def cut_within(self) -> None:
        answer = self.passed()
        self.wfile.write(answer[: len(answer) * 2 // 3])
        self.cut()

    def cut_behind(self) -> None:
        self.answer()
        self.close_connection = True

    def late(self) -> None:
        """Break the connection, and pass the request on when its client has long gone on."""
        self.cut()
        time.sleep(random.uniform(0, _LATEST_SECONDS))
        self.passed()

    def lag(self) -> None:
        time.sleep(_LAG_SECONDS)
        self.answer()

    def hang(self) -> None:
        self.passed()
        self.ignore()

    def ignore(self) -> None:
        """Say nothing until the client leaves."""
        select.select([self.connection], [], [], _HANG_SECONDS)
        self.cut()

    def slow(self) -> None:
        for byte in self.passed():
            self.wfile.write(bytes([byte]))
            time.sleep(_SLOW_SECONDS)

    def garbage(self) -> None:
        self.passed()
        self.wfile.write(b"\x00\xff garbage \r\n\r\n")
        self.close_connection = True

    def garbage_body(self) -> None:
        head, end, body = self.passed().partition(b"\r\n\r\n")
        self.wfile.write(head + end + b"x" * len(body))

    def failed_after(self) -> None:
        self.passed()
        self.refuse(500)

    def refuse(self, status: int) -> None:
        self.wfile.write(b"HTTP/1.1 " + _STATUSES[status] + b"\r\nContent-Length: 0\r\n\r\n")


FAULTS: dict[str, Callable[[_Exchange], None]] = {
    "latency": _Exchange.lag,
    "cut before": _Exchange.cut,
    "cut after": _Exchange.cut_after,
    "cut within": _Exchange.cut_within,
    "cut behind": _Exchange.cut_behind,
    "passed late": _Exchange.late,
    "hangs": _Exchange.hang,
    "unheard": _Exchange.ignore,
    "slow": _Exchange.slow,
    "garbage": _Exchange.garbage,
    "garbage in the body": _Exchange.garbage_body,
    "500 after": _Exchange.failed_after,
    **{str(status): partial(_Exchange.refuse, status=status) for status in _STATUSES},
}
