"""Times as the service shows them."""

from datetime import UTC, datetime


def rfc3339(seconds: float) -> str:
    """Return a time, in seconds since the epoch, as an RFC 3339 date-time in UTC, to the millisecond."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
