"""What the URL of a server says, what a base URL is, and what an endpoint."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

_PORTS: Final = {"http": 80, "https": 443}
_HIGHEST_PORT: Final = 65535

BASE_URL = "a URL such as https://api.example.com/v1, without login, query and fragment"
"""What to write, for a mistake; what was written is better not shown, as it may hold a login."""


class Address:
    """What a URL of a server says. `urllib.parse` would cost 6 ms a launch.

    Attributes:
        scheme: `http` or `https`.
        host: a name, or an IP address without brackets.
        port: that of the scheme where the URL names none.
        login: `user:password`, percent-encoded; empty when there is none.
        path: without a slash at its end.

    Raises:
        ValueError: it is no such URL; the message, a sentence, holds nothing of it.

    Source: RFC 3986, section 3.
    """

    __slots__ = ("host", "login", "path", "port", "scheme")

    def __init__(self, url: str) -> None:
        scheme, _, rest = url.partition("://")
        self.scheme = scheme.lower()
        if self.scheme not in _PORTS:
            raise ValueError("Its scheme is neither http nor https.")
        authority, slash, path = rest.partition("/")
        if "?" in rest or "#" in rest or " " in rest or not rest.isprintable():
            raise ValueError("It consists of scheme, host, and perhaps port and path.")
        self.path = (slash + path).rstrip("/")
        self.login, _, authority = authority.rpartition("@")
        # A colon within brackets belongs to an IP address.
        end = authority.rfind("]") + 1
        host, _, port = authority[end:].partition(":")
        bracketed = authority[:end]
        self.host = bracketed[1:-1] if bracketed else _ascii(host)
        if not self.host or "[" in self.host or (bracketed and (host or bracketed[0] != "[")):
            raise ValueError("It lacks a host, or has one that is none.")
        if port and not (port.isascii() and port.isdecimal() and 0 < int(port) <= _HIGHEST_PORT):
            raise ValueError("Its port is none.")
        self.port = int(port) if port else _PORTS[self.scheme]

    @property
    def authority(self) -> str:
        """Host and port, as the header Host has them (RFC 9110, section 7.2)."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def origin(self) -> str:
        """Scheme, host and port."""
        return f"{self.scheme}://{self.authority}"


def is_base_url(text: str) -> bool:
    """Whether paths can be put behind a text: an absolute URL over HTTP, without query, fragment and login."""
    try:
        return not Address(text).login
    except ValueError:
        return False


def is_endpoint(text: str) -> bool:
    """Whether a specification's paths can be put behind a text: a base URL, or a bare path."""
    if text.startswith("/"):
        return text.isprintable() and not {" ", "?", "#"} & set(text)
    return is_base_url(text)


def _ascii(host: str) -> str:
    """The host as name servers know it (RFC 3490); the codec would cost a launch milliseconds."""
    return host.lower() if host.isascii() else host.encode("idna").decode()
