from __future__ import annotations

import socket
import ssl

from tama.client._response import Broken
from tama.client.errors import ConfigurationError

TYPE_CHECKING = False
if TYPE_CHECKING:
    import _socket
    from typing import NoReturn

    from tama.client import Tls


def context_of(files: Tls) -> ssl.SSLContext:
    """What a client asks of a server's certificate, and what it shows of itself.

    Raises:
        ConfigurationError: a file cannot be used.
    """
    try:
        made = ssl.create_default_context(cafile=files.ca_file)
    except OSError as error:
        raise ConfigurationError(f"The CA file '{files.ca_file}' cannot be used: {_why(error)}.") from error
    if files.cert_file:
        try:
            made.load_cert_chain(files.cert_file, files.key_file, _no_password)
        except OSError as error:
            key = f" with its key '{files.key_file}'" if files.key_file else ""
            raise ConfigurationError(
                f"The client certificate '{files.cert_file}'{key} cannot be used: {_why(error)}."
            ) from error
    return made


def secured(connected: _socket.socket, tls: ssl.SSLContext, host: str) -> ssl.SSLSocket:
    """Return what is to be used in the place of a socket once hands were shaken."""
    plain = socket.socket(fileno=connected.detach())
    return tls.wrap_socket(plain, server_hostname=host, do_handshake_on_connect=False)


def shake_hands(secured: ssl.SSLSocket) -> None:
    """Shake hands within the socket's time limit.

    Raises:
        Broken: the two cannot agree, or the server is not the one that is meant; another attempt fares no better.
        OSError: the connection broke.
    """
    try:
        secured.do_handshake()
    except ssl.SSLEOFError:
        raise
    except ssl.SSLError as error:
        why = error.verify_message if isinstance(error, ssl.SSLCertVerificationError) else str(error)
        raise Broken(why, passing=False) from error


def _no_password() -> NoReturn:
    raise ConfigurationError("The key of the client certificate is encrypted; give one that is not.")


def _why(error: OSError) -> str:
    return error.strerror or str(error)
