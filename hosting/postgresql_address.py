"""Addresses of PostgreSQL, for who reads settings and has no use for the client yet."""

from typing import Final
from urllib.parse import parse_qs, urlsplit

SCHEME: Final = "postgresql://"


def refuse_password(address: str) -> None:
    """Refuse an address with a password in it, which the list of processes, or the environment, shows to others.

    Raises:
        ValueError: it has one; the text does not repeat it.

    """
    try:
        parts = urlsplit(address)
        holds = parts.password is not None or not {"password", "sslpassword"}.isdisjoint(parse_qs(parts.query))
    except ValueError:
        raise ValueError("it is no URI") from None
    if holds:
        raise ValueError("it has a password in it; write that into a password file, which PGPASSFILE names")
