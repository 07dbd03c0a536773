"""How events go: one, all up to one, those that are too many, those that are too old."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from service.personalization.history.events import Event
from service.personalization.history.layout import DELETED_S
from service.personalization.history.retention import DELAY_S, LOOK_PERIOD_S, WORK, Limits, Retention
from service.personalization.history.rules import Listing, append, delete, delete_up_to, page
from service.refusal import Refused
from service.storage.sqlite import SQLiteStore
from tests.service.client import Client
from tests.service.history.calls import append as append_over_http
from tests.service.history.calls import contents, forget, forget_up_to, path, said

DAY = 86_400


class Histories:
    """The history of one actor by the rules, on a store whose time a test tells."""

    def __init__(self, file: Path, limits: Limits) -> None:
        self.now = 1_800_000_000
        self.retention = Retention(limits, lambda: self.now)
        self.file = file
        self.store = SQLiteStore(file, {WORK: self.retention.step}, clock=lambda: self.now, sweep_period=3_600)

    def append(self, *ids: str) -> None:
        events = [Event(each, {"role": "user", "content": f"said in {each}."}) for each in ids]
        self.store.write("t", "a", lambda changes: append(changes, events, self.retention, self.now))

    def delete_up_to(self, event_id: str) -> None:
        self.store.write("t", "a", lambda changes: delete_up_to(changes, event_id))

    def delete(self, event_id: str) -> None:
        self.store.write("t", "a", lambda changes: delete(changes, event_id, self.now))

    def shown(self) -> list[str]:
        listing = Listing("t", "a", newest_first=False)
        return [
            event["event_id"]
            for event in self.store.read("t", "a", lambda items: page(items, listing, 100, None))["events"]
        ]

    def stored(self) -> int:
        return self.store.read("t", "a", lambda items: len(items.scan("event/", "event0", 10_000)))

    def ids_known(self) -> int:
        return self.store.read("t", "a", lambda items: len(items.scan("event-id/", "event-id0", 10_000)))

    def pass_time(self, seconds: int) -> None:
        self.now += seconds
        self.store.sweep()


@pytest.fixture
def make_histories(tmp_path: Path) -> Iterator[Callable[..., Histories]]:
    made: list[Histories] = []

    def make(**limits: int) -> Histories:
        made.append(Histories(tmp_path / "data" / "personalization.db", Limits(**limits)))
        return made[-1]

    yield make
    for each in made:
        each.store.close()


def test_one_event_goes_and_the_others_stay(client: Client) -> None:
    append_over_http(client, *(said(each, event_id=each) for each in "abc"))
    answer = forget(client, "b")
    assert (answer.status_code, answer.data) == (204, b"")
    assert contents(client) == ["c", "a"]
    for event_id in ("b", "nothing"):
        gone = forget(client, event_id)
        assert (gone.status_code, gone.json["code"]) == (404, "event_not_found")
    assert forget(client, "a%20b").json["code"] == "invalid_parameter"


def test_all_up_to_an_event_go_at_once(client: Client) -> None:
    append_over_http(client, *(said(each, event_id=each) for each in "abcd"))
    forget(client, "b")
    assert forget_up_to(client, "c").status_code == 204
    assert contents(client) == ["d"]
    assert forget(client, "a").json["code"] == "event_not_found"
    assert append_over_http(client, said("a", event_id="a")).json["code"] == "event_deleted"
    assert forget_up_to(client, "c").status_code == 204
    assert forget_up_to(client, "a").status_code == 204
    assert contents(client) == ["d"]
    assert forget_up_to(client, "nothing").json["code"] == "event_not_found"


def test_what_is_to_go_must_be_named(client: Client) -> None:
    append_over_http(client, said("a", event_id="a"))
    for query, at in (("", "/query/through"), ("through=", "/query/through"), ("from=a", "/query/from")):
        answer = client.call("DELETE", path(), environ={"QUERY_STRING": query})
        assert answer.json["code"] == "invalid_query"
        assert at in [detail["pointer"] for detail in answer.json["errors"]]
    assert contents(client) == ["a"]


def test_a_retried_deletion_is_answered_as_the_first(client: Client) -> None:
    append_over_http(client, said("a", event_id="a"))
    for _ in range(2):
        assert forget(client, "a", headers={"Idempotency-Key": "k"}).status_code == 204


def test_what_was_deleted_leaves_the_data_file(make_histories: Callable[..., Histories]) -> None:
    histories = make_histories()
    for first in range(0, 200, 40):
        histories.append(*(f"m-{number}" for number in range(first, first + 40)))
    histories.delete_up_to("m-149")
    assert histories.shown() == [f"m-{number}" for number in range(150, 200)]
    histories.pass_time(0)
    assert (histories.stored(), histories.ids_known()) == (50, 200)
    histories.store.close()
    left = b"".join(file.read_bytes() for file in histories.file.parent.iterdir())
    assert b"said in m-149." not in left
    assert b"said in m-150." in left


def test_the_id_of_a_deleted_event_can_be_used_again_after_a_day(make_histories: Callable[..., Histories]) -> None:
    histories = make_histories()
    histories.append("a", "b", "c")
    histories.delete("b")
    histories.delete_up_to("a")
    histories.pass_time(0)
    histories.pass_time(DELETED_S - 1)
    for used in ("a", "b"):
        with pytest.raises(Refused, match="event_deleted"):
            histories.append(used)
    histories.pass_time(DELETED_S)
    histories.append("b", "a")
    assert histories.shown() == ["c", "b", "a"]


def test_the_oldest_goes_when_there_are_too_many(make_histories: Callable[..., Histories]) -> None:
    histories = make_histories(events=3)
    histories.append("a", "b", "c")
    assert histories.shown() == ["a", "b", "c"]
    histories.append("d", "e")
    assert histories.shown() == ["c", "d", "e"]
    with pytest.raises(Refused, match="event_deleted"):
        histories.append("a")
    histories.pass_time(DELAY_S)
    assert histories.stored() == 3
    with pytest.raises(Refused, match="event_deleted"):
        histories.append("b")


def test_what_is_too_old_goes_though_nobody_calls(make_histories: Callable[..., Histories]) -> None:
    histories = make_histories(age=30 * DAY)
    histories.append(*(f"old-{number}" for number in range(40)))
    histories.now += 10 * DAY
    histories.append(*(f"new-{number}" for number in range(3)))
    for _ in range(19):
        histories.pass_time(DAY)
    assert histories.stored() == 43
    histories.pass_time(DAY + 1)
    assert histories.shown() == ["new-0", "new-1", "new-2"]
    assert histories.stored() == 3
    for _ in range(10):
        histories.pass_time(DAY)
    assert (histories.stored(), histories.ids_known()) == (0, 3)
    histories.pass_time(2 * DAY)
    assert histories.ids_known() == 0


def test_limits_that_are_set_anew_reach_a_history_that_nobody_changes(make_histories: Callable[..., Histories]) -> None:
    before = make_histories()
    for first in range(0, 120, 40):
        before.append(*(f"m-{number}" for number in range(first, first + 40)))
    before.store.close()
    after = make_histories(events=2)
    after.pass_time(LOOK_PERIOD_S)
    assert (after.shown(), after.stored()) == (["m-118", "m-119"], 2)


def test_places_are_not_given_again_when_all_events_are_gone(make_histories: Callable[..., Histories]) -> None:
    histories = make_histories()
    histories.append("a", "b")
    histories.delete_up_to("b")
    histories.pass_time(0)
    histories.append("c")
    assert histories.shown() == ["c"]
