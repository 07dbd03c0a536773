"""Addresses of tables of DynamoDB, for who reads settings and has no use for the client yet."""

import re
from typing import Final, NamedTuple
from urllib.parse import parse_qs, urlsplit

SCHEME: Final = "dynamodb://"
FORM: Final = f"{SCHEME}REGION/TABLE"

_REGION = re.compile(r"[a-z]([a-z0-9-]{0,61}[a-z0-9])?")
_TABLE = re.compile(r"[A-Za-z0-9_.-]{3,255}")


class Address(NamedTuple):
    """Where a table is.

    Attributes:
        region: the AWS region.
        table: the name of the table.
        endpoint: the base URL of the engine; None for the region's own.

    """

    region: str
    table: str
    endpoint: str | None


def read_address(address: str) -> Address:
    """Read `dynamodb://REGION/TABLE`, behind which `?endpoint=URL` may stand.

    Raises:
        ValueError: it is none; the text does not repeat it.

    """
    try:
        parts = urlsplit(address)
        options = parse_qs(parts.query, strict_parsing=True, keep_blank_values=True) if parts.query else {}
    except ValueError:
        raise ValueError("it is no URI") from None
    endpoint = "".join(options.pop("endpoint")) if "endpoint" in options else None
    table = parts.path.removeprefix("/")
    is_whole = _REGION.fullmatch(parts.netloc) and _TABLE.fullmatch(table) and not parts.fragment and not options
    if not is_whole or (endpoint is not None and not endpoint.startswith(("http://", "https://"))):
        raise ValueError(f"it must have the form {FORM}, with ?endpoint=URL behind it for an engine of your own")
    if endpoint and "@" in urlsplit(endpoint).netloc:
        raise ValueError("its endpoint has a password in it; credentials come from a role or a file")
    return Address(parts.netloc, table, endpoint)
