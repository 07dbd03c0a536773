"""What every store does: a store's tests inherit `StoreSuite` and give it the fixtures `store`, `clock` and `sweep`.

`limited_store` is another one, in which a tenant can have three actors.
"""

import random
import string
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest

from service.items import BEHIND, MAX_CHANGES, MAX_DOCUMENT, MAX_STORED, Changes, Item, Items, Work
from service.storage import Store, StoreUnavailableError, Task, TenantFullError


@dataclass
class Clock:
    """A clock that stands still until a test moves it."""

    now: int = 1_000_000

    def __call__(self) -> float:
        return self.now


HAN = "".join(map(chr, range(0x4E00, 0x9FA6)))


def puts(key: str, document: bytes, expires: int | None = None) -> Callable[[Changes], Item]:
    return lambda changes: changes.put(key, document, expires=expires)


def appends(key: str, text: bytes) -> Callable[[Changes], Item]:
    def change(changes: Changes) -> Item:
        stored = changes.get(key)
        return changes.put(key, (stored.document if stored else b"") + text)

    return change


def deletes(key: str) -> Callable[[Changes], None]:
    return lambda changes: changes.delete(key)


def keys(items: list[Item]) -> list[str]:
    return [item.key for item in items]


def found(store: Store, actor: str, key: str, tenant: str = "t") -> bytes | None:
    (item,) = store.get(tenant, actor, key)
    return item.document if item else None


def deletes_numbers(changes: Changes) -> int | None:
    """Delete what begins with `number/`, two at a time."""
    for item in changes.scan("number/", "number0", 2):
        changes.delete(item.key)
    return 0 if changes.scan("number/", "number0", 1) else None


def comes_twice(changes: Changes) -> int | None:
    stored = changes.get("days")
    changes.put("days", (stored.document if stored else b"") + b"|")
    return None if stored else Clock.now + 86_400 * 2


def comes_at_a_time_that_has_passed(changes: Changes) -> int | None:
    stored = changes.get("late")
    document = (stored.document if stored else b"") + b"|"
    changes.put("late", document)
    return Clock.now - 1 if len(document) < 10 else None


def fails(changes: Changes) -> int | None:
    changes.put("failed", b"1")
    raise RuntimeError("canary")


WORK: dict[str, Work] = {
    "numbers": deletes_numbers,
    "daily": comes_twice,
    "late": comes_at_a_time_that_has_passed,
    "failing": fails,
}
"""The kinds of work that the store under test is given."""


def copies(store: Store, tenant: str, actor: str) -> None:
    """Write to another actor and to this one, three times."""
    store.write(tenant, f"copy of {actor}", appends("copied", b"|"))
    if found(store, actor, "fails", tenant):
        raise RuntimeError("failed")

    def ends(changes: Changes) -> None:
        if appends("copied", b"|")(changes).document == b"|||":
            changes.unschedule("copying")

    store.write(tenant, actor, ends)


TASKS: dict[str, Task] = {"copying": copies}
"""The kinds of tasks that the store under test is given."""


