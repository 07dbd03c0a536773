"""The rules of merging, and of the versions that a caller sees."""

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from service.contract import Contract
from service.personalization.profile import with_bounds
from service.storage.sqlite import SQLiteStore
from service.web.app import create_app
from service.web.credentials import Credential, digest
from tests.service.client import Client
from tests.service.server import BASE, KEY

META = {"QUERY_STRING": "include=meta"}
ANA = {"index": 0, "group": "real", "value": "Ana"}
SILVA = {"index": 1, "group": "real", "value": "Silva"}
ANNIE = {"index": 0, "group": "callable", "value": "Annie"}
BIRTH = {"index": 0, "significance": "birth", "value": "1990-03-03"}
WEDDING = {"index": 0, "significance": "wedding", "value": "2015-06-20"}


def test_creating_answers_201_and_where_the_profile_is_read(client: Client) -> None:
    answer = client.put("ana%40example.com", {"names": [ANA]})
    assert answer.status_code == 201
    assert answer.headers["Content-Location"] == "/internal/personalization/profile/ana%40example.com"
    read = client.call("GET", answer.headers["Content-Location"])
    assert (read.json, read.headers["ETag"]) == (answer.json, answer.headers["ETag"])


def test_entries_are_merged_by_their_keys(client: Client) -> None:
    client.put("a", {"names": [ANA, ANNIE], "dates": [BIRTH]})
    client.put("a", {"names": [SILVA, {**ANNIE, "value": "Nan"}], "dates": [WEDDING, {**BIRTH, "index": 1}]})
    profile: Any = client.get("a").json
    assert profile["names"] == [{**ANNIE, "value": "Nan"}, ANA, SILVA]
    assert profile["dates"] == [BIRTH, {**BIRTH, "index": 1}, WEDDING]


def test_merging_in_any_order_gives_the_same_profile(client: Client) -> None:
    for part in ({"names": [ANA]}, {"names": [SILVA]}, {"gender": "female"}):
        client.put("a", {"names": [ANA]} | part)
    for part in ({"names": [SILVA]}, {"gender": "female"}, {"names": [ANA]}):
        client.put("b", {"names": [ANA]} | part)
    assert client.get("a").data == client.get("b").data


def test_an_added_date_does_not_reset_the_gender(client: Client) -> None:
    client.put("a", {"names": [ANA], "gender": "female", "pronoun": "she/her"})
    profile: Any = client.put("a", {"dates": [BIRTH]}).json
    assert (profile["gender"], profile["pronoun"]) == ("female", "she/her")


def test_every_change_is_a_new_version_of_the_same_life(client: Client) -> None:
    tags = [client.put("a", {"names": [{**ANA, "value": name}]}).headers["ETag"].strip('"') for name in ("A", "B", "C")]
    lives = {tag.rpartition(".")[0] for tag in tags}
    assert len(lives) == 1
    assert [tag.rpartition(".")[2] for tag in tags] == ["1", "2", "3"]


def test_another_actor_has_another_life(client: Client) -> None:
    tags = {client.put(actor, {"names": [ANA]}).headers["ETag"] for actor in ("a", "b")}
    assert len(tags) == 2


@pytest.mark.parametrize(("name", "entry"), [("names", ANA), ("dates", BIRTH)], ids=["names", "dates"])
def test_a_profile_holds_sixty_four_of_each_and_no_more(client: Client, name: str, entry: dict[str, Any]) -> None:
    client.put("a", {"names": [ANA]})
    for first in range(0, 64, 32):
        client.put("a", {name: [{**entry, "index": index} for index in range(first, first + 32)]})
    full = client.get("a")
    assert len(full.json[name]) == 64
    answer = client.put("a", {"gender": "female", name: [{**entry, "index": 64}]})
    assert (answer.status_code, answer.json["code"]) == (422, "too_many_entries")
    assert client.get("a").data == full.data
    assert client.put("a", {name: [{**entry, "index": 63, "value": "2000-01-01"}]}).status_code == 200


def test_the_bounds_are_what_the_operator_sets(contract: Contract, store: SQLiteStore) -> None:
    bounded = with_bounds(contract, names=2, dates=1)
    credential = Credential(digest(KEY), "default", frozenset(contract.schema("Scope")["enum"]))
    client = Client(bounded, create_app(bounded, store, [credential], instance="i", main_pid=1))
    assert client.put("a", {"names": [ANA, SILVA], "dates": [BIRTH]}).status_code == 201
    for more in ({"names": [ANNIE]}, {"dates": [WEDDING]}):
        answer = client.put("a", more)
        assert (answer.status_code, answer.json["code"]) == (422, "too_many_entries")
    answer = client.put("b", {"names": [ANA, SILVA, ANNIE]})
    assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (422, "/names")
    told = client.call("GET", f"{BASE}/openapi.json").json["components"]["schemas"]["ProfileInput"]["properties"]
    assert (told["names"]["maxItems"], told["dates"]["maxItems"]) == (2, 1)


def test_a_profile_from_before_the_bound_was_lowered_can_still_be_changed(
    contract: Contract, store: SQLiteStore
) -> None:
    credential = Credential(digest(KEY), "default", frozenset(contract.schema("Scope")["enum"]))
    clients = [
        Client(bounded, create_app(bounded, store, [credential], instance="i", main_pid=1))
        for bounded in (contract, with_bounds(contract, names=1, dates=1))
    ]
    clients[0].put("a", {"names": [ANA, SILVA]})
    assert clients[1].put("a", {"names": [{**ANA, "value": "Eva"}]}).status_code == 200
    assert clients[1].put("a", {"names": [ANNIE]}).json["code"] == "too_many_entries"


