"""One connection of HTTP/1.1, on the interpreter's own sockets.

`http.client` would cost 40 ms in every launch of the provider that sends a request, and it limits each wait for bytes,
never the whole: a server that sends a byte a second would hold a request for ever.

Source: RFC 9112.
"""

from __future__ import annotations

import _socket
import select
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterator
    from typing import Final, Protocol

    from tama.client._address import Address
    from tama.client._proxy import Proxy

    class Socket(Protocol):
        """What a socket and a TLS socket have in common."""

        def fileno(self) -> int: ...
        def recv(self, size: int, /) -> bytes: ...
        def sendall(self, data: bytes, /) -> None: ...
        def settimeout(self, seconds: float, /) -> None: ...
        def close(self) -> None: ...


_LONGEST_HEAD: Final = 1 << 16
_LONGEST_BODY: Final = 1 << 28
_CHUNK: Final = 1 << 16
_BODILESS: Final = (204, 304)
_FIRST_FINAL: Final = 200


class Broken(Exception):  # noqa: N818 - the name says what happened
    """No answer came.

    Args:
        why: what happened, as a part of a sentence; empty when the time was over.
        passing: whether another connection may fare better.

    Attributes:
        sent: whether the request may have been carried out.
    """

    def __init__(self, why: str, *, passing: bool = True) -> None:
        super().__init__(why)
        self.why = why
        self.passing = passing
        self.sent = False


class Response:
    """A response.

    Attributes:
        status: the HTTP status.
        phrase: what stands behind it in the status line.
        headers: the fields by name in lower case; the values of one that is repeated are joined by a comma.
        body: without its coding for the transfer.
    """

    __slots__ = ("body", "headers", "phrase", "status")

    def __init__(self, status: int, phrase: str, headers: dict[str, str]) -> None:
        self.status = status
        self.phrase = phrase
        self.headers = headers
        self.body = b""


