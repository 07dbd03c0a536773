from __future__ import annotations

import base64
import http.client
import json
import select
import ssl
import threading
import time
from urllib.parse import urlencode, urlsplit

from tama.client.errors import ConfigurationError, ResponseError, Unreachable, response_error

TYPE_CHECKING = False
if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Sequence

RENEW_BEFORE = 30.0
"""Seconds before its end at which a token is no longer used, as Tama's own clients do."""

PAUSES = (0.25, 0.5, 1.0)
"""Seconds before each repetition of a request, where the answer names no others."""

LONGEST_PAUSE = 60.0
"""Seconds that an answer may ask to wait; one that asks for more is an error at once."""

_REFUSED_FORM = (400, 415)
_UNAUTHORIZED, _TOO_MANY, _SERVER_ERRORS = 401, 429, 500
# A change sets values, so that it may be made twice; a deletion that was made answers 404; a POST makes one more.
_REPEATABLE = frozenset(("GET", "PATCH", "DELETE"))


class Http:
    """The transport to a hosted control plane: one token, and kept connections that threads take in turn.

    A request that met a passing trouble is repeated, at most three times: after 429 and where no connection came about,
    as it was not carried out; after 5xx and a broken connection only where a second time does no harm. One that was not
    answered in time is not: its time is what the caller wants to spend.
    """

    def __init__(
        self,
        base_url: str,
        client_id: str,
        client_secret: str,
        scopes: Sequence[str],
        timeout: float,
        pause: Callable[[float], object] | None = None,
    ) -> None:
        try:
            url = urlsplit(base_url)
            host, port = url.hostname, url.port
        except ValueError as error:
            raise ConfigurationError(f"The base URL '{base_url}' is not a URL: {error}.") from None
        if not host or url.query or url.fragment or url.username is not None:
            raise ConfigurationError("A base URL consists of scheme, host, and perhaps port and path.")
        self._host, self._port = host, port
        self._prefix = url.path.rstrip("/")
        self._origin = f"{url.scheme}://{url.netloc}"
        self._token = _Token(self, f"{client_id}:{client_secret}", " ".join(scopes))
        self._timeout = timeout
        self._pause = pause or time.sleep
        self._tls = ssl.create_default_context() if url.scheme == "https" else None
        self._idle: list[http.client.HTTPConnection] = []

    def send(self, method: str, path: str, body: object) -> tuple[int, object, str]:
        """Send one request with the token; see `tama.client.Transport`."""
        headers, content = {}, None
        if body is not None:
            headers["Content-Type"] = "application/json"
            content = json.dumps(body, allow_nan=False).encode()
        token = self._token.current()
        headers["Authorization"] = f"Bearer {token}"
        answer = self.exchange(method, path, content, headers, repeatable=method in _REPEATABLE)
        if answer[0] == _UNAUTHORIZED:
            # A token can end before its time, such as when the control plane got another key.
            headers["Authorization"] = f"Bearer {self._token.instead_of(token)}"
            answer = self.exchange(method, path, content, headers, repeatable=method in _REPEATABLE)
        return answer

    def exchange(
        self, method: str, path: str, content: bytes | None, headers: dict[str, str], *, repeatable: bool
    ) -> tuple[int, object, str]:
        """One HTTP request, repeated where that may help, and its answer: status, parsed body, phrase."""
        for pause in PAUSES:
            wanted = None
            try:
                answer, wanted = self._once(method, path, content, headers)
            except _Broken as error:
                if (error.sent and not repeatable) or self._pause(_about(pause)):
                    raise
                continue
            status = answer[0]
            if status != _TOO_MANY and not (status >= _SERVER_ERRORS and repeatable):
                return answer
            if wanted is not None and wanted > LONGEST_PAUSE:
                return answer
            if self._pause(_about(pause) if wanted is None else wanted):
                return answer
        return self._once(method, path, content, headers)[0]

    def _once(
        self, method: str, path: str, content: bytes | None, headers: dict[str, str]
    ) -> tuple[tuple[int, object, str], float | None]:
        """The answer to one request, and the seconds after which it asks to be asked again."""
        sent = False
        connection = self._connection()
        try:
            if connection.sock is None:
                connection.connect()
            sent = True
            connection.request(method, self._prefix + path, content, {"Accept": "application/json", **headers})
            response = connection.getresponse()
            received = response.read()
        except TimeoutError as error:
            connection.close()
            raise Unreachable(f"{self._origin} did not answer within {self._timeout:g} s.") from error
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            text = f"{self._origin} cannot be reached: {_why(error)}."
            raise Unreachable(text) if isinstance(error, ssl.SSLError) else _Broken(text, sent=sent) from error
        self._idle.append(connection)
        answer = (response.status, _parsed(received), response.reason)
        return answer, _seconds(response.getheader("Retry-After"))

    def close(self) -> None:
        """Close the connections that no request is using."""
        while self._idle:
            self._idle.pop().close()

    def _connection(self) -> http.client.HTTPConnection:
        """An idle connection that is still open, or a new one."""
        while True:
            try:
                connection = self._idle.pop()
            except IndexError:
                break
            # An idle connection has nothing to say: what it says is that the server has closed it.
            if connection.sock is not None and not _has_something_to_read(connection.sock):
                return connection
            connection.close()
        if self._tls is None:
            return http.client.HTTPConnection(self._host, self._port, timeout=self._timeout)
        return http.client.HTTPSConnection(self._host, self._port, timeout=self._timeout, context=self._tls)


