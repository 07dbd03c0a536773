"""How exactly actors are counted, and when they are counted anew."""

import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path

import apsw
import pytest

from service.items import KEPT, Changes
from service.storage import StoreUnavailableError, TenantFullError
from service.storage.sqlite import SQLiteStore
from service.storage.sqlite_copies import back_up, restore
from tests.service.storage.suite import deletes, puts


def census(store: SQLiteStore) -> dict[str, int]:
    return dict(store._writer.execute("SELECT tenant, actors FROM census WHERE actors <> 0").fetchall())  # type: ignore[arg-type] # two columns


def fill(store: SQLiteStore, number: int, tenant: str = "t") -> None:
    for actor in range(number):
        store.write(tenant, f"a{actor}", puts(KEPT[actor % len(KEPT)] + ("x" if actor % len(KEPT) < 2 else ""), b"1"))


def is_let_in(store: SQLiteStore, actor: str) -> bool:
    try:
        store.write("t", actor, puts("profile", b"1"))
    except TenantFullError:
        return False
    return True


def test_no_more_are_let_in_at_once_than_there_are_places(path: Path) -> None:
    with closing(SQLiteStore(path, max_actors=20)) as store, ThreadPoolExecutor(16) as pool:
        outcomes = list(pool.map(lambda number: is_let_in(store, f"a{number % 100}"), range(300)))
        assert len(store.actors("t", None, 1_000)) == 20
        assert census(store) == {"t": 20}
        assert outcomes.count(True) >= 20


@pytest.mark.parametrize("seed", range(3))
def test_the_count_is_that_of_the_list_after_any_changes(path: Path, seed: int) -> None:
    chance = random.Random(seed)
    keys = ("profile", "preference/theme", "event/1")

    def change(changes: Changes) -> None:
        for key in chance.sample(keys, 2):
            chance.choice((lambda: changes.put(key, b"1"), lambda: changes.delete(key)))()  # noqa: B023 - called at once
        if chance.random() < 0.2:
            raise KeyError

    with closing(SQLiteStore(path, max_actors=8)) as store:
        for _ in range(300):
            with suppress(KeyError, TenantFullError):
                store.write("t", f"a{chance.randrange(12)}", change)
            actors = store.actors("t", None, 100)
            assert census(store).get("t", 0) == len(actors) <= 8
        assert actors


def test_a_batch_that_was_not_committed_is_not_counted(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails() -> bool:
        raise apsw.FullError

    with closing(SQLiteStore(path, max_actors=2)) as store:
        fill(store, 1)
        store._writer.set_commit_hook(fails)
        with pytest.raises(StoreUnavailableError):
            store.write("t", "other", puts("profile", b"1"))
        store._writer.set_commit_hook(None)
        assert census(store) == {"t": 1}


def test_a_start_with_a_limit_counts_who_is_there(path: Path) -> None:
    with closing(SQLiteStore(path)) as store:
        fill(store, 7)
        fill(store, 2, tenant="u")
        store.write("t", "only-a-mark", puts("mark/consent", b"1"))
        store.write("t", "only-an-answer", puts("idempotency/0000", b"1"))
        store.write("", "/credentials", puts("credential/1", b"1"))
    with closing(SQLiteStore(path, max_actors=8)) as store:
        assert census(store) == {"t": 7, "u": 2}
        assert [is_let_in(store, actor) for actor in ("b", "c")] == [True, False]


def test_a_limit_below_the_number_lets_those_go_on_who_are_there(path: Path) -> None:
    with closing(SQLiteStore(path)) as store:
        fill(store, 5)
    with closing(SQLiteStore(path, max_actors=2)) as store:
        for actor in range(5):
            store.write("t", f"a{actor}", puts("profile", b"2"))
        assert not is_let_in(store, "b")
        store.write("t", "a0", deletes("profile"))
        assert not is_let_in(store, "b")


def test_a_later_start_goes_on_with_the_count_and_one_without_a_limit_forgets_it(path: Path) -> None:
    with closing(SQLiteStore(path, max_actors=8)) as store:
        fill(store, 3)
    with closing(SQLiteStore(path, max_actors=8)) as store:
        assert census(store) == {"t": 3}
        store._writer.execute("UPDATE census SET actors = 4")
    with closing(SQLiteStore(path, max_actors=8)) as store:
        assert census(store) == {"t": 4}, "it is not counted again"
    with closing(SQLiteStore(path)) as store:
        fill(store, 6)
    with closing(SQLiteStore(path, max_actors=8)) as store:
        assert census(store) == {"t": 6}


def test_a_restored_file_is_counted_anew(path: Path, tmp_path: Path) -> None:
    with closing(SQLiteStore(path, max_actors=8)) as store:
        fill(store, 3)
        store._writer.execute("UPDATE census SET actors = 8")
    back_up(path, tmp_path / "backup")
    restore(tmp_path / "backup", path, replace=True)
    with closing(SQLiteStore(path, max_actors=8)) as store:
        assert census(store) == {"t": 3}


def test_background_work_is_counted(path: Path) -> None:
    def forgets(changes: Changes) -> None:
        for kind in KEPT:
            for item in changes.scan(kind, f"{kind}~", 100):
                changes.delete(item.key)

    def schedules(store: SQLiteStore) -> Callable[[Changes], None]:
        return lambda changes: changes.schedule("forget")

    with closing(SQLiteStore(path, {"forget": forgets}, sweep_period=3_600, max_actors=3)) as store:
        fill(store, 3)
        store.write("t", "a0", schedules(store))
        store.sweep()
        assert census(store) == {"t": 2}
        assert is_let_in(store, "b")
