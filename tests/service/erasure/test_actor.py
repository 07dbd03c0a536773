"""Erasing an actor, as callers see it, and what is left in the store."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from service.items import MAX_CHANGES, Changes
from service.personalization.erasure import erasing
from service.personalization.standing import Standing, aliases, put_aliases
from service.storage import StoreUnavailableError
from tests.service.client import Client, ServiceAnswer
from tests.service.erasure.calls import (
    KEYED,
    AnyLog,
    append,
    erase,
    everything,
    fill,
    is_work_left,
    items,
    marks,
    owners,
    reads,
    withdraw,
)
from tests.service.server import BASE
from tests.service.stores import AnyStore
from tests.service.test_consent import NAMES

pytestmark = pytest.mark.every_store


def make_alias(store: AnyStore, alias: str, target: str) -> None:
    store.write("default", alias, Standing(alias_of=target).store)
    store.write("default", target, lambda changes: put_aliases(changes, [*aliases(changes), alias]))


def test_with_the_answer_an_actor_reads_as_one_nobody_knows(client: Client, idle: AnyStore) -> None:
    fill(client, "a")
    answer = erase(client, "a")
    assert answer.status_code == 202
    assert items(idle, "a"), "nothing is deleted yet"
    assert reads(client, "a") == reads(client, "nobody")
    refused = client.put("a", NAMES)
    assert (refused.status_code, refused.json["code"], refused.headers["Retry-After"]) == (
        409,
        "erasure_in_progress",
        "1",
    )


def test_everything_is_deleted_and_the_id_is_free(client: Client, store: AnyStore) -> None:
    fill(client, "a")
    fill(client, "b")
    kept = reads(client, "b")
    erase(client, "a")
    store.sweep()
    assert items(store, "a") == []
    assert store.backlog() == 0
    assert reads(client, "a") == reads(client, "nobody")
    assert reads(client, "b") == kept
    assert client.put("a", NAMES).status_code == 201
    assert append(client, "a", "e-1").status_code == 201, "the ids of events are free too"


def test_an_actor_nobody_knows_gets_the_same_answer(client: Client, store: AnyStore) -> None:
    fill(client, "a")
    known, unknown = erase(client, "a"), erase(client, "nobody")
    assert (known.status_code, known.json.keys()) == (unknown.status_code, unknown.json.keys())
    store.sweep()
    assert items(store, "nobody") == []


def test_an_erasure_that_is_under_way_goes_on(client: Client, idle: AnyStore, log: AnyLog) -> None:
    fill(client, "a")
    first, second = erase(client, "a"), erase(client, "a")
    assert second.json == first.json
    assert log.ids == [first.json["erasure_id"]]


def test_each_erasure_has_an_id_of_its_own(client: Client, store: AnyStore, log: AnyLog) -> None:
    ids = []
    for _ in range(3):
        fill(client, "a")
        ids.append(erase(client, "a").json["erasure_id"])
        assert log.ids[-1] == ids[-1]
        store.sweep()
    assert len(set(ids)) == 3
    assert len({tuple(entry["erased"]) for entry in log.entries}) == 1


def test_it_works_without_consent_which_stays_withdrawn(client: Client, store: AnyStore) -> None:
    fill(client, "a")
    withdraw(client, "a")
    assert erase(client, "a").status_code == 202
    store.sweep()
    assert items(store, "a") == []
    assert client.put("a", NAMES).json["code"] == "consent_withdrawn"
    assert withdraw(client, "a", body={"status": "given"}).json == {"status": "given"}
    assert client.get("a").status_code == 404


def test_a_long_history_is_deleted_in_steps(client: Client, store: AnyStore) -> None:
    for number in range(8):
        append(client, "a", *(f"e-{number}-{each}" for each in range(40)))
    assert len(items(store, "a")) > 6 * MAX_CHANGES
    erase(client, "a")
    store.sweep()
    assert items(store, "a") == []


@pytest.mark.parametrize("count", [MAX_CHANGES + more for more in (-2, -1, 0, 1)])
def test_no_number_of_items_is_too_many_or_left_over(client: Client, store: AnyStore, count: int) -> None:
    def change(changes: Changes) -> None:
        keys = [f"event/{number}" for number in range(min(count, MAX_CHANGES))]
        changes.get_all(*keys)  # by one request, where each put would make one
        for key in keys:
            changes.put(key, b"1")

    store.write("default", "a", change)
    if count > MAX_CHANGES:
        store.write("default", "a", lambda changes: changes.put("event/x", b"1"))
    erase(client, "a")
    store.sweep()
    assert items(store, "a") == []
    assert store.backlog() == 0


def test_work_that_was_scheduled_for_later_goes_too(client: Client, store: AnyStore) -> None:
    append(client, "a", "e-1")
    store.write("default", "a", lambda changes: changes.schedule("of a later version", 2_000_000_000))
    erase(client, "a")
    store.sweep()
    assert not is_work_left(store)


@pytest.mark.every_store(but="dynamodb")
@pytest.mark.parametrize("fails_at", range(1, 12))
def test_what_a_crash_cut_off_is_done_at_the_next_start(
    client: Client, idle: AnyStore, log: AnyLog, monkeypatch: pytest.MonkeyPatch, fails_at: int
) -> None:
    append(client, "named", *(f"e-{each}" for each in range(40)))
    append(client, "named", *(f"f-{each}" for each in range(40)))
    fill(client, "visitor")
    make_alias(idle, "visitor", "named")
    answer = erase(client, "named")
    calls = 0
    write = idle.write

    def crashes(*arguments: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == fails_at:
            raise KeyboardInterrupt
        return write(*arguments)

    with monkeypatch.context() as crashing:
        crashing.setattr(idle, "write", crashes)
        try:
            for actor in ("named", "visitor") * 4:
                erasing.step(idle, "default", actor)
        except KeyboardInterrupt:
            assert calls == fails_at
    monkeypatch.setattr(idle._rounds, "tasks", {erasing.WORK: erasing.step})
    idle.sweep()
    assert [items(idle, actor) for actor in ("named", "visitor")] == [[], []]
    assert idle.backlog() == 0
    assert set(log.ids) == {answer.json["erasure_id"]}


def test_nothing_is_deleted_before_the_erasure_is_in_the_log(
    client: Client, store: AnyStore, monkeypatch: pytest.MonkeyPatch, log: AnyLog
) -> None:
    def fails(*_: Any) -> None:
        raise StoreUnavailableError

    fill(client, "a")
    fill(client, "b")
    before = items(store, "a")
    with monkeypatch.context() as full:
        full.setattr(store, "record_erasure", fails)
        assert erase(client, "a").json["code"] == "store_unavailable"
        store.write("default", "b", lambda changes: changes.schedule("other"))
        other = {"other": lambda changes: changes.delete("profile")}
        full.setattr(store._rounds, "work", other)
        store.sweep()
        assert set(before) < set(items(store, "a"))
        assert client.get("a").status_code == 404, "it is hidden all the same"
        assert client.get("b").status_code == 404, "other work goes on"
    now = store._clock()
    monkeypatch.setattr(store, "_clock", lambda: now + 2)
    store.sweep()
    assert items(store, "a") == []
    assert len(log.entries) == 1


def test_erasing_an_alias_erases_the_whole_person(client: Client, store: AnyStore, log: AnyLog) -> None:
    fill(client, "named")
    fill(client, "other")
    for alias in ("visitor", "guest"):
        make_alias(store, alias, "named")
    answer = erase(client, "visitor")
    store.sweep()
    for actor in ("named", "visitor", "guest"):
        assert items(store, actor) == []
        assert client.get(actor).status_code == 404
    assert client.get("other").status_code == 200
    assert not any(id_ in str(row) for row in everything(store) for id_ in ("named", "visitor", "guest"))
    (entry,) = log.entries
    assert (entry["erasure"], len(entry["erased"])) == (answer.json["erasure_id"], 3)
    assert client.put("visitor", NAMES).status_code == 201
    assert client.get("named").status_code == 404, "what was an alias is an actor of its own"


def test_a_withdrawal_outlives_the_erasure_under_every_id_of_the_person(client: Client, store: AnyStore) -> None:
    fill(client, "named")
    make_alias(store, "visitor", "named")
    withdraw(client, "visitor", "erase=true")
    store.sweep()
    for actor in ("named", "visitor"):
        assert items(store, actor) == []
        assert client.put(actor, NAMES).json["code"] == "consent_withdrawn"


def test_an_id_that_has_become_somebodys_own_is_not_erased_with_its_former_target(
    client: Client, store: AnyStore
) -> None:
    fill(client, "named")
    fill(client, "visitor")
    store.write("default", "named", lambda changes: put_aliases(changes, ["visitor"]))
    erase(client, "named")
    store.sweep()
    assert items(store, "named") == []
    assert client.get("visitor").status_code == 200


class TestMerges:
    """Two ids that are being merged are one person, and an erasure does not wait for the merge."""

    @pytest.fixture
    def merging(self, idle: AnyStore) -> AnyStore:
        """A store with a merge under way, of an id to which another one leads."""
        standings = {
            "named": Standing(merging_from="visitor"),
            "visitor": Standing(merging_into="named"),
            "guest": Standing(alias_of="visitor"),
        }
        for actor, standing in standings.items():
            idle.write("default", actor, standing.store)
        for actor in ("named", "visitor"):
            idle.write("default", actor, lambda changes: changes.put("event/1", b"{}"))
        idle.write("default", "visitor", lambda changes: put_aliases(changes, ["guest"]))
        return idle

    def erased(self, store: AnyStore, monkeypatch: pytest.MonkeyPatch) -> set[str]:
        monkeypatch.setattr(store._rounds, "tasks", {erasing.WORK: erasing.step})
        store.sweep()
        assert store.backlog() == 0
        return {actor for actor in ("named", "visitor", "guest") if not items(store, actor)}

    @pytest.mark.every_store(but="dynamodb")
    @pytest.mark.parametrize("actor", ["named", "visitor", "guest"])
    @pytest.mark.parametrize("is_shown", [False, True])
    def test_every_id_is_erased_whichever_is_named(
        self, client: Client, merging: AnyStore, monkeypatch: pytest.MonkeyPatch, actor: str, is_shown: bool
    ) -> None:
        if is_shown:
            merging.write("default", "named", lambda changes: put_aliases(changes, ["visitor", "guest"]))
        assert erase(client, actor).status_code == 202
        for each in ("named", "visitor"):
            assert merging.read("default", each, Standing.of).erasure, "both are hidden with the answer"
        assert self.erased(merging, monkeypatch) == {"named", "visitor", "guest"}

    def test_a_target_that_has_not_begun_is_another_actor(
        self, client: Client, merging: AnyStore, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        merging.write("default", "named", lambda changes: changes.delete("standing"))
        erase(client, "visitor")
        assert self.erased(merging, monkeypatch) == {"visitor", "guest"}


def test_an_import_that_is_under_way_ends_with_the_erasure(client: Client, store: AnyStore) -> None:
    store.write("default", "a", Standing(importing="i").store)
    store.write("default", "a", lambda changes: changes.put("profile", b"{}"))
    assert erase(client, "a").status_code == 202
    store.sweep()
    assert items(store, "a") == []


class TestRetries:
    def test_the_call_that_erased_is_answered_as_before_and_erases_nothing_new(
        self, client: Client, store: AnyStore, log: AnyLog
    ) -> None:
        fill(client, "a")
        first = erase(client, "a", headers=KEYED)
        assert erase(client, "a", headers=KEYED).json == first.json, "also while it is under way"
        store.sweep()
        client.put("a", NAMES)
        again = erase(client, "a", headers=KEYED)
        assert (again.status_code, again.json) == (202, first.json)
        store.sweep()
        assert client.get("a").status_code == 200
        assert len(log.entries) == 1

    def test_a_key_that_was_used_before_the_erasure_does_nothing(self, client: Client, store: AnyStore) -> None:
        client.put("a", NAMES, headers=KEYED)
        erase(client, "a")
        store.sweep()
        answer = client.put("a", NAMES, headers=KEYED)
        assert (answer.status_code, answer.json["code"]) == (410, "idempotency_key_gone")
        assert client.get("a").status_code == 404

    def test_a_retry_while_it_is_erased_comes_too_early(self, client: Client, idle: AnyStore) -> None:
        client.put("a", NAMES, headers=KEYED)
        erase(client, "a")
        assert client.put("a", NAMES, headers=KEYED).json["code"] == "erasure_in_progress"
        assert items(idle, "a")

    def test_what_outlives_an_erasure_names_nobody(self, client: Client, store: AnyStore) -> None:
        fill(client, "canary")
        client.put("canary", NAMES, headers={"Idempotency-Key": "canary"})
        withdraw(client, "canary", "erase=true", headers={"Idempotency-Key": "canary"})
        store.sweep()
        assert len(marks(store, "canary")) == 4
        assert len(owners(store)) == 4
        assert not any("canary" in str(row) or "Ana" in str(row) for row in everything(store))


class TestConsent:
    def test_withdrawing_can_erase_in_the_same_write(
        self, client: Client, idle: AnyStore, log: AnyLog, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        fill(client, "a")
        writes: list[str] = []
        write: Callable[..., Any] = idle.write

        def counted(tenant: str, actor: str, change: Callable[[Changes], Any]) -> Any:
            writes.append(actor)
            return write(tenant, actor, change)

        with monkeypatch.context() as counting:
            counting.setattr(idle, "write", counted)
            answer = withdraw(client, "a", "erase=true")
        assert writes == ["a"]
        assert (answer.status_code, answer.json["status"]) == (200, "withdrawn")
        assert log.ids == [answer.json["erasure_id"]]
        monkeypatch.setattr(idle._rounds, "tasks", {erasing.WORK: erasing.step})
        idle.sweep()
        assert items(idle, "a") == []
        assert client.put("a", NAMES).json["code"] == "consent_withdrawn"

    @pytest.mark.every_store(but="dynamodb")
    @pytest.mark.parametrize("query", ["", "erase=false", "erase=False"])
    def test_without_it_what_is_stored_stays(self, client: Client, store: AnyStore, log: AnyLog, query: str) -> None:
        fill(client, "a")
        assert "erasure_id" not in withdraw(client, "a", query).json
        store.sweep()
        assert items(store, "a")
        assert log.entries == []

    @pytest.mark.every_store(but="dynamodb")
    @pytest.mark.parametrize("query", ["erase=True", "erase=%20true%20"])
    def test_what_a_model_says_is_understood(self, client: Client, query: str) -> None:
        assert "erasure_id" in withdraw(client, "a", query).json

    @pytest.mark.every_store(but="dynamodb")
    @pytest.mark.parametrize(
        ("query", "body"),
        [
            ("erase=yes", {"status": "withdrawn"}),
            ("erase=1", {"status": "withdrawn"}),
            ("erase=true&erase=true", {"status": "withdrawn"}),
            ("delete=true", {"status": "withdrawn"}),
            ("erase=true", {"status": "given"}),
        ],
    )
    def test_what_is_in_doubt_erases_nothing(self, client: Client, store: AnyStore, query: str, body: object) -> None:
        fill(client, "a")
        answer = withdraw(client, "a", query, body)
        assert (answer.status_code, answer.json["code"]) == (422, "invalid_query")
        store.sweep()
        assert client.get("a").status_code == 200

    def test_erasing_needs_its_scope(self, make_client: Callable[[frozenset[str]], Client]) -> None:
        client = make_client(frozenset({"profile:read", "profile:write"}))
        client.put("a", NAMES)
        answer = withdraw(client, "a", "erase=true")
        assert (answer.status_code, answer.json["code"]) == (403, "insufficient_scope")
        assert "actor:erase" in answer.json["message"]
        assert client.get("a").status_code == 200


def test_no_write_is_acknowledged_and_then_kept_out_of_an_erasure(client: Client, store: AnyStore) -> None:
    def call(index: int) -> ServiceAnswer:
        return erase(client, "a") if index % 10 == 5 else append(client, "a", f"e-{index}")

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(call, range(60)))
    assert {answer.status_code for answer in answers} <= {201, 202, 409}
    erase(client, "a")
    store.sweep()
    assert items(store, "a") == []
    assert client.call("GET", f"{BASE}/profile/a/history").json == {"events": []}
