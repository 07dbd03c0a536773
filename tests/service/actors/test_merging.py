"""What two ids are once they are merged, what is seen meanwhile, and what a failure leaves."""

from collections.abc import Callable
from typing import Any

import pytest

from service.personalization.actors.merging import LEASE_S
from service.personalization.history.layout import DELETED_S
from service.personalization.history.retention import Limits
from service.personalization.standing import MAX_ALIASES, Standing, put_aliases
from service.storage.sqlite import SQLiteStore
from tests.service.actors.calls import consent, exported, merged, prefer
from tests.service.actors.house import SLOW_S, House
from tests.service.client import Client
from tests.service.history.calls import append, contents, forget, forget_up_to, listed, said
from tests.service.server import BASE
from tests.service.test_consent import READS

KEYED = {"Idempotency-Key": "k"}


def name(index: int, value: str, group: str = "real") -> dict[str, Any]:
    return {"index": index, "group": group, "value": value}


def fill(client: Client, rounds: int = 1, each: int = 1) -> None:
    """Have a named actor `a` and a visitor `v` talk in turns, so many events at a time."""
    client.put("a", {"names": [name(0, "Ana")]})
    client.put("v", {"names": [name(0, "Visitor"), name(1, "Silva")], "pronoun": "she/her"})
    prefer(client, "theme", "light", "a")
    prefer(client, "theme", "dark", "v")
    prefer(client, "language", "pt-PT", "v")
    for number in range(rounds):
        for actor in "av":
            numbers = range(number * each, (number + 1) * each)
            append(client, *(said(f"{actor}{n}", event_id=f"{actor}-{n}") for n in numbers), actor=actor)
    append(client, said("last", event_id="last"))


def everything(client: Client, actor: str) -> tuple[bytes, ...]:
    paths = {path: "limit=100" if path == "/history" else "" for path in READS}
    return tuple(
        client.call("GET", f"{BASE}/profile/{actor}{path}", environ={"QUERY_STRING": query}).data
        for path, query in paths.items()
    )


def test_both_ids_are_one_actor(client: Client) -> None:
    fill(client, 2)
    answer = merged(client, "v")
    assert (answer.status_code, answer.json) == (200, {"actor_id": "a", "aliases": ["v"]})
    assert contents(client, "v", order="oldest") == ["a0", "v0", "a1", "v1", "last"]
    assert everything(client, "a") == everything(client, "v")
    assert append(client, said("later"), actor="v").status_code == 201
    assert contents(client)[0] == "later"
    assert forget(client, "a-1", actor="v").status_code == 204
    assert append(client, said("last", event_id="last"), actor="v").status_code == 200
    assert append(client, said("other", event_id="v-0")).json["code"] == "event_conflict"


def test_the_named_actors_fields_win(client: Client) -> None:
    client.put("a", {"names": [name(0, "Ana"), name(0, "Annie", "callable")], "pronoun": "she/her", "gender": "female"})
    client.call("PATCH", f"{BASE}/profile/a", {"gender": None})
    client.put(
        "v",
        {
            "names": [name(0, "Visitor"), name(1, "Silva")],
            "pronoun": "they/them",
            "gender": "other",
            "dates": [{"index": 0, "significance": "birth", "value": "1990-11-28"}],
        },
    )
    for actor, theme in (("a", "light"), ("v", "dark")):
        prefer(client, "theme", theme, actor)
    prefer(client, "language", "pt-PT", "v")
    merged(client, "v")
    document = exported(client).json
    changed = set(document["profile"].pop("meta")["changed_at"])
    assert document["profile"] == {
        "names": [name(0, "Annie", "callable"), name(0, "Ana"), name(1, "Silva")],
        "pronoun": "she/her",
        "dates": [{"index": 0, "significance": "birth", "value": "1990-11-28"}],
    }, "and the gender that was taken back stays so"
    assert changed == {"names", "pronoun", "gender", "dates"}
    assert {each["type"]: each["value"] for each in document["preferences"]} == {"theme": "light", "language": "pt-PT"}


def test_an_actor_nobody_knew_gets_all_that_the_other_had(client: Client) -> None:
    client.put("v", {"names": [name(0, "Visitor")], "gender": "female"})
    append(client, said("Hi", event_id="m-1"), actor="v")
    before = exported(client, "v").json
    merged(client, "v")
    assert exported(client).json == {**before, "actor_id": "a", "aliases": ["v"]}


def test_an_id_nobody_knows_leads_to_the_actor_from_now_on(client: Client) -> None:
    client.put("a", {"names": [name(0, "Ana")]})
    before = exported(client).json
    assert merged(client, "v").status_code == 200
    assert exported(client).json == {**before, "aliases": ["v"]}
    append(client, said("Hi"), actor="v")
    assert contents(client) == ["Hi"]


