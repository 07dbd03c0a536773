from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest

from benchmarks.service import population
from service.contract import Contract, load_contract
from service.items import Item, Items
from service.personalization.context.stored import turns
from service.personalization.profile import PROFILE_KEY, Profiles
from service.storage.sqlite import SQLiteStore


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(population, "FOLDER", tmp_path / "benchmarks")
    return population.FOLDER


def stored(path: Path) -> list[list[Item]]:
    """Return all items of three actors, and of one who is not there."""

    def view(items: Items) -> list[Item]:
        return items.scan("", "~", 1_000)

    store = SQLiteStore(path)
    try:
        return [store.read(population.TENANT, population.actor(number), view) for number in range(4)]
    finally:
        store.close()


def test_the_service_finds_the_actors_in_the_file(folder: Path) -> None:
    store = SQLiteStore(population.prepared(3))
    contract: Contract = load_contract()
    try:
        for number in range(3):
            (item,) = store.get(population.TENANT, population.actor(number), PROFILE_KEY)
            assert item is not None
            assert Profiles(contract).read(item.document) == population.profile(number)
            told = store.read(population.TENANT, population.actor(number), lambda items: list(turns(items, None)))
            assert len(told) == population.EVENTS
            assert [turn.role for turn in told[:2]] == ["assistant", "user"]
    finally:
        store.close()


def test_all_profiles_have_the_same_length() -> None:
    sizes = {len(orjson.dumps(population.profile(number))) for number in (0, 7, 999_999)}
    assert len(sizes) == 1
    assert len({population.actor(number) for number in range(100)}) == 100


def test_only_the_first_actors_have_a_history(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(population, "MOST_WITH_HISTORY", 1)
    first, second, _, nobody = stored(population.prepared(3))
    assert len(first) == 2 + 2 * population.EVENTS
    assert [item.key for item in second] == [PROFILE_KEY]
    assert nobody == []


def test_a_file_is_made_once_and_the_same_each_time(folder: Path) -> None:
    path = population.prepared(3)
    made = path.stat().st_mtime_ns
    assert population.prepared(3) == path
    assert path.stat().st_mtime_ns == made
    first = stored(path)
    path.unlink()
    assert documents(stored(population.prepared(3))) == documents(first)


def documents(items: list[list[Item]]) -> list[list[tuple[str, bytes]]]:
    return [[(item.key, item.document) for item in each] for each in items]


def test_a_file_from_before_a_change_is_replaced(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    old, other = population.prepared(1), population.prepared(2)
    digest: Callable[[], str] = lambda: "another"  # noqa: E731 - a stand-in
    monkeypatch.setattr(population, "_digest", digest)
    new = population.prepared(1)
    assert new != old
    assert {path.name for path in folder.iterdir()} == {new.name, other.name}


def test_a_file_that_was_not_finished_is_not_taken(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(population, "_write_actor", fail)
        with pytest.raises(KeyboardInterrupt):
            population.prepared(2)
    assert list(folder.iterdir()) == []
    assert population.prepared(2).exists()
