"""HTTP to the endpoints of specifications.

Such a request holds a credential, so no redirect is followed, no password file of the user's is consulted, loopback is
never reached through a proxy, and no error quotes a header, a query or a body.

A name is resolved once, and what is connected to is an address that was judged: a name that leads elsewhere a moment
later changes nothing. The name stays what `Host` and the certificate are about.
"""

from __future__ import annotations

import http.client
import json
import math
import socket
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tama.control_plane.networks import Networks

    Connect = Callable[[str, int | None], socket.socket]

TIMEOUT = 10.0
"""Seconds that connecting may take, and any wait for bytes."""

DEADLINE = 20.0
"""Seconds that a request may take in all once it is connected."""

LARGEST_BODY = 16 * 1024 * 1024
"""Bytes of an answer's body that are read; a larger one is an error."""

_CHUNK = 65536


class OutgoingError(Exception):
    """No usable answer came; the message says what broke and holds no credential."""


class Response:
    """What an endpoint answered.

    Attributes:
        status: the HTTP status.
        headers: by lower-case name.
        body: the bytes of the body; empty when it was not asked for.
    """

    __slots__ = ("body", "headers", "status")

    def __init__(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.status = status
        self.headers = headers
        self.body = body

    def json(self) -> Any:
        """The body, parsed.

        Raises:
            ValueError: it is not JSON, or holds what cannot be written as JSON again.
        """
        try:
            return json.loads(self.body, parse_float=_finite, parse_constant=_finite)
        except RecursionError:
            raise ValueError("the JSON is nested too deeply") from None


class Outgoing:
    """Sends requests.

    Args:
        networks: what may be reached, directly and through no proxy; None for everything, as the environment says.
    """

    def __init__(self, networks: Networks | None = None) -> None:
        self._networks = networks

    def send(
        self, method: str, url: str, headers: Mapping[str, str], content: bytes | None = None, *, with_body: bool = True
    ) -> Response:
        """Send one request.

        Args:
            method: the HTTP method.
            url: absolute and percent-encoded; it is sent as it is.
            headers: texts, which are sent as UTF-8.
            content: the body.
            with_body: whether the answer's body is read.

        Raises:
            OutgoingError: no answer, a broken one, or one with a body that is too large.
        """
        parts = urlsplit(url)
        host = parts.hostname or ""
        with requests.Session() as session, _Deadline() as deadline:
            session.trust_env = self._networks is None and not _is_loopback(host)
            adapter = _Adapter(lambda host, port: deadline.watched(self._connected(host, port)))
            session.mount("http://", adapter)
            session.mount("https://", adapter)
            try:
                encoded = {name: value.encode() for name, value in headers.items()}
                request = session.prepare_request(
                    requests.Request(method, f"{parts.scheme}://{parts.netloc}/", encoded, data=content, auth=_no_auth)
                )
                request.url = url
                settings = session.merge_environment_settings(url, {}, True, None, None)
                with session.send(request, timeout=TIMEOUT, allow_redirects=False, **settings) as response:
                    received = {name.lower(): value for name, value in response.headers.items()}
                    body = _body(response) if with_body else b""
            except (requests.RequestException, HTTPError, http.client.HTTPException, OSError, ValueError) as error:
                origin = f"{parts.scheme}://{host}:{parts.port or ''}".rstrip(":")
                raise OutgoingError(deadline.passed or _sentence(error, origin)) from None
            # A body without a length ends with the connection, whoever ends that.
            if deadline.passed:
                raise OutgoingError(deadline.passed)
            return Response(response.status_code, received, body)

    def _connected(self, host: str, port: int | None) -> socket.socket:
        """A connection to the first address of a host that may be reached and answers."""
        found = [(family, address) for family, *_, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
        if self._networks is not None:
            permit = self._networks.permit
            found = [(family, address) for family, address in found if permit(str(address[0]))]
            if not found:
                raise OutgoingError(
                    f"{host} is an address that this control plane may not reach, such as one of loopback or of a"
                    " private network; who runs it can allow it."
                )
        ends = time.monotonic() + TIMEOUT
        for family, address in found:
            connection = socket.socket(family, socket.SOCK_STREAM)
            try:
                connection.settimeout(max(ends - time.monotonic(), 0.001))
                connection.connect(address)
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            except OSError as error:
                connection.close()
                last = error
            else:
                connection.settimeout(TIMEOUT)
                return connection
        raise last


class _Deadline:
    """Breaks a connection at the end of the time for it, as bytes that trickle meet every wait for bytes.

    Attributes:
        passed: a sentence once it did, empty before.
    """

    def __init__(self) -> None:
        self.passed = ""
        self._connection: socket.socket | None = None
        self._timer: threading.Timer | None = None

    def watched(self, connection: socket.socket) -> socket.socket:
        """The connection, which is broken in time from now on."""
        # TLS takes the socket over; its twin stays.
        self._connection = connection.dup()
        self._timer = threading.Timer(DEADLINE, self._break)
        self._timer.start()
        return connection

    def _break(self) -> None:
        self.passed = f"The answer did not end within {DEADLINE:g} s."
        if self._connection is not None:
            with suppress(OSError):
                self._connection.shutdown(socket.SHUT_RDWR)

    def __enter__(self) -> _Deadline:
        return self

    def __exit__(self, *_: object) -> None:
        if self._timer is not None and self._connection is not None:
            self._timer.cancel()
            self._timer.join()
            self._connection.close()


class _Adapter(HTTPAdapter):
    """Connects by a function of ours, whatever leads to a connection."""

    def __init__(self, connect: Connect) -> None:
        self._connect = connect
        super().__init__()

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        """See `HTTPAdapter.init_poolmanager`."""
        super().init_poolmanager(*arguments, **options)
        self.poolmanager.pool_classes_by_scheme = _pools(self._connect)


def _pools(connect: Connect) -> dict[str, type[HTTPConnectionPool]]:
    class Plain(HTTPConnection):
        def _new_conn(self) -> socket.socket:
            return connect(self._dns_host, self.port)

    class Secure(HTTPSConnection):
        def _new_conn(self) -> socket.socket:
            return connect(self._dns_host, self.port)

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class SecurePool(HTTPSConnectionPool):
        ConnectionCls = Secure

    return {"http": PlainPool, "https": SecurePool}


def _finite(number: str) -> float:
    value = float(number)
    if not math.isfinite(value):
        raise ValueError(f"{number} is no number of JSON's")
    return value


def _body(response: requests.Response) -> bytes:
    received = bytearray()
    for chunk in response.iter_content(_CHUNK):
        received += chunk
        if len(received) > LARGEST_BODY:
            raise OutgoingError(f"The answer's body is larger than {LARGEST_BODY} bytes.")
    return bytes(received)


def _no_auth(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Keep requests from putting a login of the user's `.netrc` in the place of the credential."""
    return request


def _is_loopback(host: str) -> bool:
    return host in ("localhost", "::1") or host.endswith(".localhost") or host.startswith("127.")


def _sentence(error: Exception, origin: str) -> str:
    if isinstance(error, (requests.Timeout, TimeoutError)):
        return f"{origin} did not answer within {TIMEOUT:g} s."
    if isinstance(error, requests.exceptions.SSLError):
        return f"{origin} has a certificate that is not trusted, or does not speak TLS."
    if isinstance(error, requests.exceptions.ProxyError):
        return f"The proxy on the way to {origin} cannot be reached."
    if isinstance(error, (requests.exceptions.InvalidHeader, UnicodeError)):
        return "A header's value holds characters that HTTP does not allow."
    if isinstance(error, (requests.exceptions.InvalidURL, requests.exceptions.InvalidSchema)):
        return f"{origin} is not a URL that can be called."
    return f"{origin} cannot be reached: {_cause(error)}."


def _cause(error: BaseException) -> str:
    """The operating system's word for it, from wherever in the chain of errors it stands."""
    waiting: list[BaseException] = [error]
    while waiting:
        one = waiting.pop()
        if isinstance(one, OSError) and one.errno is not None and one.strerror:
            return one.strerror
        inner = [one.__cause__, one.__context__, getattr(one, "reason", None), *one.args]
        waiting += [value for value in inner if isinstance(value, BaseException)]
    return "the connection broke, or what came was not HTTP"
