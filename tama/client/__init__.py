"""How to reach a control plane: over HTTP, or embedded in this process; one interface, one tree of errors.

The provider imports this at every launch, also when it is never asked to reach anything. So neither this module nor
`tama.client.errors` imports more than builtins; what a transport needs is imported with the first request.
"""

from __future__ import annotations

import _thread
import posix
import time

from tama.client.errors import ConfigurationError, Interrupted, TamaError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any, Protocol

    class Transport(Protocol):
        """One way to hand a request to a control plane."""

        def send(self, method: str, path: str, body: object, *, key: str = "", within: float | None = None) -> Any:
            """Return the `data` member of the answer, None when there is no content; `key` is that of a create.

            Raises:
                TamaError: the control plane refused, no answer came, or no token could be had.
            """

        def interrupt(self) -> None:
            """Have the requests that are under way end soon; none comes after it."""

        def close(self) -> None:
            """Let go of what the transport holds."""


__all__ = ["Client", "Tls", "check_base_url", "connect"]

EMBEDDED = "embedded:"
_KEY_BYTES = 16


class Tls:
    """The files of TLS, in PEM.

    Args:
        ca_file: the certificates of those who may vouch for a server, in the place of the system's.
        cert_file: the client's certificate, with its chain.
        key_file: the certificate's key, not encrypted; where there is none, it is in `cert_file`.
    """

    __slots__ = ("ca_file", "cert_file", "key_file")

    def __init__(self, ca_file: str | None = None, cert_file: str | None = None, key_file: str | None = None) -> None:
        self.ca_file = ca_file
        self.cert_file = cert_file
        self.key_file = key_file


class Client:
    """A control plane, as seen by those who use it. It may be used by many threads at once.

    Args:
        opener: makes the transport; called once, by the first request.
    """

    __slots__ = ("_is_interrupted", "_lock", "_opener", "_transport")

    def __init__(self, opener: Callable[[], Transport]) -> None:
        self._is_interrupted = False
        self._opener = opener
        self._transport: Transport | None = None
        self._lock = _thread.allocate_lock()

    def request(self, method: str, path: str, body: object = None, *, within: float | None = None) -> Any:
        """Send one request of the provisioning API.

        Args:
            method: `GET`, `POST`, `PUT`, `PATCH` or `DELETE`. All but `POST` may be carried out twice when the network
                fails.
            path: what stands behind the base URL, percent-encoded, with the query if there is one.
            body: the JSON body as Python values; None sends none.
            within: the seconds after which it ends, where the client's own limits are not meant.

        Returns:
            The `data` member of the answer; None when there is no content.

        Raises:
            TamaError: see `tama.client.errors`.
        """
        return self._sent(method, path, body, within=within)

    def create(self, path: str, body: object) -> Any:
        """Make an object: a `POST` that makes one even when it is sent twice, where the control plane knows keys.

        Raises:
            OutcomeUnknown: the object may exist.
            TamaError: it does not.

        Source: draft-ietf-httpapi-idempotency-key-header.
        """
        return self._sent("POST", path, body, key=posix.urandom(_KEY_BYTES).hex())

    def resolve(self, key: str) -> Any:
        """End the key of a create whose outcome is unknown: the object that it made, or None, and then it never will.

        Raises:
            TamaError: see `tama.client.errors`.
        """
        return self._sent("DELETE", f"/idempotency-keys/{key}", None)

    def interrupt(self) -> None:
        """Send no request any more, and have those that are under way end soon.

        Each has a second for its answer; a create of which the control plane could not be asked what became of it, ten.
        Then it ends with Interrupted, or OutcomeUnknown.
        """
        self._is_interrupted = True
        if (transport := self._transport) is not None:
            transport.interrupt()

    def close(self) -> None:
        """Let go of connections and files; a later request opens them again."""
        with self._lock:
            transport, self._transport = self._transport, None
        if transport is not None:
            transport.close()

    def _sent(self, method: str, path: str, body: object, *, key: str = "", within: float | None = None) -> Any:
        try:
            return self._opened().send(method, path, body, key=key, within=within)
        except TamaError as error:
            error.request = error.request or f"{method} {path}"
            raise

    def _opened(self) -> Transport:
        with self._lock:
            if self._transport is None:
                self._transport = self._opener()
            transport = self._transport
        if self._is_interrupted:
            raise Interrupted("It was interrupted before the request was sent.")
        return transport


