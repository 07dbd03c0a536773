"""Which of an actor's dates matter on a day."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import MAXYEAR, UTC, date, datetime
from typing import Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

DAYS_BEHIND = 3
DAYS_AHEAD = 7

DateFrom = Literal["request", "timezone", "utc"]


@dataclass(frozen=True, slots=True)
class Day:
    """The day that a context is for.

    Attributes:
        date: the day.
        source: where it comes from: the request, or the clock in the actor's time zone, or the clock in UTC.
        timezone: the actor's time zone, an IANA name, when the day is the one there.

    """

    date: date
    source: DateFrom
    timezone: str | None = None


@dataclass(frozen=True, slots=True)
class Occasion:
    """A date of an actor that matters on a day.

    Attributes:
        significance: what happened on the date.
        value: the date.
        days: how many days from the day to its next return; negative for one that has just been.
        years: how many years it then is; 0 when it is not a return but the date itself.

    """

    significance: str
    value: date
    days: int
    years: int


def day_of(asked: date | None, timezone: str | None, now: datetime) -> Day:
    """Return the day of a context.

    Args:
        asked: the day that the request names.
        timezone: the actor's time zone, an IANA name.
        now: the time, with a time zone.

    """
    if asked is not None:
        return Day(asked, "request")
    if timezone is not None:
        try:
            return Day(now.astimezone(ZoneInfo(timezone)).date(), "timezone", timezone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            # A zone that this machine's tables do not have is as good as none; the answer says that UTC was taken.
            pass
    return Day(now.astimezone(UTC).date(), "utc")


def occasions(dates: Iterable[Mapping[str, Any]], day: date) -> list[Occasion]:
    """Return the dates that matter on a day: those that return on it, within DAYS_AHEAD after or DAYS_BEHIND before it.

    Today's come first, then what is to come, then what has been, the nearest first.

    Args:
        dates: the dates of a profile.
        day: the day.

    """
    found = [
        occasion
        for entry in dates
        if (occasion := _occasion(entry["significance"], date.fromisoformat(entry["value"]), day)) is not None
    ]
    return sorted(found, key=lambda occasion: (occasion.days < 0, abs(occasion.days)))


def _occasion(significance: str, value: date, day: date) -> Occasion | None:
    for year in (day.year, day.year + 1, day.year - 1):
        if value.year <= year <= MAXYEAR:
            days = (_returned(value, year) - day).days
            if -DAYS_BEHIND <= days <= DAYS_AHEAD:
                return Occasion(significance, value, days, year - value.year)
    return None


def _returned(value: date, year: int) -> date:
    """Return the day of a year on which a date returns; 29 February is 28 February where there is none."""
    try:
        return value.replace(year=year)
    except ValueError:
        return date(year, 2, 28)