def test_the_same_call_again_changes_nothing(client: Client) -> None:
    fill(client, 3)
    first, etag = merged(client, "v"), client.get("a").headers["ETag"]
    after = exported(client).data
    for actor in ("a", "v"):
        assert merged(client, "v", actor).json == first.json
    assert exported(client).data == after
    assert client.get("v").headers["ETag"] == etag


@pytest.mark.parametrize(("actor", "source"), [("a", "a"), ("v", "a"), ("a", "v"), ("v", "v")])
def test_who_is_one_person_already_stays_so(client: Client, actor: str, source: str) -> None:
    client.put("a", {"names": [name(0, "Ana")]})
    merged(client, "v")
    answer = merged(client, source, actor)
    assert (answer.status_code, answer.json) == (200, {"actor_id": "a", "aliases": ["v"]})


def test_an_actor_can_be_merged_with_those_who_lead_to_it(client: Client, store: SQLiteStore) -> None:
    append(client, said("v"), actor="v")
    merged(client, "v")
    append(client, said("a"))
    assert merged(client, "a", "b").json == {"actor_id": "b", "aliases": ["a", "v"]}
    for actor in ("a", "v"):
        assert store.read("default", actor, Standing.of) == Standing(alias_of="b")
        assert contents(client, actor, order="oldest") == ["v", "a"]


def test_an_id_that_leads_to_somebody_else_is_not_taken_from_them(client: Client) -> None:
    client.put("a", {"names": [name(0, "Ana")]})
    append(client, said("a"))
    merged(client, "v")
    answer = merged(client, "v", "b")
    assert (answer.status_code, answer.json["code"]) == (409, "merged_elsewhere")
    assert contents(client, "b") == []
    assert append(client, said("b"), actor="b").status_code == 201


def test_one_event_that_both_have_is_one_and_two_with_one_id_are_two(client: Client) -> None:
    for actor in "av":
        append(client, said("same", event_id="same"), said(f"of {actor}", event_id="other"), actor=actor)
    merged(client, "v")
    events = listed(client, order="oldest").json["events"]
    assert [event["content"] for event in events] == ["same", "of a", "of v"]
    assert [event["event_id"] for event in events[:2]] == ["same", "other"]
    assert events[2]["event_id"].startswith("merged-")
    assert forget(client, events[2]["event_id"]).status_code == 204


def test_what_was_deleted_stays_deleted(client: Client) -> None:
    append(client, said("1", event_id="v-1"), said("2", event_id="v-2"), said("3", event_id="both"), actor="v")
    append(client, said("3", event_id="both"), said("4", event_id="a-1"))
    forget(client, "both")
    forget_up_to(client, "v-1", "v")
    merged(client, "v")
    assert contents(client, order="oldest") == ["2", "4"]
    for used in ("v-1", "both"):
        assert append(client, said("again", event_id=used)).json["code"] == "event_deleted"
    assert forget_up_to(client, "v-1").status_code == 204
    assert contents(client, order="oldest") == ["2", "4"]


def test_a_cursor_leads_on_only_where_the_order_stayed(client: Client) -> None:
    append(client, said("v0"), actor="v")
    append(client, said("a0"), said("a1"), said("a2"))
    newest = listed(client, limit=2, order="newest").json["next"]
    merged(client, "v")
    answer = listed(client, limit=2, order="newest", cursor=newest)
    assert (answer.status_code, answer.json["code"]) == (422, "invalid_cursor")
    newest = listed(client, limit=2, order="newest").json["next"]
    append(client, said("w0"), actor="w")
    merged(client, "w")
    rest = listed(client, limit=2, order="newest", cursor=newest).json["events"]
    assert [event["content"] for event in rest] == ["a0", "v0"]


def test_a_retry_of_a_call_to_the_other_id_is_answered_as_the_first(client: Client) -> None:
    first = append(client, said("once"), actor="v", headers=KEYED)
    assert merged(client, "v", headers=KEYED).status_code == 200
    again = append(client, said("once"), actor="v", headers=KEYED)
    assert (again.status_code, again.data) == (201, first.data)
    assert contents(client) == ["once"]
    assert merged(client, "v", headers=KEYED).status_code == 200
    assert merged(client, "w", headers=KEYED).json["code"] == "idempotency_key_reused"


