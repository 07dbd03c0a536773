"""Mutual TLS on memory, by the C module `_ssl`.

The public `ssl` module costs 25 ms to import, more than all else that a launch does, and `_ssl` is what it wraps. The
private API that is used here (`_SSLContext`, `_wrap_bio`, `_set_alpn_protocols`) is the same in Python 3.11 to 3.13;
the tests of this module run a handshake against the public one.
"""

from __future__ import annotations

import _ssl

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Final

_TLS_1_3: Final = 0x0304
_READ_SIZE: Final = 1 << 18


class TlsError(Exception):
    """The peer is not the one that the launch named, or does not speak TLS; what is left to send tells it so."""


class ServerContext:
    """What all connections share: our certificate, and the only client certificate that is accepted.

    Raises:
        OSError: the certificate's file or the client's certificate cannot be used.
        ValueError: the client's certificate is not a PEM text.
    """

    __slots__ = ("_context",)

    def __init__(self, certificate_file: str, client_certificate: str) -> None:
        context: Any = _ssl._SSLContext(_ssl.PROTOCOL_TLS_SERVER)  # noqa: SLF001 - see the module's docstring
        context.minimum_version = _TLS_1_3
        context.num_tickets = 0
        context.load_cert_chain(certificate_file)
        context.load_verify_locations(cadata=client_certificate)
        context.verify_mode = _ssl.CERT_REQUIRED
        context._set_alpn_protocols(b"\x02h2")  # noqa: SLF001 - see the module's docstring
        self._context = context

    def connection(self) -> ServerConnection:
        """Return the server's side of a new connection."""
        return ServerConnection(self._context)


class ServerConnection:
    """One connection: ciphertext in, plaintext out, and back. It belongs to one thread.

    Nothing can be sent before it is `established`; the peer has said goodbye when it is `closed`.
    """

    __slots__ = ("_incoming", "_outgoing", "_tls", "closed", "established")

    def __init__(self, context: Any) -> None:
        self._incoming = _ssl.MemoryBIO()
        self._outgoing = _ssl.MemoryBIO()
        self._tls = context._wrap_bio(self._incoming, self._outgoing, server_side=True)  # noqa: SLF001 - as above
        self.established = False
        self.closed = False

    def receive(self, data: bytes) -> bytes:
        """Take bytes from the peer and return what they decrypt to; the handshake decrypts to nothing.

        Raises:
            TlsError: the handshake or a record is refused; send `output`, then close.
        """
        self._incoming.write(data)
        plain = bytearray()
        try:
            if not self.established:
                self._tls.do_handshake()
                self.established = True
                if self._tls.selected_alpn_protocol() != "h2":
                    raise TlsError("the peer does not offer HTTP/2")
            while part := self._tls.read(_READ_SIZE):
                plain += part
            self.closed = True
        except _ssl.SSLWantReadError:
            pass
        except _ssl.SSLError as error:
            raise TlsError(error.reason or "a broken connection") from None
        return bytes(plain)

    def send(self, data: bytes) -> None:
        """Encrypt bytes for the peer; `output` has them."""
        self._tls.write(data)

    def output(self) -> bytes:
        """Return the ciphertext that is to be sent now."""
        return self._outgoing.read()
