import itertools

import pytest

from service.personalization.context.sizes import Sizes

SLOTS = 2**16


@pytest.fixture
def counted() -> list[str]:
    return []


@pytest.fixture
def sizes(counted: list[str]) -> Sizes:
    def count(line: str) -> int:
        counted.append(line)
        return len(line)

    return Sizes(count, SLOTS)


def test_a_line_is_counted_once(sizes: Sizes, counted: list[str]) -> None:
    assert [sizes.of("- a\n"), sizes.of("- a\n"), sizes.of("- bb\n")] == [4, 4, 5]
    assert counted == ["- a\n", "- bb\n"]


def test_lines_of_one_slot_are_told_apart(sizes: Sizes, counted: list[str]) -> None:
    first = "- first\n"
    lines = ("- " + "x" * (number % 100) + f"{number}\n" for number in itertools.count())
    second = next(line for line in lines if hash(line) % SLOTS == hash(first) % SLOTS and len(line) != len(first))
    for _ in range(2):
        assert [sizes.of(first), sizes.of(second), sizes.of(second)] == [len(first), len(second), len(second)]
    assert counted == [first, second] * 2


def test_of_many_more_lines_than_there_is_room_for_each_has_its_length(sizes: Sizes) -> None:
    lines = ["- " + "x" * (number % 37) + f"{number}\n" for number in range(3 * SLOTS)]
    for each in (*lines, *reversed(lines)):
        assert sizes.of(each) == len(each)


def test_a_line_that_is_too_long_for_the_table_is_counted_each_time(sizes: Sizes, counted: list[str]) -> None:
    for length in (2**16 - 1, 2**16):
        counted.clear()
        assert [sizes.of("x" * length) for _ in range(2)] == [length, length]
        assert len(counted) == (1 if length < 2**16 else 2)