@pytest.mark.parametrize("withdrawn", ["a", "v"])
def test_nobody_who_withdrew_consent_is_merged(client: Client, withdrawn: str) -> None:
    fill(client)
    before = [exported(client, actor).json["history"] for actor in "av"]
    consent(client, "withdrawn", withdrawn)
    answer = merged(client, "v")
    assert (answer.status_code, answer.json["code"]) == (403, "consent_withdrawn")
    consent(client, "given", withdrawn)
    assert [exported(client, actor).json["history"] for actor in "av"] == before
    for actor in "av":
        assert append(client, said("goes on"), actor=actor).status_code == 201


def _has_many_names(client: Client, _store: SQLiteStore) -> None:
    client.put("a", {"names": [name(index, "Ana") for index in range(64)]})
    client.put("v", {"names": [name(64, "Visitor")]})


def _has_many_preferences(client: Client, store: SQLiteStore) -> None:
    def put(changes: Any) -> None:
        for number in range(63):
            changes.put(f"preference/x.{number}", b'{"type":"x.%d","value":1}' % number)

    store.write("default", "v", put)
    for kind, value in {"theme": "dark", "language": "en"}.items():
        prefer(client, kind, value, "a")


def _has_many_ids(client: Client, store: SQLiteStore) -> None:
    store.write("default", "a", lambda changes: put_aliases(changes, [f"w-{n}" for n in range(MAX_ALIASES)]))


@pytest.mark.parametrize(
    ("prepare", "code"),
    [
        (_has_many_names, "too_many_entries"),
        (_has_many_preferences, "too_many_preferences"),
        (_has_many_ids, "too_many_aliases"),
    ],
)
def test_what_is_too_much_for_one_actor_is_refused_and_nothing_is_changed(
    client: Client, store: SQLiteStore, prepare: Callable[[Client, SQLiteStore], None], code: str
) -> None:
    prepare(client, store)
    append(client, said("v"), actor="v")
    before = [exported(client, actor).data for actor in "av"]
    answer = merged(client, "v", headers=KEYED)
    assert (answer.status_code, answer.json["code"]) == (422, code)
    assert [exported(client, actor).data for actor in "av"] == before
    for actor in "av":
        assert append(client, said("goes on"), actor=actor).status_code == 201


@pytest.mark.parametrize("actor", ["a", "v"])
@pytest.mark.parametrize(
    ("standing", "code"),
    [
        (Standing(erasure="e"), "erasure_in_progress"),
        (Standing(importing="i"), "actor_busy"),
        (Standing(merging_from="w"), "actor_busy"),
        (Standing(merging_into="w", attempt="t"), "actor_busy"),
    ],
)
def test_while_something_else_is_under_way_it_waits(
    client: Client, store: SQLiteStore, actor: str, standing: Standing, code: str
) -> None:
    store.write("default", actor, standing.store)
    answer = merged(client, "v")
    assert (answer.status_code, answer.json["code"], answer.headers["Retry-After"]) == (409, code, "1")
    other = "v" if actor == "a" else "a"
    assert store.read("default", other, Standing.of) == Standing()


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/from"),
        (b"null", "/from"),
        (["v"], ""),
        ({"from": "x/y"}, "/from"),
        ({"from": 1}, "/from"),
        ({"with": "v"}, "/with"),
    ],
)
def test_who_is_not_named_is_asked_for(client: Client, body: object, pointer: str) -> None:
    answer = client.call("POST", f"{BASE}/profile/a/merge", body)
    assert (answer.status_code, answer.json["code"]) == (422, "invalid_merge")
    assert pointer in [detail["pointer"] for detail in answer.json["errors"]]


def test_an_id_is_taken_character_by_character(client: Client) -> None:
    assert client.call("POST", f"{BASE}/profile/a/merge", {"merge": {"from": " v "}}).json["aliases"] == [" v "]


def test_whatever_write_fails_the_same_call_or_the_background_completes_it(make_house: Callable[..., House]) -> None:
    whole = make_house()
    fill(whole.client, 3, 12)
    begun = whole.store.writes
    merged(whole.client, "v")
    writes = whole.store.writes - begun
    after = contents(whole.client, order="oldest")
    assert writes >= 7
    for failing in range(1, writes + 1):
        for is_done in (False, True):
            house = make_house()
            fill(house.client, 3, 12)
            house.store.fails_at, house.store.is_done = house.store.writes + failing, is_done
            assert merged(house.client, "v").json["code"] == "store_unavailable"
            if failing % 2 and house.items("v")[-1:] == ["standing"]:
                house.sweep(LEASE_S + SLOW_S)
                house.sweep()
            assert merged(house.client, "v").json == {"actor_id": "a", "aliases": ["v"]}
            house.sweep()
            for actor in "av":
                assert contents(house.client, actor, order="oldest") == after
            for actor in "av":
                assert append(house.client, said("goes on"), actor=actor).status_code == 201
            assert house.items("v") == ["standing"]
            assert len([key for key in house.items() if key.startswith("event/")]) == len(after) + 2


