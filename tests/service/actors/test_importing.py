"""What an import makes of a document, and what it leaves when it does not come to an end."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from service.personalization.actors import importing
from service.personalization.actors.batches import EVENTS, ITEMS
from service.personalization.history.retention import Limits
from service.personalization.standing import Standing
from service.storage.sqlite import SQLiteStore
from service.web.app import Bounds
from tests.service.actors.calls import ANA, consent, exported, imported, merged, prefer
from tests.service.actors.documents import DOCUMENTS, as_bytes, document
from tests.service.actors.house import SLOW_S, House
from tests.service.client import Client
from tests.service.history.calls import append, contents, forget, said
from tests.service.server import BASE
from tests.service.test_consent import READS

PROFILE: dict[str, Any] = {"names": [{"group": "real", "index": 0, "value": "Ana"}], "pronoun": "she/her"}
DARK = {"type": "theme", "value": "dark"}
LONG = document(EVENTS + 2, profile=PROFILE, preferences=[DARK], aliases=["visitor"])
"""A document whose import takes a few steps."""


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(DOCUMENTS)
def test_an_export_of_what_was_imported_is_the_same_document(
    client: Client, store: SQLiteStore, told: dict[str, Any]
) -> None:
    for actor in ("a", *told["aliases"]):
        _empty(store, actor)
    answer = imported(client, told)
    assert answer.status_code in {200, 201}, answer.text
    assert exported(client).data == as_bytes(told)
    assert imported(client, told).status_code == 200


def _empty(store: SQLiteStore, actor: str) -> None:
    def delete(changes: Any) -> None:
        for item in [*changes.scan("", "~", 90), *changes.scan("mark/", "mark0", 10)]:
            changes.delete(item.key)

    store.write("default", actor, delete)


def test_an_imported_actor_is_one_like_others(client: Client) -> None:
    assert imported(client, LONG).json == {"aliases": 1, "events": EVENTS + 2, "preferences": 1}
    assert client.get("visitor").json["pronoun"] == "she/her"
    assert client.get("a").json["gender"] == "other"
    append(client, said("later", event_id="m-1000"), actor="visitor")
    assert contents(client)[0] == "later"
    assert forget(client, "m-3").status_code == 204
    assert append(client, {**LONG["history"][4], "received_at": None}).status_code == 200
    assert client.put("a", {"gender": "female"}).status_code == 200


@pytest.mark.parametrize("is_done", [False, True])
def test_whatever_write_fails_the_same_call_completes_it(make_house: Callable[..., House], is_done: bool) -> None:
    whole = make_house()
    imported(whole.client, LONG)
    assert whole.store.writes >= 5
    for failing in range(1, whole.store.writes + 1):
        house = make_house()
        house.store.fails_at, house.store.is_done = failing, is_done
        assert imported(house.client, LONG).json["code"] == "store_unavailable"
        house.sweep()
        assert imported(house.client, LONG).status_code in {200, 201}
        for actor in ("a", "visitor"):
            assert exported(house.client, actor).data == as_bytes(LONG)
        assert append(house.client, said("goes on")).status_code == 201


def test_nobody_sees_less_than_all_of_an_import(make_house: Callable[..., House]) -> None:
    house = make_house()
    seen: list[tuple[bytes, ...]] = []

    def look() -> None:
        seen.append(tuple(house.client.call("GET", f"{BASE}/profile/a{path}").data for path in READS))

    look()
    house.store.after_write = look
    imported(house.client, document(3 * EVENTS, profile=PROFILE, preferences=[DARK]))
    assert len(seen) > 5
    assert len(set(seen)) == 2
    assert seen.count(seen[0]) == len(seen) - 1, "and only the last write shows it"


def test_what_an_import_leaves_that_was_given_up_is_taken_away(make_house: Callable[..., House]) -> None:
    preferences = [{"type": f"x.{number:03}", "value": number} for number in range(2 * ITEMS)]
    long = document(3 * EVENTS, profile=PROFILE, preferences=preferences)
    whole = make_house(bounds=Bounds(max_preferences=2 * ITEMS))
    imported(whole.client, long)
    for failing in range(2, whole.store.writes + 1):
        house = make_house(bounds=Bounds(max_preferences=2 * ITEMS))
        append(house.client, said("gone", event_id="gone"))
        forget(house.client, "gone")
        house.store.fails_at = house.store.writes + failing
        imported(house.client, long)
        house.sweep(importing.LEASE_S - 1)
        assert append(house.client, said("now")).json["code"] == "actor_busy"
        house.sweep(1 + SLOW_S)
        assert house.items() == ["event-id/gone", "head"]
        assert exported(house.client).json["history"] == []
        assert append(house.client, said("now")).status_code == 201


def test_an_import_that_is_given_up_while_it_goes_on_stops(make_house: Callable[..., House]) -> None:
    house = make_house()
    house.store.after_write = lambda: house.sweep(importing.LEASE_S + SLOW_S) if house.store.writes == 3 else None
    assert imported(house.client, LONG).json["code"] == "store_unavailable"
    assert house.items() == []


def test_an_import_of_which_a_part_was_taken_away_does_not_go_on(make_house: Callable[..., House]) -> None:
    house = make_house()

    def take_a_part_away() -> None:
        if house.store.writes == 2:
            assert house.kept.write("default", "a", importing.take_away) == 0

    house.store.after_write = take_a_part_away
    assert imported(house.client, document(3 * EVENTS)).json["code"] == "store_unavailable"
    assert house.store.writes == 3, "it saw at its next step that it was given up"


def test_two_imports_of_one_document_at_the_same_time_are_one(make_house: Callable[..., House]) -> None:
    house = make_house()
    codes: list[int] = []

    def another_comes() -> None:
        house.store.after_write = lambda: None
        codes.append(imported(house.client, LONG).status_code)

    house.store.after_write = another_comes
    headers = {"Idempotency-Key": "k"}
    assert imported(house.client, LONG, headers=headers).json["code"] == "store_unavailable"
    assert imported(house.client, LONG, headers=headers).status_code == 200
    assert codes == [201]
    assert exported(house.client).data == as_bytes(LONG)


def test_an_actor_of_whom_something_else_is_kept_stays_as_they_are(client: Client) -> None:
    client.put("b", ANA)
    prefer(client, "theme", "dark", "c")
    for actor in "bc":
        before = exported(client, actor).data
        answer = imported(client, document(2, actor_id=actor), actor)
        assert (answer.status_code, answer.json["code"]) == (409, "actor_exists")
        assert exported(client, actor).data == before


def test_who_would_be_one_actor_too_many_leaves_nothing(make_house: Callable[..., House]) -> None:
    house = make_house(max_actors=1)
    house.client.put("b", ANA)
    assert imported(house.client, LONG).json["code"] == "quota"
    assert house.items() == []


def test_an_import_can_fill_an_actor_who_was_emptied(client: Client) -> None:
    append(client, said("gone", event_id="m-0"))
    forget(client, "m-0")
    assert imported(client, document(2)).status_code == 201
    assert exported(client).data == as_bytes(document(2))


def test_who_has_only_events_that_are_hidden_is_nobody(make_house: Callable[..., House]) -> None:
    house = make_house(limits=Limits(events=1))
    append(house.client, said("too many", event_id="m-7"), said("the latest", event_id="m-8"))
    forget(house.client, "m-8")
    assert [key for key in house.items() if key.startswith("event/")]
    assert house.client.call("GET", f"{BASE}/actors").json["actors"] == []
    assert imported(house.client, document(1)).status_code == 201
    assert exported(house.client).data == as_bytes(document(1))


def test_an_id_that_leads_to_somebody_else_is_no_new_actor(client: Client, store: SQLiteStore) -> None:
    client.put("b", ANA)
    store.write("default", "a", Standing(alias_of="b").store)
    assert imported(client, document(1)).json["code"] == "actor_exists"
    answer = imported(client, document(1, actor_id="c", aliases=["b"]), "c")
    assert (answer.status_code, answer.json["code"]) == (409, "actor_exists")
    assert exported(client, "c").json["history"] == []


def test_an_actor_to_whom_another_id_leads_is_not_one_nobody_knows(client: Client) -> None:
    merged(client, "other")
    assert imported(client, LONG).json["code"] == "actor_exists"
    merged(client, "visitor")
    assert imported(client, {**LONG, "aliases": ["visitor", "other"]}).status_code == 201


def test_an_id_of_somebody_who_withdrew_consent_becomes_nobodys(client: Client) -> None:
    consent(client, "withdrawn", "visitor")
    assert imported(client, LONG).json["code"] == "consent_withdrawn"
    assert exported(client).json["history"] == []


def test_a_withdrawal_wins_over_an_import(client: Client) -> None:
    consent(client, "withdrawn")
    answer = imported(client, LONG)
    assert (answer.status_code, answer.json["code"]) == (403, "consent_withdrawn")
    assert exported(client).json["history"] == []
    withdrawn = {**LONG, "consent": {"status": "withdrawn", "since": "2026-01-01T00:00:00.000Z"}}
    assert imported(client, withdrawn).status_code == 403
    consent(client, "given")
    assert imported(client, withdrawn).status_code == 201
    assert client.get("a").status_code == 404, "what the document says of consent stands"
    assert imported(client, withdrawn).status_code == 200


@pytest.mark.parametrize(
    ("standing", "code"),
    [(Standing(erasure="e"), "erasure_in_progress"), (Standing(importing="other"), "actor_busy")],
)
def test_while_something_else_is_under_way_it_waits(
    client: Client, store: SQLiteStore, standing: Standing, code: str
) -> None:
    store.write("default", "a", standing.store)
    answer = imported(client, LONG)
    assert (answer.status_code, answer.json["code"], answer.headers["Retry-After"]) == (409, code, "1")


def test_no_write_goes_on_while_an_actor_is_imported(client: Client, store: SQLiteStore) -> None:
    store.write("default", "a", Standing(importing="i").store)
    for answer in (client.put("a", ANA), append(client, said("Hi")), consent(client, "withdrawn")):
        assert (answer.status_code, answer.json["code"], answer.headers["Retry-After"]) == (409, "actor_busy", "1")


def test_of_a_longer_history_the_latest_events_are_taken(make_house: Callable[..., House]) -> None:
    house = make_house(limits=Limits(events=3))
    assert imported(house.client, document(10)).json["events"] == 3
    assert imported(house.client, document(10)).status_code == 200
    assert [event["event_id"] for event in exported(house.client).json["history"]] == ["m-7", "m-8", "m-9"]
    house = make_house(limits=Limits(age=86_400))
    assert imported(house.client, document(10)).json["events"] == 0


def test_the_order_of_lists_and_the_form_of_times_are_understood(client: Client) -> None:
    told = document(
        2, profile={**PROFILE, "names": [{"group": "Real", "index": "1", "value": " B "}, *PROFILE["names"]]}
    )
    told["history"][0]["time"] = "2026-01-01T01:00:00+01:00"
    told["preferences"] = [DARK, {"type": "region", "value": {"code": "BR", "name": "Brazil"}}]
    assert imported(client, {"path": {"actor_id": "a"}, "body": told}).status_code == 201
    shown = exported(client).json
    assert [name["index"] for name in shown["profile"]["names"]] == [0, 1]
    assert shown["history"][0]["time"] == "2026-01-01T00:00:00Z"
    assert [preference["type"] for preference in shown["preferences"]] == ["region", "theme"]
    assert imported(client, {**told, "aliases": []}).status_code == 200


@pytest.mark.parametrize(
    ("change", "code", "pointers"),
    [
        ({"format": 2}, "invalid_document", ["/format"]),
        ({"extra": 1}, "invalid_document", ["/extra"]),
        ({"actor_id": "b"}, "actor_mismatch", ["/actor_id"]),
        ({"actor_id": " a "}, "actor_mismatch", ["/actor_id"]),
        ({"aliases": ["a"]}, "invalid_document", ["/aliases"]),
        ({"aliases": ["x/y"]}, "invalid_document", ["/aliases/0"]),
        ({"aliases": ["", "x/y"]}, "invalid_document", ["/aliases/0", "/aliases/1"]),
        ({"consent": {"status": "withdrawn"}}, "invalid_document", ["/consent/since"]),
        ({"profile": {"pronoun": "she/her"}}, "invalid_document", ["/profile/names"]),
        ({"profile": {**PROFILE, "names": PROFILE["names"] * 2}}, "invalid_document", ["/profile/names/1"]),
        (
            {"profile": {"names": [{"group": "real", "index": index, "value": "A"} for index in range(65)]}},
            "too_many_entries",
            ["/profile/names"],
        ),
        ({"preferences": [{"type": "theme", "value": "blue"}]}, "invalid_document", ["/preferences/0/value"]),
        ({"preferences": [None, {"type": "theme", "value": "blue"}]}, "invalid_document", ["/preferences/1/value"]),
        ({"preferences": [DARK, DARK]}, "invalid_document", ["/preferences/1"]),
        ({"preferences": [{"type": "x", "value": {"n": 2**60}}]}, "invalid_document", ["/preferences/0/value/n"]),
        ({"preferences": [{"type": "x", "value": ["\x00"]}]}, "invalid_document", ["/preferences/0/value/0"]),
        (
            {"preferences": [{"type": f"x{number}", "value": 1} for number in range(65)]},
            "too_many_preferences",
            ["/preferences"],
        ),
        ({"history": document(1)["history"] * 2}, "invalid_document", ["/history/1"]),
        (
            {"history": [None, {**document(1)["history"][0], "content": "\u00e9" * 8_193}]},
            "invalid_document",
            ["/history/1/content"],
        ),
        (
            {"history": [{**document(1)["history"][0], "received_at": "2026-02-30T00:00:00.000Z"}]},
            "invalid_document",
            ["/history/0/received_at"],
        ),
        (
            {"history": [{**document(1)["history"][0], "received_at": "2026-02-03T00:00:00Z"}]},
            "invalid_document",
            ["/history/0/received_at"],
        ),
    ],
)
def test_what_is_no_document_of_the_actor_is_named_and_nothing_is_stored(
    client: Client, change: dict[str, Any], code: str, pointers: list[str]
) -> None:
    answer = imported(client, {**LONG, **change})
    assert (answer.status_code, answer.json["code"]) == (422, code)
    assert [detail["pointer"] for detail in answer.json["errors"]] == pointers
    assert exported(client).json["history"] == []


@pytest.mark.parametrize("name", ["aliases", "history", "preferences"])
def test_a_document_without_one_of_its_lists_loses_nothing_unseen(client: Client, name: str) -> None:
    told = {member: value for member, value in LONG.items() if member != name}
    answer = imported(client, told)
    assert (answer.status_code, answer.json["code"]) == (422, "invalid_document")
    assert [detail["pointer"] for detail in answer.json["errors"]] == [f"/{name}"]
    assert imported(client, {**told, name: None if name == "history" else []}).status_code == 201


def test_a_refusal_never_says_whose_document_it_is(client: Client) -> None:
    answer = imported(client, {**LONG, "actor_id": "ana.silva@actors.example"})
    assert answer.json["code"] == "actor_mismatch"
    assert b"ana.silva" not in answer.data


@pytest.mark.parametrize("body", [b"null", "", []])
def test_a_body_that_says_nothing_is_told_what_a_document_needs(client: Client, body: Any) -> None:
    answer = imported(client, body)
    assert (answer.status_code, answer.json["code"]) == (422, "invalid_document")


def test_a_document_is_as_long_and_as_deep_as_can_be_exported(make_house: Callable[..., House]) -> None:
    value: Any = 1
    for _ in range(31):
        value = [value]
    house = make_house(bounds=Bounds(max_import=1_000_000))
    deep = document(preferences=[{"type": "x", "value": value}])
    assert imported(house.client, deep).status_code == 201
    assert imported(house.client, b" " * 1_000_001).json["code"] == "body_too_large"
    assert imported(house.client, b"[" * 35 + b"]" * 35).json["code"] == "nested_too_deeply"


def test_a_retried_import_is_answered_as_the_first(client: Client) -> None:
    headers = {"Idempotency-Key": "k"}
    for _ in range(2):
        assert imported(client, LONG, headers=headers).status_code == 201
