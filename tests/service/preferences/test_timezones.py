from datetime import UTC, datetime
from importlib import resources
from zoneinfo import ZoneInfo

import pytest

from service.personalization.preferences.regions import Regions
from service.personalization.preferences.timezones import _SHORT, Timezones

TIMEZONES = Timezones(Regions())
NAMES = resources.files("tzdata").joinpath("zones").read_text(encoding="utf-8").split()
# The database keeps the first two as times of their own, without summer time; the last is a mark for its users.
NOT_TAKEN = {"EST", "MST", "Factory"}
SEASONS = [datetime(2026, month, 15, 12, tzinfo=UTC) for month in (1, 7)]


@pytest.mark.parametrize("name", sorted({*NAMES} - NOT_TAKEN))
def test_every_name_is_understood_and_keeps_its_time(name: str) -> None:
    zone = TIMEZONES.zone(name)
    assert zone is not None
    assert TIMEZONES.zone(zone) == zone
    assert TIMEZONES.zone(name.lower()) == TIMEZONES.zone(name.upper()) == zone
    for moment in SEASONS:
        assert moment.astimezone(ZoneInfo(zone)).utcoffset() == moment.astimezone(ZoneInfo(name)).utcoffset()


@pytest.mark.parametrize(
    ("text", "zone"),
    [
        ("America/Sao_Paulo", "America/Sao_Paulo"),
        ("america/sao_paulo", "America/Sao_Paulo"),
        ("America/Sao Paulo", "America/Sao_Paulo"),
        (" EUROPE/BERLIN\n", "Europe/Berlin"),
        # An alias becomes the place that it stood for, not another place with the same time.
        ("Asia/Calcutta", "Asia/Kolkata"),
        ("US/Pacific", "America/Los_Angeles"),
        ("America/Buenos_Aires", "America/Argentina/Buenos_Aires"),
        ("Iceland", "Atlantic/Reykjavik"),
        ("Africa/Asmera", "Africa/Asmara"),
        ("America/Coral_Harbour", "America/Atikokan"),
        ("Japan", "Asia/Tokyo"),
        # The database makes these two of one piece; a person in Oslo is not in Berlin.
        ("Europe/Oslo", "Europe/Oslo"),
        ("Europe/Amsterdam", "Europe/Amsterdam"),
        ("UTC", "UTC"),
        ("Etc/UTC", "UTC"),
        ("zulu", "UTC"),
        ("GMT", "UTC"),
        ("Etc/GMT+5", "Etc/GMT+5"),
    ],
)
def test_a_name_in_any_case_and_an_alias_become_the_name_of_the_zone(text: str, zone: str) -> None:
    assert TIMEZONES.zone(text) == zone


@pytest.mark.parametrize(
    ("text", "zones"),
    [
        ("EST", ["America/New_York", "America/Panama", "America/Jamaica"]),
        ("ist", ["Asia/Kolkata", "Europe/Dublin", "Asia/Jerusalem"]),
        ("New York", ["America/New_York"]),
        ("São Paulo", ["America/Sao_Paulo"]),
        ("Saigon", ["Asia/Ho_Chi_Minh"]),
        ("Pacific Standard Time", ["America/Los_Angeles"]),
        ("Brazil", None),
        ("Germany", ["Europe/Berlin", "Europe/Busingen"]),
        ("Berln", ["Europe/Berlin"]),
        ("+02:00", []),
        ("GMT+2", []),
        ("UTC-5", []),
        ("Mars/Olympus_Mons", []),
        ("", []),
    ],
)
def test_what_is_no_zone_is_not_taken_but_found(text: str, zones: list[str] | None) -> None:
    assert TIMEZONES.zone(text) is None
    found = list(TIMEZONES.like(text))
    assert "America/Sao_Paulo" in found if zones is None else found == zones


def test_every_zone_that_an_abbreviation_stands_for_is_there() -> None:
    for zones in _SHORT.values():
        assert [TIMEZONES.zone(zone) for zone in zones] == list(zones)
