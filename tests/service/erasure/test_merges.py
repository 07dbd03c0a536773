"""An erasure between the steps of a merge, wherever that was cut off."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from service.contract import Contract
from service.personalization.actors.merging import LEASE_S
from service.personalization.standing import Standing, aliases
from tests.service.actors.calls import merged
from tests.service.actors.house import SLOW_S, House
from tests.service.erasure.calls import append, erase
from tests.service.test_consent import NAMES


@pytest.fixture
def make_house(contract: Contract, tmp_path: Path) -> Iterator[Callable[[], House]]:
    made: list[House] = []

    def make() -> House:
        made.append(House(contract, tmp_path / str(len(made))))
        return made[-1]

    yield make
    for house in made:
        house.kept.close()


def fill(house: House) -> None:
    for actor in "av":
        house.client.put(actor, NAMES)
        append(house.client, actor, *(f"{actor}-{number}" for number in range(3)))
    append(house.client, "a", "last")
    append(house.client, "guest", "g-1")
    merged(house.client, "guest", actor="v")


def test_what_was_erased_stays_erased_wherever_the_merge_was_cut_off(make_house: Callable[[], House]) -> None:
    whole = make_house()
    fill(whole)
    begun = whole.store.writes
    merged(whole.client, "v")
    for failing in range(1, whole.store.writes - begun + 1):
        for actor in ("a", "v", "guest"):
            house = make_house()
            fill(house)
            house.store.fails_at, house.store.is_done = house.store.writes + failing, True
            merged(house.client, "v")
            standing, ids = house.kept.read("default", "a", lambda items: (Standing.of(items), aliases(items)))
            is_one = standing.is_merging or "v" in ids
            erased = {"a", "v", "guest"} if is_one else {"a"} if actor == "a" else {"v", "guest"}
            assert erase(house.client, actor).status_code == 202
            house.sweep()
            house.sweep(LEASE_S + SLOW_S)
            house.sweep()
            for each in erased:
                assert house.items(each) == [], (failing, actor, each)
            assert house.kept.read("default", "a", Standing.of) == Standing()


@pytest.mark.parametrize("actor", ["a", "v"])
def test_what_is_erased_between_two_steps_of_a_merge_does_not_come_back(
    make_house: Callable[[], House], actor: str
) -> None:
    whole = make_house()
    fill(whole)
    begun = whole.store.writes
    merged(whole.client, "v")
    for number in range(1, whole.store.writes - begun):
        house = make_house()
        fill(house)
        at = house.store.writes + number
        answers: list[Any] = []

        def erase_now(house: House = house, at: int = at, answers: list[Any] = answers) -> None:
            if house.store.writes == at:
                house.store.after_write = lambda: None
                answers.append(erase(house.client, actor))
                house.sweep()

        house.store.after_write = erase_now
        merged(house.client, "v")
        assert [answer.status_code for answer in answers] == [202]
        house.sweep(LEASE_S + SLOW_S)
        house.sweep()
        assert house.items(actor) == [], number
        history = house.client.call("GET", f"/internal/personalization/profile/{actor}/history")
        assert history.json == {"events": []}
