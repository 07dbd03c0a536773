"""What a base URL is, and what an endpoint."""

from __future__ import annotations

BASE_URL = "a URL such as https://api.example.com/v1, without login, query and fragment"
"""What to write, for a mistake; what was written is better not shown, as it may hold a login."""


def is_base_url(text: str) -> bool:
    """Whether paths can be put behind a text: an absolute URL over HTTP, without query, fragment and login."""
    from urllib.parse import urlsplit  # noqa: PLC0415 - it costs milliseconds, and few runs check a URL

    try:
        url = urlsplit(text)
        port_is_right = url.port is None or url.port > 0
    except ValueError:
        return False
    clean = text.isprintable() and " " not in text and not url.query and not url.fragment
    return clean and port_is_right and url.scheme in ("http", "https") and bool(url.hostname) and url.username is None


def is_endpoint(text: str) -> bool:
    """Whether a specification's paths can be put behind a text: a base URL, or a bare path."""
    if text.startswith("/"):
        return text.isprintable() and not {" ", "?", "#"} & set(text)
    return is_base_url(text)
