"""One connection of HTTP/1.1, on the interpreter's own sockets.

`http.client` would cost 40 ms in every launch of the provider that sends a request, and it limits each wait for bytes,
never the whole: a server that sends a byte a second would hold a request for ever.

Source: RFC 9112.
"""

from __future__ import annotations

import _socket
import select
import time

from tama.client._response import Broken, Reader

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ssl
    from typing import Final

    from tama.catalog.urls import Address
    from tama.client._proxy import Proxy
    from tama.client._response import Response


_CHUNK: Final = 1 << 16


class Connection:
    """A connection that is opened by the first request and carries one request after the other.

    Args:
        server: what it leads to.
        tls: how it is secured; None for plain HTTP.
        proxy: what it leads through.
    """

    __slots__ = ("_deadline", "_proxy", "_reader", "_server", "_socket", "_tls")

    def __init__(self, server: Address, tls: ssl.SSLContext | None, proxy: Proxy | None) -> None:
        self._server = server
        self._tls = tls
        self._proxy = proxy
        self._socket: _socket.socket | None = None
        self._reader = Reader(self._receive)
        self._deadline = 0.0

    @property
    def is_idle(self) -> bool:
        """Whether it can carry a request: an open one has nothing to say, but that the server has closed it."""
        if self._socket is None or self._reader.is_behind:
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
            response = self._reader.response()
        except (Broken, OSError) as error:
            self.close()
            broken = error if isinstance(error, Broken) else Broken(_why(error))
            broken.sent = sent
            raise broken from error
        if "close" in response.headers.get("connection", "").lower():
            self.close()
        return response

    def cut(self) -> None:
        """End the exchange that is under way in another thread, whatever that waits for."""
        self._deadline = 0.0
        if (socket := self._socket) is not None:
            try:
                _socket.socket.shutdown(socket, _socket.SHUT_RDWR)
            except OSError:
                return  # it is closed already, or not connected to anything

    def close(self) -> None:
        """Close it; the next request opens it again."""
        if self._socket is not None:
            self._socket.close()
        self._socket, self._reader = None, Reader(self._receive)

    def _send(self, request: bytes) -> None:
        try:
            self._limited().sendall(request)
        except ConnectionError:
            # A server may refuse a request before it has read it all; what it says of it can still be read.
            return

    def _open(self) -> None:
        connected = self._connected(self._proxy.address if self._proxy else self._server)
        if self._tls is None:
            return
        if self._proxy:
            self._limited().sendall(self._proxy.connect(self._server))
            answer = self._reader.head()
            if answer.status >= 300:  # noqa: PLR2004 - RFC 9110, section 9.3.6: a 2xx opens the tunnel
                why = f"the proxy {self._proxy.address.origin} answered {answer.status} {answer.phrase}"
                raise Broken(why, passing=answer.status >= 500)  # noqa: PLR2004 - HTTP's class 5xx
        from tama.client._tls import secured, shake_hands  # noqa: PLC0415 - ssl comes with it

        self._socket = secure = secured(connected, self._tls, self._server.host)
        secure.settimeout(self._left())
        shake_hands(secure)

    def _connected(self, address: Address) -> _socket.socket:
        """A connection to the first of the host's addresses that takes one; each has its share of the time."""
        # A text would be encoded by a module that costs milliseconds.
        found = _socket.getaddrinfo(address.host.encode(), address.port, 0, _socket.SOCK_STREAM)
        trouble: OSError = OSError("The host has no address")
        for left, (family, kind, protocol, _, where) in zip(range(len(found), 0, -1), found, strict=True):
            self._socket = made = _socket.socket(family, kind, protocol)
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

    def _limited(self) -> _socket.socket:
        """The socket, which waits no longer than until the deadline."""
        if self._socket is None:
            raise OSError("The connection is closed")
        self._socket.settimeout(self._left())
        return self._socket

    def _receive(self) -> bytes:
        return self._limited().recv(_CHUNK)


def _why(error: OSError) -> str:
    if isinstance(error, TimeoutError):
        return ""
    return error.strerror or str(error) or type(error).__name__
