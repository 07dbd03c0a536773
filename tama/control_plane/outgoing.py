"""HTTP to the endpoints of specifications.

Such a request holds a credential, so no redirect is followed, no password file of the user's is consulted, loopback is
never reached through a proxy, and no error quotes a header, a query or a body.
"""

from __future__ import annotations

import http.client
import time
from urllib.parse import urlsplit

import requests
from urllib3.exceptions import HTTPError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

TIMEOUT = 10.0
"""Seconds that connecting may take, that any wait for bytes may take, and that a body may take in all."""

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


def send(
    method: str, url: str, headers: Mapping[str, str], content: bytes | None = None, *, with_body: bool = True
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
    with requests.Session() as session:
        session.trust_env = not _is_loopback(host)
        try:
            encoded = {name: value.encode() for name, value in headers.items()}
            request = session.prepare_request(
                requests.Request(method, f"{parts.scheme}://{parts.netloc}/", encoded, data=content, auth=_no_auth)
            )
            request.url = url
            settings = session.merge_environment_settings(url, {}, True, None, None)
            with session.send(request, timeout=TIMEOUT, allow_redirects=False, **settings) as response:
                received = {name.lower(): value for name, value in response.headers.items()}
                return Response(response.status_code, received, _body(response) if with_body else b"")
        except (requests.RequestException, HTTPError, http.client.HTTPException, OSError, ValueError) as error:
            raise OutgoingError(_sentence(error, f"{parts.scheme}://{host}:{parts.port or ''}".rstrip(":"))) from None


def _body(response: requests.Response) -> bytes:
    ends = time.monotonic() + TIMEOUT
    received = bytearray()
    for chunk in response.iter_content(_CHUNK):
        received += chunk
        if len(received) > LARGEST_BODY:
            raise OutgoingError(f"The answer's body is larger than {LARGEST_BODY} bytes.")
        if time.monotonic() > ends:
            raise OutgoingError(f"The answer's body did not end within {TIMEOUT:g} s.")
    return bytes(received)


def _no_auth(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Keep requests from putting a login of the user's `.netrc` in the place of the credential."""
    return request


def _is_loopback(host: str) -> bool:
    return host in ("localhost", "::1") or host.endswith(".localhost") or host.startswith("127.")


def _sentence(error: Exception, origin: str) -> str:
    if isinstance(error, requests.Timeout):
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
