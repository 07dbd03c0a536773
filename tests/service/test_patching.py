"""What takes things out of a profile: merge patches, and deletions."""

from typing import Any

import pytest

from tests.service.client import Client, ServiceAnswer
from tests.service.server import BASE

pytestmark = pytest.mark.every_store

ANA = {"index": 0, "group": "real", "value": "Ana"}
SILVA = {"index": 1, "group": "real", "value": "Silva"}
ANNIE = {"index": 0, "group": "callable", "value": "Annie"}
BIRTH = {"index": 0, "significance": "birth", "value": "1990-03-03"}
WEDDING = {"index": 0, "significance": "wedding", "value": "2015-06-20"}
WHOLE = {"names": [ANNIE, ANA, SILVA], "gender": "female", "pronoun": "she/her", "dates": [BIRTH, WEDDING]}


@pytest.fixture
def tag(client: Client) -> str:
    return client.put("a", WHOLE).headers["ETag"]


def patch(client: Client, body: object, tag: str | None = None, **headers: str) -> ServiceAnswer:
    sent = {"Content-Type": "application/merge-patch+json"} | ({"If-Match": tag} if tag else {}) | headers
    return client.call("PATCH", f"{BASE}/profile/a", body, headers=sent)


def delete(client: Client, path: str = "", **options: Any) -> ServiceAnswer:
    return client.call("DELETE", f"{BASE}/profile/a{path}", **options)


@pytest.mark.parametrize(
    ("body", "changed"),
    [
        ({"pronoun": None}, {"pronoun": "other"}),
        ({"gender": None, "pronoun": " They/Them "}, {"gender": "other", "pronoun": "they/them"}),
        ({"profile": {"pronoun": None}}, {"pronoun": "other"}),
        ({"path": {"actor_id": "a"}, "next": None, "body": {"gender": None}}, {"gender": "other"}),
        ({"path": None, "pronoun": None}, {"pronoun": "other"}),
        ({"gender": "", "pronoun": " "}, {}),
        ({}, {}),
    ],
)
def test_a_patch_sets_and_removes_what_it_names(
    client: Client, tag: str, body: dict[str, Any], changed: dict[str, Any]
) -> None:
    answer = patch(client, body)
    assert answer.status_code == 200
    assert answer.json == WHOLE | changed == client.get("a").json
    assert (answer.headers["ETag"] != tag) == bool(changed)
    assert answer.headers["Content-Location"] == f"{BASE}/profile/a"


@pytest.mark.parametrize(
    ("body", "changed"),
    [
        ({"names": [SILVA, {"index": 0, "value": "Eva"}]}, {"names": [{**ANA, "value": "Eva"}, SILVA]}),
        ({"dates": [{**BIRTH, "index": "1"}]}, {"dates": [{**BIRTH, "index": 1}]}),
        ({"dates": None}, {"dates": []}),
        ({"dates": []}, {"dates": []}),
        ({"dates": [], "gender": None}, {"dates": [], "gender": "other"}),
    ],
)
def test_a_patch_of_a_list_replaces_it_on_the_version_that_was_seen(
    client: Client, tag: str, body: dict[str, Any], changed: dict[str, Any]
) -> None:
    for without in (patch(client, body), patch(client, body, "*")):
        assert (without.status_code, without.json["code"]) == (428, "precondition_required")
    assert patch(client, body, '"other.1"').status_code == 412
    answer = patch(client, body, tag)
    assert (answer.status_code, answer.json) == (200, WHOLE | changed)
    assert patch(client, body, tag).status_code == 412


def test_emptying_what_is_empty_changes_nothing(client: Client) -> None:
    client.put("a", {"names": [ANA], "dates": [BIRTH]})
    tag = delete(client, "/dates/birth/0").headers["ETag"]
    bodies: list[dict[str, object]] = [{"dates": None}, {"dates": []}, {"gender": None}]
    for body in bodies:
        assert patch(client, body, tag).headers["ETag"] == tag


def test_entries_of_a_patch_that_say_nothing_do_not_empty_a_list(client: Client, tag: str) -> None:
    answer = patch(client, {"dates": [{"index": 0, "significance": "birth", "value": ""}], "gender": "male"}, tag)
    assert (answer.status_code, answer.json) == (200, WHOLE | {"gender": "male"})


@pytest.mark.parametrize("body", [{"names": None}, {"names": []}])
def test_the_last_name_cannot_be_patched_away(client: Client, tag: str, body: dict[str, Any]) -> None:
    answer = patch(client, body, tag)
    assert (answer.status_code, answer.json["code"]) == (422, "last_name")
    assert answer.json["errors"][0]["pointer"] == "/names"
    assert client.get("a").json == WHOLE


@pytest.mark.parametrize(
    ("body", "code", "pointer"),
    [
        ({"gender": "woman"}, "invalid_profile", "/gender"),
        ({"nickname": None}, "invalid_profile", "/nickname"),
        ({"nickname": "Annie"}, "invalid_profile", "/nickname"),
        ({"names": [ANA, ANA]}, "duplicate_entry", "/names/1"),
        ({"names": "Ana"}, "invalid_profile", "/names"),
        ([], "invalid_profile", ""),
        ({"path": {"actor_id": "b"}, "body": {"gender": None}}, "actor_mismatch", "/path/actor_id"),
    ],
)
def test_a_patch_that_is_not_valid_changes_nothing(
    client: Client, tag: str, body: object, code: str, pointer: str
) -> None:
    answer = patch(client, body, tag)
    assert (answer.status_code, answer.json["code"]) == (422, code)
    assert answer.json["errors"][0]["pointer"] == pointer
    assert client.get("a").headers["ETag"] == tag


