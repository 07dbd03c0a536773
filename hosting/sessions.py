"""Sessions of people who signed in to a server's pages, and the tokens of the forms on those pages.

A session is a signed cookie, so that any process with the same keys reads it, and nothing is kept of one that goes on.
Of one that its owner ended, the server keeps the id until `Session.over`. Who has not signed in has a session of
nobody, which the form for signing in is bound to.

The pages answer with `Referrer-Policy: same-origin`: under `no-referrer` a browser hides from `is_from_own_page` where
a form came from.
"""

import base64
import hashlib
import hmac
import json
import re
import secrets
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

from hosting.rate import RateLimit

if TYPE_CHECKING:
    from flask import Request, Response

IDLE_S: Final = 30 * 60
"""How long, in seconds, a session goes on after the last page."""
LONGEST_S: Final = 8 * 60 * 60
"""How long, in seconds, it goes on at most."""
FORM_TOKEN: Final = "form_token"  # noqa: S105 - the name of a field
"""The field of every form that holds its token."""

_ATTEMPTS_PER_S, _ATTEMPTS = 1 / 6, 10
_ID_BYTES = 16
_LONGEST_COOKIE = 2_048
_LOOPBACK = ("127.0.0.1", "::1")
_LOOPBACK_HOST = re.compile(r"(127\.0\.0\.1|\[::1\]|localhost)(:\d+)?")
_FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "Via")


class Session(NamedTuple):
    """A session.

    Attributes:
        id: what tells it from others.
        subject: who signed in; empty for nobody.
        began: when, in seconds since the epoch.

    """

    id: str
    subject: str
    began: int

    @property
    def over(self) -> int:
        """When it is over at the latest, in seconds since the epoch."""
        return self.began + LONGEST_S


class Sessions:
    """The sessions of one server's pages.

    Args:
        name: of the cookie, but for the prefix that browsers hold it to.
        keys: returns the server's signing keys; the first one signs, and what another one signed counts.

    """

    def __init__(self, name: str, keys: Callable[[], Sequence[bytes]]) -> None:
        self._name = name
        self._keys = keys
        self._attempts = RateLimit(_ATTEMPTS_PER_S, _ATTEMPTS)

    @staticmethod
    def is_hidden(request: "Request") -> bool:
        """Return whether the browser followed another site's link, with which it sends no cookie of ours.

        An answer with a cookie would end the session that there may be. Source: RFC 6265bis, section 8.8.2.
        """
        return request.headers.get("Sec-Fetch-Site") == "cross-site"

    def wait_to_sign_in(self, request: "Request", name: str) -> int:
        """Count an attempt to sign in under a name, and return how many seconds too early it is, 0 for none."""
        return self._attempts.take(hashlib.sha256(f"{request.remote_addr} {name}".encode(errors="replace")).hexdigest())

    def begin(self, subject: str, now: float) -> Session:
        """Return a new session of somebody, or of nobody."""
        return Session(secrets.token_hex(_ID_BYTES), subject, int(now))

    def read(self, request: "Request", now: float) -> Session:
        """Return the session of a request; a new one of nobody where it has none, or one that is over."""
        return self.verified(request.cookies.get(self._cookie_name(request), ""), now) or self.begin("", now)

    def write(self, session: Session, request: "Request", answer: "Response", now: float) -> None:
        """Have a session go on with the answer to a request."""
        answer.set_cookie(
            self._cookie_name(request),
            self.signed(session, now),
            path="/",
            secure=not _is_plain_loopback(request),
            httponly=True,
            samesite="Strict",
        )

    def signed(self, session: Session, now: float) -> str:
        """Return the cookie's value of a session that is used now."""
        said = base64.urlsafe_b64encode(json.dumps([*session, int(now)]).encode()).decode().rstrip("=")
        return f"{said}.{_mac(self._keys()[0], 'session', said)}"

    def verified(self, cookie: str, now: float) -> Session | None:
        """Return the session that a cookie's value holds; None when it is none of ours, or is over."""
        said, _, signature = cookie.partition(".")
        if len(cookie) > _LONGEST_COOKIE or not self._is_mac(signature, "session", said):
            return None
        *of_session, used = json.loads(base64.urlsafe_b64decode(said + "=" * (-len(said) % 4)))
        session = Session(*of_session)
        return session if now < min(session.over, used + IDLE_S) else None

    def form_token(self, session: Session) -> str:
        """Return the token of the forms in a session."""
        return _mac(self._keys()[0], "form", session.id)

    def is_from_own_page(self, request: "Request", session: Session, form_token: str) -> bool:
        """Return whether a form with this token was sent in the session, and from a page of this server.

        Source: W3C Fetch Metadata Request Headers, section 2.3; RFC 6454, section 7.
        """
        site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
        own = site == "same-origin" if site else origin is None or origin.partition("://")[2] == request.host
        return own and self._is_mac(form_token, "form", session.id)

    def _is_mac(self, given: str, use: str, said: str) -> bool:
        presented = given.encode(errors="replace")
        return any(hmac.compare_digest(_mac(key, use, said).encode(), presented) for key in self._keys())

    def _cookie_name(self, request: "Request") -> str:
        if _is_plain_loopback(request):
            # The servers of a machine have their cookies in common, whatever their port: RFC 6265bis, section 8.5.
            return f"{self._name}-{request.environ['SERVER_PORT']}"
        # A browser takes a cookie of such a name from this host alone: RFC 6265bis, section 4.1.3.
        return f"__Host-{self._name}"


def _mac(key: bytes, use: str, said: str) -> str:
    """Return the code of what is said for some use; tokens that the same key signs are of another."""
    return hmac.new(key, f"{use}:{said}".encode(errors="replace"), hashlib.sha256).hexdigest()


def _is_plain_loopback(request: "Request") -> bool:
    """Return whether a request came from this machine itself without TLS; not every browser keeps `Secure` there."""
    return (
        request.remote_addr in _LOOPBACK
        and _LOOPBACK_HOST.fullmatch(request.host) is not None
        and not any(name in request.headers for name in _FORWARDED)
    )