class Connection:
    """A connection that is opened by the first request and carries one request after the other.

    Args:
        server: what it leads to.
        tls: how it is secured; None for plain HTTP.
        proxy: what it leads through.
    """

    __slots__ = ("_deadline", "_proxy", "_received", "_server", "_socket", "_tls")

    def __init__(self, server: Address, tls: ssl.SSLContext | None, proxy: Proxy | None) -> None:
        self._server = server
        self._tls = tls
        self._proxy = proxy
        self._socket: Socket | None = None
        self._received = b""
        self._deadline = 0.0

    @property
    def is_idle(self) -> bool:
        """Whether it can carry a request: an open one has nothing to say, but that the server has closed it."""
        if self._socket is None or self._received:
            return False
        poll = select.poll()
        poll.register(self._socket.fileno(), select.POLLIN)
        return not poll.poll(0)

    def exchange(self, request: bytes, seconds: float) -> Response:
        """Send a whole request, and return the response to it.

        Args:
            request: head and body.
            seconds: how long all of it may take, the opening included. To look up a name is the system's own matter.

        Raises:
            Broken: no response came; the connection is closed.
        """
        self._deadline = time.monotonic() + seconds
        sent = False
        try:
            if self._socket is None:
                self._open()
            sent = True
            self._send(request)
            response = self._response()
        except (Broken, OSError) as error:
            self.close()
            broken = error if isinstance(error, Broken) else Broken(_why(error))
            broken.sent = sent
            raise broken from error
        if not _is_kept(response.headers):
            self.close()
        return response

    def close(self) -> None:
        """Close it; the next request opens it again."""
        if self._socket is not None:
            self._socket.close()
        self._socket, self._received = None, b""

    def _send(self, request: bytes) -> None:
        try:
            self._limited().sendall(request)
        except ConnectionError:
            # A server may refuse a request before it has read it all; what it says of it can still be read.
            return

    def _open(self) -> None:
        self._socket = connected = self._connected(self._proxy.address if self._proxy else self._server)
        if self._tls is None:
            return
        if self._proxy:
            self._limited().sendall(self._proxy.connect(self._server))
            status, phrase, _ = self._head()
            if status >= 300:  # noqa: PLR2004 - RFC 9110, section 9.3.6: a 2xx opens the tunnel
                why = f"the proxy {self._proxy.address.origin} answered {status} {phrase}"
                raise Broken(why, passing=status >= 500)  # noqa: PLR2004 - HTTP's class 5xx
        from tama.client._tls import secured  # noqa: PLC0415 - ssl comes with it

        connected.settimeout(self._left())
        self._socket = secured(connected, self._tls, self._server.host)

    def _connected(self, address: Address) -> _socket.socket:
        """A connection to the first of the host's addresses that takes one; each has its share of the time."""
        # A text would be encoded by a module that costs milliseconds.
        found = _socket.getaddrinfo(address.host.encode(), address.port, 0, _socket.SOCK_STREAM)
        trouble: OSError = OSError("The host has no address")
        for left, (family, kind, protocol, _, where) in zip(range(len(found), 0, -1), found, strict=True):
            made = _socket.socket(family, kind, protocol)
            try:
                made.settimeout(self._left() / left)
                made.connect(where)
                made.setsockopt(_socket.IPPROTO_TCP, _socket.TCP_NODELAY, 1)
            except OSError as error:
                made.close()
                trouble = error
            else:
                return made
        raise trouble

    def _left(self) -> float:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left

    def _limited(self) -> Socket:
        """The socket, which waits no longer than until the deadline."""
        if self._socket is None:
            raise OSError("The connection is closed")
        self._socket.settimeout(self._left())
        return self._socket

    def _response(self) -> Response:
        while True:
            response = Response(*self._head())
            if response.status >= _FIRST_FINAL:
                break
        coding = response.headers.get("transfer-encoding", "").lower()
        length = response.headers.get("content-length")
        if response.status in _BODILESS:
            return response
        if coding:
            if coding != "chunked":
                raise _garbled("an unknown Transfer-Encoding")
            response.body = b"".join(self._chunks())
        elif length is not None:
            if not (length.isascii() and length.isdecimal()):
                raise _garbled("a Content-Length that is no number")
            response.body = self._exactly(_size(int(length)))
        else:
            while data := self._limited().recv(_CHUNK):
                self._received += data
                _size(len(self._received))
            response.body, self._received = self._received, b""
            self.close()
        return response

    def _head(self) -> tuple[int, str, dict[str, str]]:
        """Read status, phrase and fields."""
        version, _, rest = self._line().partition(" ")
        status, _, phrase = rest.partition(" ")
        if not version.startswith("HTTP/1.") or not (status.isascii() and status.isdecimal() and len(status) == 3):  # noqa: PLR2004 - RFC 9112, section 4
            raise _garbled("something that is not HTTP/1.1")
        headers = self._fields()
        if version == "HTTP/1.0":
            headers.setdefault("connection", "close")
        return int(status), phrase.strip(), headers

    def _fields(self) -> dict[str, str]:
        fields: dict[str, str] = {}
        size = 0
        while line := self._line():
            size += len(line)
            name, colon, value = line.partition(":")
            if not colon or size > _LONGEST_HEAD:
                raise _garbled("a head that is not HTTP's")
            name, value = name.lower(), value.strip()
            fields[name] = f"{fields[name]}, {value}" if name in fields else value
        return fields

    def _chunks(self) -> Iterator[bytes]:
        """Read a body in chunks (RFC 9112, section 7.1), and what follows it."""
        total = 0
        while True:
            digits = self._line().partition(";")[0].strip()
            try:
                # `int` would read a sign and an underscore too.
                size = int(digits if digits.isalnum() else "", 16)
            except ValueError:
                raise _garbled("a chunk without a size") from None
            if size == 0:
                break
            total = _size(total + size)
            yield self._exactly(size)
            if self._line():
                raise _garbled("a chunk that does not end")
        while self._line():
            pass

    def _line(self) -> str:
        while b"\n" not in self._received:
            if len(self._received) > _LONGEST_HEAD:
                raise _garbled("a line without an end")
            self._receive()
        line, _, self._received = self._received.partition(b"\n")
        return line.removesuffix(b"\r").decode("latin-1")

    def _exactly(self, size: int) -> bytes:
        pieces = [self._received]
        missing = size - len(self._received)
        while missing > 0:
            self._received = b""
            self._receive()
            pieces.append(self._received)
            missing -= len(self._received)
        whole = b"".join(pieces)
        self._received = whole[size:]
        return whole[:size]

    def _receive(self) -> None:
        data = self._limited().recv(_CHUNK)
        if not data:
            raise Broken("it closed the connection before its answer was whole")
        self._received += data


def _is_kept(headers: dict[str, str]) -> bool:
    return "close" not in headers.get("connection", "").lower()


def _size(size: int) -> int:
    if size > _LONGEST_BODY:
        raise _garbled(f"more than {_LONGEST_BODY >> 20} MiB")
    return size


def _garbled(what: str) -> Broken:
    return Broken(f"it answered {what}")


def _why(error: OSError) -> str:
    if isinstance(error, TimeoutError):
        return ""
    return error.strerror or str(error) or type(error).__name__
