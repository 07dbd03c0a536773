"""What every store does."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from tama.control_plane.errors import StoreError
from tama.control_plane.keys import Key
from tama.control_plane.store import Taken, Transaction

if TYPE_CHECKING:
    from tama.control_plane.store import Entry, Store

Open = Callable[[], "Store"]
Work = Callable[[Transaction], None]


def key(name: str, *, exclusive: bool = True) -> Key:
    return Key("space", ("slug",), [name], exclusive=exclusive)


def add(
    kind: str, id_: str, targets: tuple[str, ...] = (), keys: tuple[Key, ...] = ()
) -> Callable[[Transaction], None]:
    return lambda transaction: transaction.add(kind, [({"id": id_}, targets, keys)])


def get(kind: str, id_: str) -> Callable[[Transaction], Any]:
    return lambda transaction: transaction.get(kind, id_)


def test_a_document_comes_back_as_it_was(store: Store) -> None:
    document = {"id": "a", "z": [1.0, 10**30, 0.1, None, True], "a": "é\0\ud800 \U0001f600\n", "": {"b": {}, "a": []}}
    store.write(lambda transaction: transaction.add("space", [(document, (), ())]))

    found = store.read(get("space", "a"))

    assert repr(found) == repr(document)


def test_an_object_is_got_by_its_kind_and_id(store: Store) -> None:
    store.write(add("space", "a"))

    def read(transaction: Transaction) -> None:
        assert transaction.has("space", "a")
        for kind, id_ in (
            ("class", "a"),
            ("space", "b"),
            ("space", ""),
            ("space", "é"),
            ("space", "a\0"),
            ("space", "\ud800"),
        ):
            assert transaction.get(kind, id_) is None
            assert not transaction.has(kind, id_)

    store.read(read)


def test_many_objects_are_added_and_replaced_at_once(store: Store) -> None:
    entries: list[Entry] = [({"id": f"{number:04}"}, ["of"], [key(f"{number}")]) for number in range(1500)]
    later: list[Entry] = [
        ({"id": f"{number:04}", "new": True}, [], [key(f"new {number}")]) for number in range(0, 1500, 2)
    ]

    def work(transaction: Transaction) -> None:
        transaction.add("space", [({"id": "of"}, [], [])])
        transaction.add("class", entries)
        transaction.replace("class", later)

    store.write(work)

    def read(transaction: Transaction) -> None:
        assert [one["id"] for one in transaction.all("class")] == [f"{number:04}" for number in range(1500)]
        assert [one["id"] for one in transaction.all("class", "of")] == [f"{number:04}" for number in range(1, 1500, 2)]
        assert transaction.find(key("0")) is None
        assert transaction.find(key("1")) == {"id": "0001"}
        assert transaction.find(key("new 1498")) == {"id": "1498", "new": True}

    store.read(read)


def test_objects_are_listed_by_age_and_what_is_not_there_is_an_empty_list(store: Store) -> None:
    for id_ in ("0190b", "0190a", "0190-", "0190B"):
        store.write(add("space", id_))

    assert [one["id"] for one in store.read(lambda transaction: transaction.all("space"))] == [
        "0190-",
        "0190B",
        "0190a",
        "0190b",
    ]
    assert store.read(lambda transaction: transaction.all("class")) == []
    store.write(lambda transaction: transaction.add("class", []))


def test_an_error_within_a_transaction_undoes_it(store: Store) -> None:
    def fail_after_a_write(transaction: Transaction) -> None:
        transaction.add("space", [({"id": "a"}, [], [])])
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        store.write(fail_after_a_write)

    assert store.read(get("space", "a")) is None


def test_an_exclusive_key_is_one_objects_alone_also_for_another_process(open_store: Open) -> None:
    first, second = open_store(), open_store()
    first.write(add("space", "a", keys=(key("x"),)))
    first.write(add("class", "b", keys=(key("y", exclusive=False),)))
    first.write(add("class", "c", keys=(key("y", exclusive=False),)))

    with pytest.raises(Taken) as taken:
        second.write(add("space", "d", keys=(key("free"), key("x"))))

    assert taken.value.fields == ("slug",)
    assert second.read(lambda transaction: transaction.find(key("x"))) == {"id": "a"}
    assert second.read(lambda transaction: transaction.find(key("y"))) == {"id": "b"}
    assert second.read(lambda transaction: transaction.find(key("free"))) is None
    assert second.read(get("space", "d")) is None


def test_a_key_may_be_as_long_as_any_name(store: Store) -> None:
    long = [key("é" * 100_000 + end) for end in ("a", "b")]
    for id_, one in zip("ab", long, strict=True):
        store.write(add("space", id_, keys=(one,)))

    assert store.read(lambda transaction: [transaction.find(one) for one in long]) == [{"id": "a"}, {"id": "b"}]
    with pytest.raises(Taken):
        store.write(add("space", "c", keys=(long[0],)))


def test_what_refers_to_a_deleted_object_goes_with_it(store: Store) -> None:
    def work(transaction: Transaction) -> None:
        transaction.add("space", [({"id": "a"}, [], []), ({"id": "b"}, [], [])])
        transaction.add("class", [({"id": "in-a"}, ["a"], [key("x")]), ({"id": "in-b"}, ["b"], [])])
        transaction.add("node", [({"id": "in-both"}, ["in-a", "in-b"], [])])
        transaction.add_job("in-both")

    store.write(work)
    assert not store.write(lambda transaction: transaction.delete("class", "a"))
    assert store.write(lambda transaction: transaction.delete("space", "a"))

    def read(transaction: Transaction) -> None:
        assert [transaction.has(*one) for one in (("space", "a"), ("class", "in-a"), ("node", "in-both"))] == [
            False
        ] * 3
        assert transaction.has("class", "in-b")
        assert transaction.find(key("x")) is None

    store.read(read)


def test_a_link_leads_to_an_object_that_exists(store: Store) -> None:
    with pytest.raises(StoreError):
        store.write(add("class", "b", ("a",)))
    assert store.read(get("class", "b")) is None


def test_a_create_is_kept_for_its_client_and_its_time(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    later = time.time() + 61

    def make(transaction: Transaction) -> None:
        transaction.add("space", [({"id": "a"}, [], [])])
        transaction.keep_create("client", "made", "digest", "a", 60)
        transaction.keep_create("client", "burnt", "", None, 120)
        transaction.delete("space", "a")

    def find(client: str, key: str) -> tuple[str, str | None] | None:
        return store.read(lambda transaction: transaction.find_create(client, key))

    store.write(make)
    assert find("client", "made") == ("digest", "a")
    assert find("client", "burnt") == ("", None)
    assert find("other", "made") is None
    monkeypatch.setattr("time.time", lambda: later)
    assert find("client", "made") is None
    store.write(lambda transaction: transaction.keep_create("client", "made", "another", "b", 60))
    assert find("client", "made") == ("another", "b")
    store.write(lambda transaction: transaction.forget_creates())
    assert [find("client", key) for key in ("made", "burnt")] == [("another", "b"), ("", None)]


def test_a_job_is_one_claims_alone_until_that_ends(open_store: Open) -> None:
    first, second = open_store(), open_store()
    first.write(add("space", "a"))

    def claim(store: Store, name: str, seconds: float) -> bool:
        return store.write(lambda transaction: transaction.claim_job("a", name, seconds))

    def waiting() -> list[str]:
        return second.read(lambda transaction: transaction.waiting_jobs("space", 9))

    assert not claim(first, "one", 60)
    first.write(lambda transaction: transaction.add_job("a"))
    assert waiting() == ["a"]
    assert claim(first, "one", 0.2)
    assert not claim(second, "two", 60)
    assert waiting() == []
    time.sleep(0.3)
    assert waiting() == ["a"]
    assert claim(second, "two", 60)
    assert not claim(first, "one", 5)
    assert not first.write(lambda transaction: transaction.finish_job("a", "one"))
    first.write(lambda transaction: transaction.add_job("a"))
    assert not second.write(lambda transaction: transaction.finish_job("a", "two"))
    assert claim(first, "three", 60)
    first.write(lambda transaction: transaction.keep_jobs(["three", "lost"], 0.2))
    assert not claim(second, "two", 60)
    time.sleep(0.3)
    assert waiting() == ["a"]
    assert first.write(lambda transaction: transaction.finish_job("a", "three"))
    assert not claim(second, "two", 60)
