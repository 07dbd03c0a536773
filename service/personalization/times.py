"""Times as the service shows them."""

from datetime import UTC, datetime, timedelta
from typing import Final

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)


def rfc3339(seconds: float) -> str:
    """Return a time, in seconds since the epoch, as an RFC 3339 date-time in UTC, to the millisecond."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def recorded(milliseconds: int) -> str:
    """Return a time that was recorded, in milliseconds since the epoch, as `rfc3339` does, and exactly."""
    moment = _EPOCH + milliseconds * _MILLISECOND
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def milliseconds(shown: str) -> int:
    """Return the time that `recorded` shows, in milliseconds since the epoch."""
    return (datetime.fromisoformat(shown) - _EPOCH) // _MILLISECOND
