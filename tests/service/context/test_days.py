"""Which day it is for an actor, and which dates matter on it."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from service.personalization.context.days import Day, Occasion, day_of, occasions

LATE = datetime(2026, 11, 24, 23, 30, tzinfo=UTC)


def test_the_day_is_the_one_that_is_asked_for() -> None:
    assert day_of(date(2027, 1, 1), "Asia/Tokyo", LATE) == Day(date(2027, 1, 1), "request")


@pytest.mark.parametrize(
    ("zone", "there"), [("Asia/Tokyo", 25), ("America/Sao_Paulo", 24), ("Etc/UTC", 24), ("Pacific/Kiritimati", 25)]
)
def test_else_it_is_today_where_the_actor_is(zone: str, there: int) -> None:
    for now in (LATE, LATE.astimezone(timezone(timedelta(hours=-7)))):
        assert day_of(None, zone, now) == Day(date(2026, 11, there), "timezone", zone)


@pytest.mark.parametrize("zone", [None, "Not/Known", "../etc/passwd", "Europe", "with\x00nul"])
def test_else_it_is_today_in_utc(zone: str | None) -> None:
    assert day_of(None, zone, LATE.astimezone(timezone(timedelta(hours=5)))) == Day(date(2026, 11, 24), "utc")


def _found(value: str, day: str, significance: str = "birth") -> list[tuple[int, int]]:
    entries = [{"index": 0, "significance": significance, "value": value}]
    return [(found.days, found.years) for found in occasions(entries, date.fromisoformat(day))]


@pytest.mark.parametrize(
    ("value", "day", "expected"),
    [
        ("1990-11-25", "2026-11-25", [(0, 36)]),
        ("1990-12-02", "2026-11-25", [(7, 36)]),
        ("1990-12-03", "2026-11-25", []),
        ("1990-11-22", "2026-11-25", [(-3, 36)]),
        ("1990-11-21", "2026-11-25", []),
        ("1990-01-02", "2026-12-28", [(5, 37)]),  # over the end of the year
        ("1990-12-30", "2027-01-01", [(-2, 36)]),
        ("1992-02-29", "2028-02-29", [(0, 36)]),
        ("1992-02-29", "2027-02-28", [(0, 35)]),  # where there is no 29 February, on the 28th
        ("1992-02-29", "2027-03-01", [(-1, 35)]),
        ("1992-02-29", "2100-02-28", [(0, 108)]),
        ("2026-11-25", "2026-11-25", [(0, 0)]),  # the day itself
        ("2026-11-30", "2026-11-25", [(5, 0)]),
        ("2027-11-25", "2026-11-25", []),  # it has not been yet, so it does not return
        ("2027-01-02", "2026-12-28", [(5, 0)]),
        ("9999-12-31", "9999-12-31", [(0, 0)]),
        ("9990-12-31", "9999-12-31", [(0, 9)]),
        ("9990-01-02", "9999-12-31", []),
        ("0001-01-01", "0001-01-01", [(0, 0)]),
        ("0001-12-31", "0001-01-01", []),
    ],
)
def test_a_date_matters_from_a_week_before_to_three_days_after(
    value: str, day: str, expected: list[tuple[int, int]]
) -> None:
    assert _found(value, day) == expected


def test_every_date_of_a_year_matters_on_eleven_days_of_every_year() -> None:
    for year in (2027, 2028):
        days = [date(year, 1, 1) + timedelta(days=day) for day in range(366 if year == 2028 else 365)]
        for value in ("1992-02-29", "1990-03-01", "1990-12-31", "1990-01-01", "1991-07-15"):
            assert sum(len(_found(value, day.isoformat())) for day in days) == 11


def test_today_comes_first_then_what_is_near_then_what_has_been() -> None:
    entries = [
        {"index": index, "significance": "birth", "value": value}
        for index, value in enumerate(["2000-11-23", "2001-11-28", "2002-11-24", "2003-11-25", "2004-11-26"])
    ]
    found = occasions(entries, date(2026, 11, 25))
    assert [occasion.days for occasion in found] == [0, 1, 3, -1, -2]
    assert found[0] == Occasion("birth", date(2003, 11, 25), 0, 23)
