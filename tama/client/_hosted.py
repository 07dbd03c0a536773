from __future__ import annotations

import json
import posix
import time

from tama.catalog.urls import Address
from tama.client._answer import Answer
from tama.client._connection import Connection
from tama.client._pool import Pool
from tama.client._repetition import Repetition, retry_after
from tama.client._response import Broken
from tama.client._token import PATH, Token
from tama.client.errors import ConfigurationError, Interrupted, OutcomeUnknown, ResponseError, Unreachable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any, Final

    from tama.client import Tls

_UNAUTHORIZED: Final = 401
_TOO_MANY: Final = 429
_SERVER_ERRORS: Final = 500
_SUCCESSES: Final = range(200, 300)
_NO_CONTENT: Final = 204
# A change sets values, so that it may be made twice; a deletion that was made answers 404; a POST makes one more.
_REPEATABLE: Final = frozenset(("GET", "PUT", "PATCH", "DELETE"))
# Seconds that a request has after an interrupt: at a second one Terraform waits 1.5 s, in which the first must be over.
# What could neither be repeated nor asked for might be lost, so it has longer.
_GRACE: Final = 1.0
_LONG_GRACE: Final = 10.0


class _Request:
    """A request, however often it is sent.

    Attributes:
        repeatable: whether it does no harm to carry it out a second time.
        uncertain: whether it may have been carried out without a usable answer.
        repetition: when it is sent again.
    """

    __slots__ = ("content", "headers", "method", "path", "repeatable", "repetition", "uncertain")

    def __init__(
        self,
        method: str,
        path: str,
        headers: dict[str, str],
        content: bytes,
        repetition: Repetition,
        *,
        repeatable: bool,
    ) -> None:
        self.method = method
        self.path = path
        self.headers = headers
        self.content = content
        self.repetition = repetition
        self.repeatable = repeatable
        self.uncertain = False


class Hosted:
    """The transport to a hosted control plane: one token, and kept connections that threads take in turn.

    A request that met a passing trouble is repeated: after 429 and where no connection came about, as it was not
    carried out; after 5xx, an unreadable answer, a connection that broke and one that took too long only where a second
    time does no harm. A create does none where the control plane knows it again by its idempotency key.
    """

    def __init__(
        self,
        base_url: str,
        client_id: str,
        client_secret: str,
        *,
        scopes: Sequence[str],
        timeout: float,
        max_connections: int,
        tls: Tls,
        pause: Callable[[float, str], object],
    ) -> None:
        server = Address(base_url)
        context = None
        if server.scheme == "https":
            from tama.client._tls import context_of  # noqa: PLC0415 - ssl comes with it

            context = context_of(tls)
        proxy = None
        if any(name.lower().endswith(b"_proxy") for name in posix.environ):
            from tama.client._proxy import proxy_for  # noqa: PLC0415 - urllib comes with it

            proxy = proxy_for(server)
        self._server = server
        self._timeout = timeout
        self._pause = pause
        # A proxy of plain HTTP is told the whole URL, and who asks (RFC 9112, section 3.2.2).
        self._prefix = server.origin + server.path if proxy and context is None else server.path
        self._fixed = {"Host": server.authority, "Accept": "application/json"}
        if proxy and context is None:
            self._fixed |= proxy.authorization
        self._pool = Pool(lambda: Connection(server, context, proxy), max_connections)
        self._token = Token(self._ask, f"{client_id}:{client_secret}", " ".join(scopes))

    def send(self, method: str, path: str, body: object, *, key: str = "", within: float | None = None) -> Any:
        """Send one request with the token; see `tama.client.Transport`."""
        headers, content = {}, b""
        if body is not None:
            headers["Content-Type"] = "application/json"
            content = json.dumps(body, allow_nan=False).encode()
        token = self._token.current()
        lifetime = self._token.keys_lifetime
        key, is_create = key if lifetime else "", bool(key)
        if key:
            headers["Idempotency-Key"] = f'"{key}"'
        expires = time.time() + lifetime
        headers["Authorization"] = f"Bearer {token}"
        repetition = Repetition(f"{method} {path}", self._timeout, self._pause, within)
        safe = bool(key) or method in _REPEATABLE
        request = _Request(method, path, headers, content, repetition, repeatable=safe)
        try:
            answer = self._exchange(request)
            if answer.status == _UNAUTHORIZED:
                # A token can end before its time, such as when the control plane got another key.
                headers["Authorization"] = f"Bearer {self._token.current(refused=token)}"
                answer = self._exchange(request)
            return answer.data()
        except (Unreachable, ResponseError) as error:
            if is_create and request.uncertain:
                raise OutcomeUnknown(error, key, expires) from error
            raise

    def interrupt(self) -> None:
        """Have the requests that are under way end soon; see `tama.client.Transport`."""
        self._pool.interrupt()

    def close(self) -> None:
        """Close the connections that no request is using."""
        self._pool.close()

    def _ask(self, headers: dict[str, str], content: bytes) -> Answer:
        repetition = Repetition(f"POST {PATH}", self._timeout, self._pause)
        return self._exchange(_Request("POST", PATH, headers, content, repetition, repeatable=True))

    def _exchange(self, request: _Request) -> Answer:
        """Send a request, repeated where that may help, and return the last answer.

        Raises:
            Unreachable: there is none.
        """
        head = self._head(request)
        repetition = request.repetition
        grace = _GRACE if request.repeatable else _LONG_GRACE
        while True:
            try:
                response = self._pool.exchange(head + request.content, repetition.seconds, grace)
            except Broken as broken:
                request.uncertain |= broken.sent
                if self._pool.is_interrupted:
                    why = f"The request to {self._server.origin} was interrupted before it was answered."
                    raise Interrupted(why) from broken
                safe = broken.passing and (request.repeatable or not broken.sent)
                if safe and repetition.again(broken.why or "no answer in time"):
                    continue
                what = broken.why and f"cannot be reached: {broken.why}"
                late = f"did not answer within {repetition.timeout:g} s"
                raise Unreachable(f"{self._server.origin} {what or late}.") from broken
            answer = Answer(response.status, _parsed(response.body), response.phrase, response.headers)
            if answer.status == _TOO_MANY:
                safe = True
            elif answer.status >= _SERVER_ERRORS or _is_unreadable(answer):
                request.uncertain = True
                safe = request.repeatable
            else:
                request.uncertain |= answer.status in _SUCCESSES
                return answer
            if not (safe and repetition.again(f"{answer.status} {answer.phrase}", retry_after(answer))):
                return answer

    def _head(self, request: _Request) -> bytes:
        fields = self._fixed | request.headers
        if request.content:
            fields["Content-Length"] = str(len(request.content))
        target = self._prefix + request.path
        head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        # A line break in a token, say, would begin another field.
        if " " in target or not all(text.isascii() and text.isprintable() for text in (target, *fields.values())):
            raise ConfigurationError("A request cannot be written: it holds what is not allowed in HTTP.")
        return f"{request.method} {target} HTTP/1.1\r\n{head}\r\n".encode()


def _is_unreadable(answer: Answer) -> bool:
    """Tell whether it says that the request was carried out, and not what came of it."""
    return answer.status in _SUCCESSES and answer.status != _NO_CONTENT and not isinstance(answer.body, dict)


def _parsed(body: bytes) -> object:
    try:
        parsed: object = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return parsed