class StoreSuite:
    def test_what_was_written_is_read(self, store: Store) -> None:
        written = store.write("t", "a", puts("profile", b"1"))
        assert (written.key, written.version, written.document) == ("profile", 1, b"1")
        assert store.get("t", "a", "profile") == [written]
        assert store.read("t", "a", lambda items: items.get("profile")) == written

    def test_what_is_not_there_is_none(self, store: Store) -> None:
        assert store.get("t", "a", "profile") == [None]
        assert store.read("t", "a", lambda items: items.get("profile")) is None

    def test_several_items_are_read_at_once_in_the_order_asked_for(self, store: Store) -> None:
        one, two = (store.write("t", "a", puts(key, b"1")) for key in ("one", "two"))
        mark = store.write("t", "a", puts("mark/three", b"1"))
        asked, expected = ("two", "none", "mark/three", "one"), [two, None, mark, one]
        assert store.get("t", "a", *asked) == expected
        assert store.read("t", "a", lambda items: items.get_all(*asked)) == expected
        assert store.write("t", "a", lambda changes: changes.get_all(*asked)) == expected

    def test_tenants_actors_and_keys_are_kept_apart(self, store: Store) -> None:
        places = [
            ("a", "b/c", "k"),
            ("a/b", "c", "k"),
            ("a", "B/c", "k"),
            ("", "a", "k"),
            ("a", "", "k"),
            ("a", "b/c", "K"),
            ("a", "b", "mark/k"),
            ("ab", "", "mark/k"),
            ("", "ab", "mark/k"),
            ("a", "\u00e9", "k"),
            ("a", "e\u0301", "k"),
        ]
        for tenant, actor, key in places:
            store.write(tenant, actor, puts(key, f"{tenant}|{actor}|{key}".encode()))
        for tenant, actor, key in places:
            assert found(store, actor, key, tenant) == f"{tenant}|{actor}|{key}".encode()
        assert found(store, "b", "k", "a") is None

    def test_the_longest_names_are_kept(self, store: Store) -> None:
        # Random, so that no index makes them shorter than they are.
        chance = random.Random(7)
        tenant, actor = (
            "".join(chance.choices(range_of, k=size)) for range_of, size in ((string.printable, 64), (HAN, 341))
        )
        for key in ("event-id/" + "".join(chance.choices(string.ascii_letters, k=300)), "mark/k"):
            written = store.write(tenant, actor, puts(key, b"1"))
            assert store.get(tenant, actor, key) == [written]
        assert store.actors(tenant, None, 10) == [actor]

    def test_a_change_is_a_new_version_of_the_same_life(self, store: Store) -> None:
        first = store.write("t", "a", puts("k", b"1"))
        assert store.write("t", "a", puts("k", b"2")) == Item("k", first.life, 2, b"2")

    def test_equal_content_changes_nothing(self, store: Store) -> None:
        first = store.write("t", "a", puts("k", b"1"))
        assert store.write("t", "a", puts("k", b"1")) == first

    def test_a_new_life_begins_after_a_deletion(self, store: Store) -> None:
        first = store.write("t", "a", puts("k", b"1"))
        store.write("t", "a", deletes("k"))
        assert store.get("t", "a", "k") == [None]
        again = store.write("t", "a", puts("k", b"1"))
        assert again.version == 1
        assert again.life != first.life

    def test_a_new_life_begins_where_one_change_deletes_and_stores_again(self, store: Store) -> None:
        first = store.write("t", "a", puts("k", b"1"))

        def begins_anew(changes: Changes) -> Item:
            changes.delete("k")
            return changes.put("k", b"1")

        again = store.write("t", "a", begins_anew)
        assert (again.version, again.document) == (1, b"1")
        assert again.life != first.life
        assert store.get("t", "a", "k") == [again]

    def test_deleting_what_is_not_there_is_nothing(self, store: Store) -> None:
        store.write("t", "a", deletes("k"))
        assert store.get("t", "a", "k") == [None]

    def test_a_change_sees_what_it_has_changed(self, store: Store) -> None:
        def change(changes: Changes) -> list[str]:
            changes.put("n/1", b"1")
            changes.put("n/2", b"2")
            changes.delete("n/1")
            assert changes.get("n/1") is None
            return keys(changes.scan("n/", "n0", 10))

        assert store.write("t", "a", change) == ["n/2"]

    def test_a_change_that_only_stores_sees_each_item_at_once(self, store: Store) -> None:
        def change(changes: Changes) -> list[list[str]]:
            seen = []
            for key in ("n/2", "n/1", "n/3"):
                stored = changes.put(key, b"1")
                assert changes.get(key) == stored
                assert changes.get_all(key, "none") == [stored, None]
                seen.append(keys(changes.scan("n/", "n0", 10)))
            return seen

        assert store.write("t", "a", change) == [["n/2"], ["n/1", "n/2"], ["n/1", "n/2", "n/3"]]
        assert keys(store.read("t", "a", lambda items: items.scan("n/", "n0", 10))) == ["n/1", "n/2", "n/3"]

    @pytest.mark.parametrize("amount", [1, 2, 3])
    @pytest.mark.parametrize("scans", [False, True])
    def test_what_a_change_stored_before_it_raised_is_not_there(self, store: Store, amount: int, scans: bool) -> None:
        def change(changes: Changes) -> None:
            for number in range(amount):
                changes.put(f"n/{number}", b"2")
            if scans:
                changes.scan("n/", "n0", 10)
            raise KeyError("mine")

        before = store.write("t", "a", puts("n/0", b"1"))
        with pytest.raises(KeyError, match="mine"):
            store.write("t", "a", change)
        assert store.read("t", "a", lambda items: items.scan("n/", "n0", 10)) == [before]

    def test_a_change_does_not_see_what_it_stored_to_be_gone_by_now(self, store: Store, clock: Clock) -> None:
        def change(changes: Changes) -> tuple[Item | None, Item | None]:
            changes.put("k", b"1")
            changes.put("k", b"2", expires=clock.now)
            return changes.get("k"), changes.get("other")

        assert store.write("t", "a", change) == (None, None)
        assert store.get("t", "a", "k") == [None]

    def test_a_scan_goes_either_way_between_its_bounds(self, store: Store) -> None:
        def fill(changes: Changes) -> None:
            for number in (3, 1, 2, 10):
                changes.put(f"event/{number:04}", b"1")
            changes.put("event0", b"1")
            changes.put("even", b"1")

        store.write("t", "a", fill)
        store.write("t", "b", puts("event/0001", b"other"))

        def scanned(first: str, last: str, limit: int, *, newest_first: bool = False) -> list[str]:
            return store.read("t", "a", lambda items: keys(items.scan(first, last, limit, newest_first=newest_first)))

        assert scanned("event/", "event0", 10) == ["event/0001", "event/0002", "event/0003", "event/0010"]
        assert scanned("event/", "event0", 2) == ["event/0001", "event/0002"]
        assert scanned("event/", "event0", 2, newest_first=True) == ["event/0010", "event/0003"]
        assert scanned("event/0002", "event/0003", 10) == ["event/0002"]
        assert scanned("event/0003", "event/0002", 10) == []

    def test_keys_are_in_the_order_of_their_bytes(self, store: Store) -> None:
        names = ["k/-", "k/.", "k/0", "k/10", "k/9", "k/A", "k/Z", "k/_", "k/a", "k/a:b", "k/aa"]

        def fill(changes: Changes) -> None:
            for name in reversed(names):
                changes.put(name, b"1")

        store.write("t", "a", fill)
        assert store.read("t", "a", lambda items: keys(items.scan("k/", "k0", 100))) == names

    def test_a_scan_goes_on_behind_a_key(self, store: Store) -> None:
        for name in ("k/a", "k/a-", "k/b"):
            store.write("t", "a", puts(name, b"1"))
        assert store.read("t", "a", lambda items: keys(items.scan(f"k/a{BEHIND}", "k0", 9))) == ["k/a-", "k/b"]

    def test_marks_are_scanned_among_themselves(self, store: Store) -> None:
        store.write("t", "a", puts("mark/k/1", b"1"))
        store.write("t", "a", puts("profile", b"1"))
        assert store.read("t", "a", lambda items: keys(items.scan("mark/", "mark0", 10))) == ["mark/k/1"]
        assert store.read("t", "a", lambda items: keys(items.scan("a", "z", 10))) == ["profile"]

    def test_a_view_reads_one_state(self, store: Store) -> None:
        store.write("t", "a", puts("one", b"1"))

        def view(items: Items) -> tuple[Item | None, Item | None]:
            before = items.get("one")
            store.write("t", "a", both)
            return before, items.get("two")

        def both(changes: Changes) -> None:
            changes.put("one", b"2")
            changes.put("two", b"2")

        before, after = store.read("t", "a", view)
        assert before is not None
        # A store without snapshots has the view look once more.
        assert (before.document, after and after.document) in {(b"1", None), (b"2", b"2")}
        assert found(store, "a", "two") == b"2"

    def test_a_view_that_raises_is_the_callers(self, store: Store) -> None:
        def view(items: Items) -> None:
            items.get("k")
            raise KeyError("mine")

        with pytest.raises(KeyError, match="mine"):
            store.read("t", "a", view)
        store.write("t", "a", puts("k", b"1"))
        assert found(store, "a", "k") == b"1"

    def test_a_change_that_raises_leaves_everything_as_it_was(self, store: Store) -> None:
        def change(changes: Changes) -> None:
            changes.put("k", b"2")
            changes.delete("other")
            changes.put("mark/k", b"2")
            changes.schedule("numbers")
            raise KeyError("mine")

        before = [store.write("t", "a", puts(key, b"1")) for key in ("k", "other")]
        with pytest.raises(KeyError, match="mine"):
            store.write("t", "a", change)
        assert store.get("t", "a", "k", "other", "mark/k") == [*before, None]

    def test_a_write_changes_a_bounded_number_of_items(self, store: Store) -> None:
        def puts_many(count: int) -> Callable[[Changes], None]:
            def change(changes: Changes) -> None:
                changes.get_all(*(f"n/{number}" for number in range(count)))
                for number in range(count):
                    changes.put(f"n/{number}", b"1")
                    changes.put(f"n/{number}", b"2")

            return change

        with pytest.raises(ValueError, match=str(MAX_CHANGES)):
            store.write("t", "a", puts_many(MAX_CHANGES + 1))
        assert found(store, "a", "n/0") is None
        store.write("t", "a", puts_many(MAX_CHANGES))
        assert found(store, "a", f"n/{MAX_CHANGES - 1}") == b"2"

    def test_a_write_stores_a_bounded_number_of_bytes(self, store: Store) -> None:
        def puts_much(changes: Changes) -> None:
            for number in range(MAX_STORED // MAX_DOCUMENT + 1):
                changes.put(f"n/{number}", b"1" * MAX_DOCUMENT)

        for change in (puts("n/0", b"1" * (MAX_DOCUMENT + 1)), puts_much):
            with pytest.raises(ValueError, match=str(MAX_DOCUMENT)):
                store.write("t", "a", change)
        assert found(store, "a", "n/0") is None

    def test_an_item_expires_at_its_time(self, store: Store, clock: Clock) -> None:
        store.write("t", "a", puts("k", b"1", expires=clock.now + 10))
        store.write("t", "a", puts("mark/k", b"1", expires=clock.now + 10))
        clock.now += 9
        assert None not in store.get("t", "a", "k", "mark/k")
        clock.now += 1
        assert store.get("t", "a", "k", "mark/k") == [None, None]
        assert store.read("t", "a", lambda items: (items.get("k"), items.scan("a", "z", 10))) == (None, [])

    def test_what_has_expired_is_gone_for_a_change_too(self, store: Store, clock: Clock) -> None:
        first = store.write("t", "a", puts("k", b"1", expires=clock.now + 10))
        clock.now += 10
        again = store.write("t", "a", puts("k", b"1"))
        assert again.version == 1
        assert again.life != first.life
        clock.now += 100
        assert found(store, "a", "k") == b"1"

    def test_a_later_expiry_is_no_new_version(self, store: Store, clock: Clock) -> None:
        first = store.write("t", "a", puts("k", b"1", expires=clock.now + 10))
        assert store.write("t", "a", puts("k", b"1", expires=clock.now + 20)) == first
        clock.now += 15
        assert store.get("t", "a", "k") == [first]

    def test_actors_are_listed_in_the_order_of_the_bytes_of_their_ids(self, store: Store) -> None:
        # By code points U+FF5E comes before U+1F600; by UTF-16, which no store may go by, it comes after.
        ids = ["!", "A", "a", "a b", "a.b", "ab", "mark", "mark.", "mark0", "\u00e9", "\uff5e", "\U0001f600"]
        for actor in reversed(ids):
            store.write("t", actor, puts("profile", b"1"))
            store.write("t", actor, puts("event/1", b"1"))
            store.write("t", actor, puts("mark/consent", b"1"))
        assert store.actors("t", None, 100) == ids
        for limit in (1, 5):
            walked: list[str] = []
            while page := store.actors("t", walked[-1] if walked else None, limit):
                assert len(page) <= limit
                walked += page
            assert walked == ids
        assert store.actors("t", "a!", 1) == ["a.b"], "an actor who is not there still marks a place"
        assert store.actors("t", ids[-1], 1) == []

    def test_actors_are_those_of_one_tenant_who_have_items(self, store: Store) -> None:
        store.write("t", "a", puts("profile", b"1"))
        store.write("t", "only-a-mark", puts("mark/consent", b"1"))
        store.write("t", "forgotten", puts("profile", b"1"))
        store.write("t", "forgotten", deletes("profile"))
        store.write("s", "b", puts("profile", b"1"))
        store.write("tt", "c", puts("profile", b"1"))
        store.write("", "/credentials", puts("credential/1", b"1"))
        assert [store.actors(tenant, None, 10) for tenant in ("t", "s", "tt", "u", "")] == [["a"], ["b"], ["c"], [], []]

    def test_actors_that_come_and_go_make_no_other_be_passed_over(self, store: Store) -> None:
        for actor in ("b", "d", "f", "h"):
            store.write("t", actor, puts("k", b"1"))
        assert store.actors("t", None, 2) == ["b", "d"]
        store.write("t", "d", deletes("k"))
        for actor in ("a", "c", "e"):
            store.write("t", actor, puts("k", b"1"))
        assert store.actors("t", "d", 10) == ["e", "f", "h"]

    def test_a_limit_holds_for_writes_that_make_an_actor_and_for_no_others(self, limited_store: Store) -> None:
        store = limited_store
        for actor, key in (("a", "profile"), ("b", "preference/theme"), ("c", "event/1")):
            store.write("t", actor, puts(key, b"1"))
        for key in ("profile", "preference/theme", "event/1"):
            with pytest.raises(TenantFullError):
                store.write("t", "d", puts(key, b"1"))
        store.write("t", "a", puts("event/1", b"1"))
        store.write("u", "d", puts("profile", b"1"))
        for key in ("mark/consent", "standing", "idempotency/0000"):
            store.write("t", "d", puts(key, b"1"))
        assert store.get("t", "d", "profile", "preference/theme", "event/1") == [None] * 3

    def test_who_has_gone_leaves_a_place(self, limited_store: Store) -> None:
        store = limited_store
        for actor in ("a", "b", "c"):
            store.write("t", actor, puts("profile", b"1"))
            store.write("t", actor, puts("event/1", b"1"))
        store.write("t", "b", deletes("profile"))
        with pytest.raises(TenantFullError):
            store.write("t", "d", puts("profile", b"1"))
        store.write("t", "b", deletes("event/1"))
        store.write("t", "d", puts("profile", b"1"))
        with pytest.raises(TenantFullError):
            store.write("t", "b", puts("profile", b"1"))
        assert store.actors("t", None, 10) == ["a", "c", "d"]

    def test_a_write_that_makes_one_actor_too_many_leaves_everything_as_it_was(self, limited_store: Store) -> None:
        def change(changes: Changes) -> None:
            changes.put("mark/consent", b"1")
            changes.put("profile", b"1")
            changes.schedule("daily")

        store = limited_store
        for actor in ("a", "b", "c"):
            store.write("t", actor, puts("profile", b"1"))
        with pytest.raises(TenantFullError):
            store.write("t", "d", change)
        assert store.get("t", "d", "mark/consent", "profile") == [None, None]
        assert store.backlog() == 0

    def test_concurrent_changes_of_one_item_lose_nothing(self, store: Store) -> None:
        with ThreadPoolExecutor(16) as pool:
            versions = list(pool.map(lambda _: store.write("t", "a", appends("k", b"x")).version, range(200)))
        assert sorted(versions) == list(range(1, 201))
        assert found(store, "a", "k") == b"x" * 200

    def test_concurrent_changes_take_numbers_without_gap_or_double(self, store: Store) -> None:
        def take(_index: int) -> int:
            def change(changes: Changes) -> int:
                stored = changes.get("head")
                number = int(stored.document) + 1 if stored else 1
                changes.put("head", str(number).encode())
                changes.put(f"event/{number:016}", b"1")
                return number

            return store.write("t", "a", change)

        with ThreadPoolExecutor(16) as pool:
            numbers = list(pool.map(take, range(100)))
        assert sorted(numbers) == list(range(1, 101))
        stored = store.read("t", "a", lambda items: keys(items.scan("event/", "event0", 1_000)))
        assert stored == [f"event/{number:016}" for number in range(1, 101)]

    def test_readers_see_all_of_a_change_or_nothing(self, store: Store) -> None:
        def both(number: int) -> Callable[[Changes], None]:
            def change(changes: Changes) -> None:
                changes.put("one", str(number).encode())
                changes.put("mark/two", str(number).encode())

            return change

        def documents(items: list[Item | None]) -> set[bytes | None]:
            return {item.document if item else None for item in items}

        def look(_index: int) -> int:
            at_once = documents(store.get("t", "a", "one", "mark/two"))
            in_a_view = store.read("t", "a", lambda items: documents([items.get("one"), items.get("mark/two")]))
            return max(len(at_once), len(in_a_view))

        with ThreadPoolExecutor(8) as pool:
            writes = [pool.submit(store.write, "t", "a", both(number)) for number in range(100)]
            seen = set(pool.map(look, range(200)))
            assert [write.result() for write in writes] == [None] * 100
        assert seen == {1}

    def test_one_refusal_does_not_touch_the_changes_beside_it(self, store: Store) -> None:
        def refuses(_changes: Changes) -> Item:
            raise KeyError

        def write(index: int) -> bool:
            try:
                store.write("t", f"a{index}", refuses if index % 3 == 0 else puts("k", b"1"))
            except KeyError:
                return False
            return True

        with ThreadPoolExecutor(16) as pool:
            outcomes = list(pool.map(write, range(90)))
        assert outcomes == [index % 3 != 0 for index in range(90)]
        assert [found(store, f"a{index}", "k") is not None for index in range(90)] == outcomes

    def test_work_is_done_step_by_step_until_it_is_finished(self, store: Store, sweep: Callable[[], None]) -> None:
        def fill(changes: Changes) -> None:
            for number in range(5):
                changes.put(f"number/{number}", b"1")
            changes.put("other", b"1")
            changes.schedule("numbers")

        for actor in ("a", "b"):
            store.write("t", actor, fill)
        sweep()
        for actor in ("a", "b"):
            assert store.read("t", actor, lambda items: keys(items.scan("a", "z", 10))) == ["other"]
        store.write("t", "a", puts("number/1", b"1"))
        sweep()
        assert found(store, "a", "number/1") == b"1"

    def test_work_whose_next_time_has_passed_waits_for_the_next_round(
        self, store: Store, clock: Clock, sweep: Callable[[], None]
    ) -> None:
        store.write("t", "a", lambda changes: changes.schedule("late"))
        for rounds in (1, 2):
            sweep()
            assert found(store, "a", "late") == b"|" * rounds
            clock.now += 1

    def test_work_waits_for_its_time(self, store: Store, clock: Clock, sweep: Callable[[], None]) -> None:
        store.write("t", "a", lambda changes: changes.schedule("daily", clock.now + 86_400))
        store.write("t", "a", lambda changes: changes.schedule("daily", clock.now + 90_000))
        sweep()
        assert found(store, "a", "days") is None
        clock.now += 86_400
        for _ in range(2):
            sweep()
            assert found(store, "a", "days") == b"|"
        clock.now += 86_400
        sweep()
        assert found(store, "a", "days") == b"||"

    def test_work_that_fails_is_put_off_and_holds_up_no_other(
        self, store: Store, clock: Clock, sweep: Callable[[], None], caplog: pytest.LogCaptureFixture
    ) -> None:
        store.write("t", "a", lambda changes: changes.schedule("failing"))
        store.write("t", "b", lambda changes: changes.schedule("daily"))
        sweep()
        assert (found(store, "a", "failed"), found(store, "b", "days")) == (None, b"|")
        failures = len(caplog.records)
        assert failures > 0
        sweep()
        assert len(caplog.records) == failures
        clock.now += 3_600
        sweep()
        assert len(caplog.records) > failures

    def test_work_that_is_taken_off_is_not_done(self, store: Store, clock: Clock, sweep: Callable[[], None]) -> None:
        def schedules(changes: Changes) -> None:
            for kind in ("daily", "unknown"):
                changes.schedule(kind, clock.now + 10)

        for actor in ("a", "b"):
            store.write("t", actor, schedules)
        store.write("t", "a", lambda changes: changes.unschedule("daily"))
        store.write("t", "b", lambda changes: changes.unschedule())
        clock.now += 10
        assert store.backlog() == 1
        sweep()
        assert (found(store, "a", "days"), found(store, "b", "days")) == (None, None)

    def test_a_task_is_done_step_by_step_until_a_change_takes_it_off(
        self, store: Store, sweep: Callable[[], None]
    ) -> None:
        store.write("t", "a", lambda changes: changes.schedule("copying"))
        store.write("t", "b", lambda changes: changes.schedule("daily"))
        sweep()
        assert [found(store, actor, "copied") for actor in ("a", "copy of a")] == [b"|||", b"|||"]
        assert found(store, "b", "days") == b"|"
        sweep()
        assert found(store, "a", "copied") == b"|||"

    def test_a_task_that_fails_is_put_off_and_goes_on_where_it_was(
        self, store: Store, clock: Clock, sweep: Callable[[], None], caplog: pytest.LogCaptureFixture
    ) -> None:
        store.write("t", "canary", puts("fails", b"1"))
        store.write("t", "canary", lambda changes: changes.schedule("copying"))
        for _ in range(2):
            sweep()
            assert [found(store, actor, "copied") for actor in ("canary", "copy of canary")] == [None, b"|"]
        assert "canary" not in caplog.text
        store.write("t", "canary", deletes("fails"))
        clock.now += 3_600
        sweep()
        assert [found(store, actor, "copied") for actor in ("canary", "copy of canary")] == [b"|||", b"||||"]

    def test_a_store_that_serves_has_no_trouble_and_a_closed_one_is_not_available(self, store: Store) -> None:
        assert store.trouble() is None
        store.close()
        assert store.trouble() is not None
        with pytest.raises(StoreUnavailableError):
            store.write("t", "a", puts("k", b"1"))
