"""How to reach a control plane: over HTTP, or embedded in this process; one interface, one tree of errors.

The provider imports this at every launch, also when it is never asked to reach anything. So neither this module nor
`tama.client.errors` imports more than builtins; what a transport needs is imported with the first request.
"""

from __future__ import annotations

import _thread

from tama.client.errors import ConfigurationError, ResponseError, response_error

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any, Protocol

    class Transport(Protocol):
        """One way to hand a request to a control plane."""

        def send(self, method: str, path: str, body: object) -> tuple[int, object, str]:
            """The status, the parsed body (None when there is none) and the status line's phrase.

            Raises:
                TamaError: no answer came, or no token could be had.
            """

        def close(self) -> None:
            """Let go of what the transport holds."""


__all__ = ["Client", "check_base_url", "connect"]

EMBEDDED = "embedded:"
_NO_CONTENT = 204
_ERRORS = 400


class Client:
    """A control plane, as seen by those who use it. It may be used by many threads at once.

    Args:
        opener: makes the transport; called once, by the first request.
    """

    __slots__ = ("_lock", "_opener", "_transport")

    def __init__(self, opener: Callable[[], Transport]) -> None:
        self._opener = opener
        self._transport: Transport | None = None
        self._lock = _thread.allocate_lock()

    def request(self, method: str, path: str, body: object = None) -> Any:
        """Send one request of the provisioning API.

        Args:
            method: `GET`, `POST`, `PATCH` or `DELETE`.
            path: what stands behind the base URL, percent-encoded, with the query if there is one.
            body: the JSON body as Python values; None sends none.

        Returns:
            The `data` member of the answer; None when there is no content.

        Raises:
            TamaError: see `tama.client.errors`.
        """
        status, answer, phrase = self._opened().send(method, path, body)
        errors = answer.get("errors") if isinstance(answer, dict) else None
        if status >= _ERRORS:
            raise response_error(status, errors, phrase)
        if status == _NO_CONTENT:
            return None
        if not isinstance(answer, dict) or "data" not in answer:
            raise ResponseError(status, {"detail": "The answer is not JSON with a member 'data'"}, phrase)
        return answer["data"]

    def close(self) -> None:
        """Let go of connections and files; a later request opens them again."""
        with self._lock:
            transport, self._transport = self._transport, None
        if transport is not None:
            transport.close()

    def _opened(self) -> Transport:
        with self._lock:
            if self._transport is None:
                self._transport = self._opener()
            return self._transport


def connect(
    base_url: str,
    *,
    client_id: str | None = None,
    client_secret: str | None = None,
    scopes: Sequence[str] = ("provision.all",),
    timeout: float = 30.0,
    pause: Callable[[float], object] | None = None,
) -> Client:
    """The client of the control plane at `base_url`. Nothing is contacted or opened before the first request.

    Args:
        base_url: `https://…` or `http://…` of a hosted control plane, or `embedded:<folder>` for one in this process
            that keeps what it knows in that folder.
        client_id: the public half of the credential of a hosted control plane.
        client_secret: the secret half.
        scopes: what the token is asked for.
        timeout: seconds that one step of a request over HTTP (connect, send, wait for bytes) may take.
        pause: waits so many seconds before a request is repeated, and returns something true when it is not to be;
            sleeps when not given.

    Raises:
        ConfigurationError: another scheme, no folder, or no credential.
    """
    check_base_url(base_url)
    if base_url.startswith(EMBEDDED):
        return Client(lambda: _open_embedded(base_url[len(EMBEDDED) :]))
    if not client_id or not client_secret:
        raise ConfigurationError("A hosted control plane needs a client id and a client secret.")
    return Client(lambda: _open_hosted(base_url, client_id, client_secret, scopes, timeout, pause))


def check_base_url(base_url: str) -> None:
    """Check the form of a base URL, without what a hosted one needs besides.

    Raises:
        ConfigurationError: another scheme, or no folder or host.
    """
    if base_url.startswith(EMBEDDED):
        if base_url == EMBEDDED:
            raise ConfigurationError("The base URL 'embedded:' lacks a folder: write embedded:<folder>.")
        return
    scheme, separator, rest = base_url.partition("://")
    if scheme.lower() not in ("http", "https") or not separator:
        folder = f" For a folder, write 'embedded:{base_url}'." if base_url and ":" not in base_url else ""
        raise ConfigurationError(
            f"The base URL '{base_url}' is neither 'embedded:<folder>' nor 'https://<host>' nor 'http://<host>'.{folder}"
        )
    if not rest or rest[0] in "/:?#":
        raise ConfigurationError(f"The base URL '{base_url}' lacks a host: write {scheme.lower()}://<host>.")


def _open_embedded(folder: str) -> Transport:
    from tama.client._embedded import Embedded  # noqa: PLC0415 - see the module's docstring

    return Embedded(folder)


def _open_hosted(
    base_url: str,
    client_id: str,
    client_secret: str,
    scopes: Sequence[str],
    timeout: float,
    pause: Callable[[float], object] | None,
) -> Transport:
    from tama.client._http import Http  # noqa: PLC0415 - see the module's docstring

    return Http(base_url, client_id, client_secret, scopes, timeout, pause)