def test_meta_says_when_each_field_last_changed(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1_772_357_400.0
    monkeypatch.setattr(time, "time", lambda: now)
    client.put("a", {"names": [ANA]})
    now += 60.5
    client.put("a", {"names": [ANA], "pronoun": "she/her"})
    now += 60
    client.put("a", {"pronoun": "she/her"})
    assert client.get("a", environ=META).json["meta"] == {
        "changed_at": {"names": "2026-03-01T09:30:00.000Z", "pronoun": "2026-03-01T09:31:00.500Z"}
    }
    assert "meta" not in client.get("a").json


def test_meta_is_a_representation_of_its_own(client: Client) -> None:
    tag = client.put("a", {"names": [ANA]}).headers["ETag"]
    meta = client.get("a", environ=META).headers["ETag"]
    assert meta != tag
    assert client.get("a", headers={"If-None-Match": meta}).status_code == 200
    assert client.get("a", headers={"If-None-Match": tag}, environ=META).status_code == 200
    assert client.get("a", headers={"If-None-Match": meta}, environ=META).status_code == 304
    assert client.put("a", {"gender": "male"}, headers={"If-None-Match": meta}).status_code == 412
    assert client.put("a", {"gender": "male"}, headers={"If-Match": meta}).status_code == 200
    assert client.put("a", {"gender": "female"}, headers={"If-Match": meta}).status_code == 412


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("include=meta", 200),
        ("include=%20META%20", 200),
        ("include=", 200),
        ("include=all", 422),
        ("includes=meta", 422),
    ],
)
def test_the_query_of_get_profile_is_read_as_bodies_are(client: Client, query: str, status: int) -> None:
    client.put("a", {"names": [ANA]})
    assert client.get("a", environ={"QUERY_STRING": query}).status_code == status


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"If-Match": "{tag}"}, 200),
        ({"If-Match": '"other", {tag}'}, 200),
        ({"If-Match": "*"}, 200),
        ({"If-Match": '"other"'}, 412),
        ({"If-Match": "W/{tag}"}, 412),
        ({"If-Match": '"{life}.2"'}, 412),
        ({"If-None-Match": "*"}, 412),
        ({"If-None-Match": "{tag}"}, 412),
        ({"If-None-Match": "W/{tag}"}, 412),
        ({"If-None-Match": '"other"'}, 200),
        ({"If-Match": "{tag}", "If-None-Match": "*"}, 412),
        ({"If-Match": "unquoted"}, 400),
        ({"If-Match": ""}, 400),
        ({"If-Match": '*, "a"'}, 400),
        ({"If-None-Match": '"a" "b"'}, 400),
    ],
)
def test_a_write_is_carried_out_only_on_the_version_that_it_names(
    client: Client, headers: dict[str, str], status: int
) -> None:
    tag = client.put("a", {"names": [ANA]}).headers["ETag"]
    life = tag.strip('"').rpartition(".")[0]
    filled = {name: value.replace("{tag}", tag).replace("{life}", life) for name, value in headers.items()}
    answer = client.put("a", {"gender": "female"}, headers=filled)
    assert answer.status_code == status
    expected: Any = {412: "precondition_failed", 400: "invalid_precondition"}.get(status)
    assert status == 200 or answer.json["code"] == expected
    assert client.get("a").json["gender"] == ("female" if status == 200 else "other")


@pytest.mark.parametrize(
    ("headers", "status"), [({"If-None-Match": "*"}, 201), ({"If-Match": "*"}, 412), ({"If-Match": '"a.1"'}, 412)]
)
def test_preconditions_of_a_profile_that_is_not_there(client: Client, headers: dict[str, str], status: int) -> None:
    assert client.put("a", {"names": [ANA]}, headers=headers).status_code == status


def test_a_reader_that_has_the_version_gets_304_without_a_body(client: Client) -> None:
    tag = client.put("a", {"names": [ANA]}).headers["ETag"]
    for value in (tag, f"W/{tag}", f'"x", {tag}', "*"):
        answer = client.get("a", headers={"If-None-Match": value})
        assert (answer.status_code, answer.data, answer.headers["ETag"]) == (304, b"", tag)
    assert client.get("a", headers={"If-None-Match": '"x"'}).status_code == 200
    assert client.get("a", headers={"If-Match": tag}).status_code == 200
    assert client.get("a", headers={"If-Match": '"x"'}).status_code == 412
    assert client.get("nobody", headers={"If-Match": "*"}).status_code == 404


def test_of_many_writes_on_one_version_one_wins(client: Client) -> None:
    tag = client.put("a", {"names": [ANA]}).headers["ETag"]

    def write(index: int) -> int:
        body = {"names": [{**ANA, "index": index}]}
        return client.put("a", body, headers={"If-Match": tag}).status_code

    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(write, range(1, 17)))
    assert sorted(statuses) == [200] + [412] * 15
    assert len(client.get("a").json["names"]) == 2


def test_what_was_taken_out_is_shown_as_its_default(client: Client) -> None:
    whole = {"names": [ANA], "gender": "male", "pronoun": "he/him", "dates": [BIRTH]}
    client.put("a", whole)
    without_date = client.call("DELETE", f"{BASE}/profile/a/dates/birth/0")
    assert without_date.json == client.get("a").json == {**whole, "dates": []}
    without_all = client.call("PATCH", f"{BASE}/profile/a", {"gender": None, "pronoun": None})
    assert (
        without_all.json == client.get("a").json == {"names": [ANA], "gender": "other", "pronoun": "other", "dates": []}
    )
