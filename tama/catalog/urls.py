"""What a base URL is."""

from __future__ import annotations


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