def connect(  # noqa: PLR0913 - it states all there is to say of a control plane, by name
    base_url: str,
    *,
    client_id: str | None = None,
    client_secret: str | None = None,
    scopes: Sequence[str] = ("provision.all",),
    timeout: float = 30.0,
    max_connections: int = 10,
    tls: Tls | None = None,
    pause: Callable[[float, str], object] | None = None,
    create: bool = True,
) -> Client:
    """The client of the control plane at `base_url`. Nothing is contacted or opened before the first request.

    Args:
        base_url: `https://…` or `http://…` of a hosted control plane, or `embedded:<folder>` for one in this process
            that keeps what it knows in that folder. The rest is of a hosted one alone.
        client_id: the public half of the credential.
        client_secret: the secret half.
        scopes: what the token is asked for.
        timeout: seconds that a request may take, from the connection to the last byte of the answer. With its
            repetitions and the pauses between them it may take four times as long.
        max_connections: how many requests may be under way at once; those beyond wait.
        tls: the files for https; without them the system's certificates are trusted, and none is shown.
        pause: waits so many seconds before a request is repeated, is told why, and returns something true when it is
            not to be; sleeps when not given.
        create: whether a folder that is missing is made, for an embedded one.

    Raises:
        ConfigurationError: another scheme, no folder, or no credential.
    """
    check_base_url(base_url)
    if base_url.startswith(EMBEDDED):
        return Client(lambda: _open_embedded(base_url[len(EMBEDDED) :], create=create))
    if not client_id or not client_secret:
        raise ConfigurationError("A hosted control plane needs a client id and a client secret.")

    def open_hosted() -> Transport:
        from tama.client._hosted import Hosted  # noqa: PLC0415 - see the module's docstring

        return Hosted(
            base_url,
            client_id,
            client_secret,
            scopes=scopes,
            timeout=timeout,
            max_connections=max_connections,
            tls=tls or Tls(),
            pause=pause or _sleep,
        )

    return Client(open_hosted)


def check_base_url(base_url: str) -> None:
    """Check the form of a base URL, without what a hosted one needs besides.

    Raises:
        ConfigurationError: another scheme, no folder or host, a folder whose `~` nobody expands, or a URL with a login,
            a query or a port that is none; the message holds nothing of a URL, which may hold a login.
    """
    if base_url.startswith(EMBEDDED):
        if base_url == EMBEDDED:
            raise ConfigurationError("The base URL 'embedded:' lacks a folder: write embedded:<folder>.")
        if base_url.startswith(f"{EMBEDDED}~"):
            raise ConfigurationError(
                f"The '~' of the base URL '{base_url}' is not expanded: write the whole folder, in Terraform with "
                "pathexpand, or './~' for a folder of that name."
            )
        return
    scheme, separator, _ = base_url.partition("://")
    if scheme.lower() not in ("http", "https") or not separator:
        folder = f" For a folder, write 'embedded:{base_url}'." if base_url and ":" not in base_url else ""
        raise ConfigurationError(
            f"The base URL is neither 'embedded:<folder>' nor 'https://<host>' nor 'http://<host>'.{folder}"
        )
    from tama.catalog.urls import Address  # noqa: PLC0415 - see the module's docstring

    try:
        login = Address(base_url).login
    except ValueError as error:
        raise ConfigurationError(f"The base URL cannot be used. {error}") from None
    if login:
        raise ConfigurationError("A base URL holds no login: the client id and secret are settings of their own.")


def _open_embedded(folder: str, *, create: bool) -> Transport:
    from tama.client._embedded import Embedded  # noqa: PLC0415 - see the module's docstring

    return Embedded(folder, create=create)


def _sleep(seconds: float, _why: str) -> None:
    time.sleep(seconds)
