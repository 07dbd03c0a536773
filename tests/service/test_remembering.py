import pytest

from service.items import Item
from service.remembering import ENTRY_BYTES, Remembered, Versions, versions_of

FIRST: Versions = (("life", 1), None)
SECOND: Versions = (("life", 2), None)


@pytest.fixture
def now() -> list[float]:
    return [1_000.0]


@pytest.fixture
def remembered(now: list[float]) -> Remembered[str]:
    return Remembered(3 * ENTRY_BYTES, 60, lambda: now[0])


def test_what_was_made_is_there_for_the_versions_it_was_made_of(remembered: Remembered[str]) -> None:
    remembered.put("a", FIRST, "made", 0)
    assert remembered.get("a", FIRST) == "made"
    assert remembered.get("b", FIRST) is None


def test_what_was_made_of_other_versions_is_forgotten(remembered: Remembered[str]) -> None:
    remembered.put("a", FIRST, "made", 0)
    assert remembered.get("a", SECOND) is None
    assert remembered.get("a", FIRST) is None


def test_there_is_one_thing_at_a_place(remembered: Remembered[str]) -> None:
    remembered.put("a", FIRST, "first", 0)
    remembered.put("a", SECOND, "second", 0)
    assert remembered.get("a", SECOND) == "second"


def test_what_does_not_fit_displaces_what_came_first(remembered: Remembered[str]) -> None:
    for place in "abcd":
        remembered.put(place, FIRST, place, 0)
    assert [remembered.get(place, FIRST) for place in "abcd"] == [None, "b", "c", "d"]
    remembered.put("e", FIRST, "e", ENTRY_BYTES)
    assert [remembered.get(place, FIRST) for place in "bcde"] == [None, None, "d", "e"]


def test_what_fits_nowhere_is_not_remembered(remembered: Remembered[str]) -> None:
    remembered.put("a", FIRST, "a", 3 * ENTRY_BYTES)
    assert remembered.get("a", FIRST) is None
    remembered.put("b", FIRST, "b", 0)
    assert remembered.get("b", FIRST) == "b"


def test_what_is_put_again_counts_once(remembered: Remembered[str]) -> None:
    remembered.put("a", FIRST, "a", 0)
    for _ in range(10):
        remembered.put("b", FIRST, "b", 0)
    assert remembered.get("a", FIRST) == "a"


def test_nothing_is_remembered_for_longer_than_its_lifetime(remembered: Remembered[str], now: list[float]) -> None:
    remembered.put("a", FIRST, "a", 0)
    now[0] += 30
    remembered.put("b", FIRST, "b", 0)
    now[0] += 30
    assert remembered.get("a", FIRST) is None
    assert remembered.get("b", FIRST) == "b"


def test_versions_tell_what_is_there_from_what_is_not() -> None:
    item = Item("k", "life", 3, b"1")
    assert versions_of([item, None]) == (("life", 3), None)