def test_each_id_shows_what_it_had_until_both_show_all(make_house: Callable[..., House]) -> None:
    house = make_house()
    fill(house.client, 3, 12)
    seen: list[tuple[tuple[bytes, ...], ...]] = []
    house.store.after_write = lambda: seen.append(tuple(everything(house.client, actor) for actor in "av"))
    house.store.after_write()
    merged(house.client, "v")
    assert len(seen) >= 8
    before, after = seen[0], seen[-1]
    assert before[0] != before[1]
    assert after[0] == after[1]
    flips = [number for number, state in enumerate(seen) if state != before]
    assert seen[flips[0] :] == [after] * (len(seen) - flips[0])
    assert flips[0] >= 4


def test_no_event_that_is_appended_meanwhile_is_lost(make_house: Callable[..., House]) -> None:
    house = make_house()
    fill(house.client, 3, 12)
    stored, refused = [], []

    def append_to_both() -> None:
        hook, house.store.after_write = house.store.after_write, lambda: None
        for actor in "av":
            content = f"{actor} at {house.store.writes}"
            answer = append(house.client, said(content), actor=actor)
            if answer.status_code == 201:
                stored.append(content)
            else:
                refused.append((answer.json["code"], answer.headers["Retry-After"]))
        house.store.after_write = hook

    house.store.after_write = append_to_both
    assert merged(house.client, "v").status_code == 200
    found = contents(house.client)
    assert [found.count(content) for content in stored] == [1] * len(stored)
    assert len(stored) >= 3
    assert set(refused) == {("actor_busy", "1")}


def test_two_that_are_merged_into_one_another_at_the_same_time_become_one_or_stay_two(
    make_house: Callable[..., House],
) -> None:
    whole = make_house()
    fill(whole.client)
    begun = whole.store.writes
    merged(whole.client, "v")
    for number in range(1, whole.store.writes - begun):
        house = make_house()
        fill(house.client)
        before = house.store.writes

        def meanwhile(house: House = house, at: int = before + number) -> None:
            if house.store.writes == at:
                house.store.after_write = lambda: None
                merged(house.client, "a", "v")

        house.store.after_write = meanwhile
        merged(house.client, "v")
        assert merged(house.client, "v").status_code == 200
        assert contents(house.client, order="oldest") == contents(house.client, "v", order="oldest")
        assert sorted(contents(house.client)) == ["a0", "last", "v0"]


def test_retention_drops_what_is_too_much_and_waits_while_actors_are_merged(make_house: Callable[..., House]) -> None:
    house = make_house(limits=Limits(events=6))
    for number in range(5):
        append(house.client, said(f"v{number}"), actor="v")
        append(house.client, said(f"a{number}"))
    house.store.after_write = house.kept.sweep
    merged(house.client, "v")
    assert contents(house.client, order="oldest") == ["v2", "a2", "v3", "a3", "v4", "a4"]
    for _ in range(2):
        house.sweep(DELETED_S + 1)
    assert len([key for key in house.items() if key.startswith(("event/", "event-id/"))]) == 12


@pytest.mark.parametrize("events", [0, 2])
def test_who_would_be_one_actor_too_many_is_refused_and_both_go_on(
    make_house: Callable[..., House], events: int
) -> None:
    house = make_house(max_actors=1)
    client = house.client
    client.put("v", {"names": [name(0, "Visitor")]})
    for number in range(events):
        append(client, said(f"v{number}"), actor="v")
    assert merged(client, "v").json["code"] == "quota"
    assert client.put("v", {"gender": "other"}).status_code == 200
    assert house.items() == []


def test_who_is_erased_by_one_id_is_erased_by_all(make_house: Callable[..., House]) -> None:
    for actor in "av":
        house = make_house()
        fill(house.client, 3, 12)
        merged(house.client, "v")
        merged(house.client, "w")
        assert house.client.call("POST", f"{BASE}/profile/{actor}/erasure").status_code == 202
        house.sweep()
        house.sweep(1)
        assert [house.items(each) for each in "avw"] == [[], [], []]


def test_no_withdrawal_comes_between(make_house: Callable[..., House]) -> None:
    house = make_house()
    fill(house.client)
    codes: list[str] = []
    begun = house.store.writes

    def withdraw() -> None:
        if house.store.writes == begun + 2:
            codes.extend(consent(house.client, "withdrawn", actor).json["code"] for actor in "av")

    house.store.after_write = withdraw
    assert merged(house.client, "v").status_code == 200
    assert codes == ["actor_busy", "actor_busy"]