def test_only_what_exists_can_be_patched(client: Client) -> None:
    answer = patch(client, {"gender": "male"})
    assert (answer.status_code, answer.json["code"]) == (404, "profile_not_found")


@pytest.mark.parametrize(
    ("media_type", "status"),
    [
        ("application/json", 200),
        ("application/merge-patch+json; charset=utf-8", 200),
        ("application/json-patch+json", 415),
    ],
)
def test_a_patch_is_declared_as_one_or_as_json(client: Client, tag: str, media_type: str, status: int) -> None:
    answer = patch(client, {"gender": None}, **{"Content-Type": media_type})
    assert answer.status_code == status
    assert status == 200 or "application/merge-patch+json" in answer.json["message"]


def test_a_precondition_that_fails_comes_before_what_is_wrong_in_the_body(client: Client, tag: str) -> None:
    assert patch(client, {"gender": "woman"}, '"other.1"').status_code == 412
    assert client.put("a", {"gender": "woman"}, headers={"If-None-Match": "*"}).status_code == 412
    assert patch(client, b"{", '"other.1"').status_code == 412


def test_one_name_is_removed_and_the_others_stay(client: Client, tag: str) -> None:
    answer = delete(client, "/names/callable/0")
    assert (answer.status_code, answer.json) == (200, WHOLE | {"names": [ANA, SILVA]})
    assert answer.headers["ETag"] == client.get("a").headers["ETag"] != tag
    again = delete(client, "/names/callable/0")
    assert (again.status_code, again.json["code"]) == (404, "entry_not_found")


def test_one_date_is_removed_down_to_the_last(client: Client, tag: str) -> None:
    assert delete(client, "/dates/birth/0").json == WHOLE | {"dates": [WEDDING]}
    assert delete(client, "/dates/wedding/0").json == WHOLE | {"dates": []}
    assert delete(client, "/dates/wedding/0").json["code"] == "entry_not_found"


def test_the_last_name_cannot_be_deleted(client: Client) -> None:
    client.put("a", {"names": [ANA]})
    answer = delete(client, "/names/real/0")
    assert (answer.status_code, answer.json["code"]) == (422, "last_name")
    assert client.get("a").json["names"] == [ANA]


@pytest.mark.parametrize("path", ["/names/Callable/0", "/names/%20callable/0.0", "/names/CALLABLE/%200"])
def test_a_place_in_the_path_is_read_as_one_in_a_body(client: Client, tag: str, path: str) -> None:
    assert delete(client, path).status_code == 200


@pytest.mark.parametrize(
    ("path", "pointer"),
    [
        ("/names/nickname/0", "/path/group"),
        ("/names/real/first", "/path/index"),
        ("/names/real/-1", "/path/index"),
        ("/names/real/", "/path/index"),
        ("/dates/birthday/0", "/path/significance"),
        ("/dates/birth/10000", "/path/index"),
    ],
)
def test_a_place_that_cannot_be_is_refused_with_what_can(client: Client, tag: str, path: str, pointer: str) -> None:
    answer = delete(client, path)
    assert (answer.status_code, answer.json["code"]) == (422, "invalid_parameter")
    assert answer.json["errors"][0]["pointer"] == pointer


@pytest.mark.parametrize("path", ["", "/names/callable/0", "/dates/birth/0"])
def test_deletions_hold_to_preconditions(client: Client, tag: str, path: str) -> None:
    assert delete(client, path, headers={"If-Match": '"other.1"'}).status_code == 412
    assert client.get("a").json == WHOLE
    assert delete(client, path, headers={"If-Match": tag}).status_code in {200, 204}


def test_a_deleted_profile_is_gone_and_what_comes_after_is_another_one(client: Client, tag: str) -> None:
    client.call("PUT", f"{BASE}/profile/a/preferences/theme", {"value": "dark"})
    answer = delete(client)
    assert (answer.status_code, answer.data) == (204, b"")
    assert "Content-Type" not in answer.headers
    assert client.get("a").json["code"] == "profile_not_found"
    assert delete(client).json["code"] == "profile_not_found"
    assert client.call("GET", f"{BASE}/profile/a/preferences/theme").status_code == 200
    again = client.put("a", WHOLE)
    assert again.status_code == 201
    assert again.headers["ETag"] != tag
    assert client.put("a", {"gender": "male"}, headers={"If-Match": tag}).status_code == 412
    assert client.get("a", headers={"If-None-Match": tag}).status_code == 200


@pytest.mark.parametrize("path", ["/names/real/0", "/dates/birth/0"])
def test_nothing_is_removed_from_a_profile_that_is_not_there(client: Client, path: str) -> None:
    assert delete(client, path).json["code"] == "profile_not_found"