class _Token:
    """The access token: fetched when it is first needed, renewed before it ends, by one thread for all.

    Source: tama-api, POST /auth/tokens.
    """

    def __init__(self, http_: Http, credential: str, scope: str) -> None:
        self._http = http_
        self._authorization = "Bearer " + base64.b64encode(credential.encode()).decode()
        self._request = {"grant_type": "client_credentials", "scope": scope}
        self._lock = threading.Lock()
        self._value = ""
        self._ends = float("-inf")

    def current(self) -> str:
        with self._lock:
            if time.monotonic() >= self._ends - RENEW_BEFORE:
                self._fetch()
            return self._value

    def instead_of(self, refused: str) -> str:
        """Another token than one that was refused; threads whose token was refused together fetch one together."""
        with self._lock:
            if self._value == refused:
                self._fetch()
            return self._value

    def _fetch(self) -> None:
        asked = time.monotonic()
        status, answer, phrase = self._post("application/json", json.dumps(self._request))
        if status in _REFUSED_FORM:
            # Older control planes read the two fields only as a form.
            status, answer, phrase = self._post("application/x-www-form-urlencoded", urlencode(self._request))
        fields = answer if isinstance(answer, dict) else {}
        if status >= 400:  # noqa: PLR2004 - HTTP's error classes
            said = ": ".join(str(fields[key]) for key in ("error", "error_description") if fields.get(key))
            raise response_error(status, fields.get("errors") or (said and {"token": said}), phrase)
        token, lifetime = fields.get("access_token"), fields.get("expires_in", 3600)
        if not isinstance(token, str) or not isinstance(lifetime, (int, float)):
            raise ResponseError(status, {"token": "The answer holds no access token"}, phrase)
        self._value, self._ends = token, asked + lifetime

    def _post(self, media_type: str, content: str) -> tuple[int, object, str]:
        headers = {"Authorization": self._authorization, "Content-Type": media_type}
        return self._http.exchange("POST", "/auth/tokens", content.encode(), headers, repeatable=True)


class _Broken(Unreachable):
    """The connection failed; `sent` tells whether the request may have been carried out."""

    def __init__(self, text: str, *, sent: bool) -> None:
        super().__init__(text)
        self.sent = sent


def _about(pause: float) -> float:
    """A pause that differs a little, so that those who met a trouble together do not come back together."""
    import random  # noqa: PLC0415 - it costs 3 ms, and most runs meet no trouble

    return pause * random.uniform(0.75, 1.25)  # noqa: S311 - no secret


def _seconds(retry_after: str | None) -> float | None:
    """Read the header Retry-After, a number of seconds or a date (RFC 9110, section 10.2.3)."""
    if retry_after is None:
        return None
    if retry_after.isascii() and retry_after.isdecimal():
        return float(retry_after)
    from email.utils import mktime_tz, parsedate_tz  # noqa: PLC0415 - as above

    date = parsedate_tz(retry_after)
    return max(0.0, mktime_tz(date) - time.time()) if date else None


def _has_something_to_read(sock: socket.socket) -> bool:
    poll = select.poll()
    poll.register(sock, select.POLLIN)
    return bool(poll.poll(0))


def _why(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error) if isinstance(error, OSError) and str(error) else type(error).__name__


def _parsed(received: bytes) -> object:
    try:
        parsed: object = json.loads(received)
    except ValueError:
        return None
    return parsed
