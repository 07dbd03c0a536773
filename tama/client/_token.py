from __future__ import annotations

import binascii
import json
import time
from _thread import allocate_lock

from tama.client.errors import TamaError, Unreachable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Final

    from tama.client._answer import Answer

PATH: Final = "/auth/tokens"
KEYS_LIFETIME: Final = "idempotency-key-lifetime"
"""The header field of a token's answer by which ours tells for how many seconds it knows an idempotency key."""

RENEW_BEFORE: Final = 30.0
"""Seconds before its end at which a token is no longer used, as Tama's own clients do; at most half its time."""

_LONGEST: Final = 10**9
_DIGITS: Final = 10
_REFUSED_FORM: Final = (400, 415)
_ERRORS: Final = 400
_NOT_FOUND: Final = 404


class Token:
    """The access token: fetched when it is first needed, renewed before it ends, by one thread for all.

    Args:
        ask: sends a request for a token, of header fields and a content, and returns the answer.
        credential: `id:secret`.
        scope: what the token is asked for.

    Attributes:
        keys_lifetime: for how many seconds the server knows an idempotency key; 0 when it knows none.

    Source: tama-api, POST /auth/tokens.
    """

    __slots__ = (
        "_ask",
        "_authorization",
        "_ends",
        "_failure",
        "_fetches",
        "_lock",
        "_request",
        "_value",
        "keys_lifetime",
    )

    def __init__(self, ask: Callable[[dict[str, str], bytes], Answer], credential: str, scope: str) -> None:
        self._ask = ask
        self._authorization = "Bearer " + binascii.b2a_base64(credential.encode(), newline=False).decode()
        self._request = {"grant_type": "client_credentials", "scope": scope}
        self._lock = allocate_lock()
        self._value = ""
        self._ends = float("-inf")
        self._fetches = 0
        self._failure: TamaError | None = None
        self.keys_lifetime = 0

    def current(self, refused: str = "") -> str:
        """A token that has not ended, and is not the one that was refused.

        Raises:
            TamaError: none could be had. Those who waited for one thread's attempt share what came of it.
        """
        fetches = self._fetches
        with self._lock:
            if self._failure and self._fetches != fetches:
                raise self._failure
            if self._value == refused or time.monotonic() >= self._ends:
                self._fetch()
            return self._value

    def _fetch(self) -> None:
        self._failure = None
        asked = time.monotonic()
        try:
            self._value, lifetime = self._fetched()
        except TamaError as error:
            error.request = f"POST {PATH}"
            self._failure = error
            raise
        finally:
            self._fetches += 1
        lifetime = min(lifetime, _LONGEST)
        self._ends = asked + lifetime - min(RENEW_BEFORE, lifetime / 2)

    def _fetched(self) -> tuple[str, float]:
        answer = self._post("application/json", json.dumps(self._request))
        if answer.status in _REFUSED_FORM:
            from urllib.parse import urlencode  # noqa: PLC0415 - only older control planes read the two as a form

            answer = self._post("application/x-www-form-urlencoded", urlencode(self._request))
        if answer.status == _NOT_FOUND:
            # NotFound would say of the object that is asked for that it is gone.
            raise Unreachable(f"There is no control plane: POST {PATH} was answered with 404.")
        fields = answer.body if isinstance(answer.body, dict) else {}
        if answer.status >= _ERRORS:
            said = ": ".join(str(fields[key]) for key in ("error", "error_description") if fields.get(key))
            raise answer.error(fields.get("errors") or (said and {"token": said}))
        token, lifetime = fields.get("access_token"), fields.get("expires_in", 3600)
        if not isinstance(token, str) or not isinstance(lifetime, (int, float)):
            raise answer.error({"token": "The answer holds no access token"})
        known = answer.headers.get(KEYS_LIFETIME, "")
        self.keys_lifetime = int(known) if known.isascii() and known.isdecimal() and len(known) < _DIGITS else 0
        return token, lifetime

    def _post(self, media_type: str, content: str) -> Answer:
        return self._ask({"Authorization": self._authorization, "Content-Type": media_type}, content.encode())
