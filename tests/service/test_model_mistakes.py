"""What language models really send: the table of the project, and other inputs of the same kinds."""

import json
from typing import Any

import pytest

from tests.service.client import Client

ANA = {"index": 0, "group": "real", "value": "Ana"}
BIRTH = {"index": 0, "significance": "birth", "value": "1990-03-03"}


def stored(names: list[Any], gender: str = "other", pronoun: str = "other", dates: list[Any] | None = None) -> Any:
    return {"names": names, "gender": gender, "pronoun": pronoun, "dates": dates or []}


@pytest.mark.parametrize(
    ("body", "profile"),
    [
        # Absent is absent, in whatever way it is said.
        ({"names": [ANA], "gender": "", "pronoun": None}, stored([ANA])),
        ({"names": [ANA], "gender": "  ", "pronoun": "\t\n", "dates": []}, stored([ANA])),
        ({"names": [ANA], "gender": "\u200b", "dates": None}, stored([ANA])),
        ({"names": [ANA], "nickname": None, "favourite_movie": "", "tags": []}, stored([ANA])),
        ({"names": [ANA, {"index": 0, "group": "callable", "value": ""}]}, stored([ANA])),
        ({"names": [{"index": 1, "value": None}, ANA, {"value": " \u2060"}, None, "", {}]}, stored([ANA])),
        ({"names": [ANA, {"index": "many", "group": "nickname", "value": ""}]}, stored([ANA])),
        ({"names": [ANA], "dates": [{"index": 0, "significance": "birth", "value": ""}]}, stored([ANA])),
        ({"names": [ANA], "dates": [{"significance": "birth"}, BIRTH]}, stored([ANA], dates=[BIRTH])),
        ({"names": [{"index": 0, "group": None, "value": "Ana"}]}, stored([ANA])),
        ({"names": [{"index": 0, "group": " ", "value": "Ana"}]}, stored([ANA])),
        # Enumerations in any case, with space around them.
        ({"names": [ANA], "gender": "Female", "pronoun": " she/her "}, stored([ANA], "female", "she/her")),
        ({"names": [ANA], "gender": "MALE\n", "pronoun": "They/Them"}, stored([ANA], "male", "they/them")),
        ({"names": [{"index": 0, "group": "REAL ", "value": "Ana"}]}, stored([ANA])),
        (
            {"names": [ANA], "dates": [{"index": 0, "significance": " Birth", "value": "1990-03-03"}]},
            stored([ANA], dates=[BIRTH]),
        ),
        # Whole numbers in another dress.
        ({"names": [{"index": "0", "group": "Real", "value": " Ana "}]}, stored([ANA])),
        ({"names": [{"index": 0.0, "value": "Ana"}]}, stored([ANA])),
        ({"names": [{"index": " 0.0 ", "value": "Ana"}]}, stored([ANA])),
        ({"names": [{"index": -0.0, "value": "Ana"}]}, stored([ANA])),
        (
            {"names": [ANA], "dates": [{"index": "00", "significance": "birth", "value": " 1990-03-03\n"}]},
            stored([ANA], dates=[BIRTH]),
        ),
        # Names: the group's default, space around, and one Unicode form.
        ({"names": [{"index": 0, "value": "Ana"}]}, stored([ANA])),
        ({"names": [{"index": 0, "value": "\u00a0\ufeffAna\u3000\u200b"}]}, stored([ANA])),
        (
            {"names": [{"index": 0, "value": "Jose\u0301"}]},
            stored([{"index": 0, "group": "real", "value": "Jos\u00e9"}]),
        ),
        ({"names": [{"index": 0, "value": "Ana Maria"}]}, stored([{**ANA, "value": "Ana Maria"}])),
        # The whole tool call, and what holds the profile.
        ({"next": None, "path": {"actor_id": "a"}, "body": {"names": [ANA]}}, stored([ANA])),
        ({"body": {"names": [ANA]}}, stored([ANA])),
        ({"profile": {"names": [ANA]}}, stored([ANA])),
        ({"body": {"profile": {"names": [ANA]}}}, stored([ANA])),
        ({"path": {}, "query": {}, "header": {"x": 1}, "next": "step", "body": {"names": [ANA]}}, stored([ANA])),
        ({"body": {"path": {"actor_id": "a"}, "profile": {"names": [ANA]}}}, stored([ANA])),
        ({"path": None, "other": None, "body": {"names": [ANA]}}, stored([ANA])),
        ({"body": None, "names": [ANA]}, stored([ANA])),
    ],
)
def test_what_is_beyond_doubt_is_understood(client: Client, body: object, profile: object) -> None:
    answer = client.put("a", body)
    assert answer.status_code == 201
    # As text, since 0 and 0.0 are equal in Python and not the same in JSON.
    assert json.dumps(answer.json, sort_keys=True) == json.dumps(profile, sort_keys=True)
    assert client.get("a").data == answer.data


EXAMPLE = [{"index": 0, "group": "real", "value": "Ana"}, {"index": 1, "group": "real", "value": "Silva"}]
GENDERS = ["male", "female", "other"]


@pytest.mark.parametrize(
    ("body", "code", "pointer", "says", "shown"),
    [
        ({"names": "Ana Silva"}, "invalid_profile", "/names", "An array", {"example": EXAMPLE}),
        ({"names": ["Ana"]}, "invalid_profile", "/names/0", "An object", {"example": ANA}),
        ({"names": {"index": 0, "value": "Ana"}}, "invalid_profile", "/names", "not an object", {"example": [ANA]}),
        ({"names": 5}, "invalid_profile", "/names", "not a whole number", {"example": [ANA]}),
        ({"dates": "1990-03-03"}, "invalid_profile", "/dates", "An array", {"example": [BIRTH]}),
        ({"name": "Ana"}, "invalid_profile", "/name", "`names` meant", {"example": {"names": [ANA]}}),
        ({"Names": [ANA]}, "invalid_profile", "/Names", "`names` meant", {}),
        ({"pronouns": "she/her"}, "invalid_profile", "/pronouns", "`pronoun` meant", {}),
        ({"names": [{"index": 0, "name": "Ana"}]}, "invalid_profile", "/names/0/name", "Known are index", {}),
        (
            {"names": [{"index": 0, "group": "nickname", "value": "Annie"}]},
            "invalid_profile",
            "/names/0/group",
            "what they want to be called",
            {"allowed": ["callable", "real"]},
        ),
        ({"names": [{"index": 0, "value": ""}]}, "name_required", "/names", "At least one name", {"example": [ANA]}),
        ({"gender": "female"}, "name_required", "/names", "At least one name", {}),
        ({}, "name_required", "/names", "At least one name", {}),
        ({"body": {"gender": "female"}}, "name_required", "/body/names", "At least one name", {}),
        (None, "name_required", "/names", "At least one name", {}),
        (
            {"names": [{**ANA, "value": "A"}, {**ANA, "value": "B"}]},
            "duplicate_entry",
            "/names/1",
            "same group and index as /names/0",
            {},
        ),
        (
            {"names": [{"value": ""}, ANA, {"index": "0", "value": "B"}]},
            "duplicate_entry",
            "/names/2",
            "as /names/1",
            {},
        ),
        (
            {"names": [ANA], "dates": [BIRTH, {**BIRTH, "value": "1991-01-01"}]},
            "duplicate_entry",
            "/dates/1",
            "same significance and index as /dates/0",
            {},
        ),
        ({"gender": "woman"}, "invalid_profile", "/gender", "allowed", {"allowed": GENDERS}),
        ({"gender": 1}, "invalid_profile", "/gender", "A string", {"allowed": GENDERS}),
        ({"gender": ["female"]}, "invalid_profile", "/gender", "not an array", {"allowed": GENDERS}),
        ({"pronoun": "she"}, "invalid_profile", "/pronoun", "allowed", {"example": "she/her"}),
        (
            {"dates": [{"index": 0, "significance": "birth", "value": "March 3rd, 1990"}]},
            "invalid_profile",
            "/dates/0/value",
            "full-date",
            {"example": "1990-03-03"},
        ),
        ({"dates": [{**BIRTH, "value": "03/03/1990"}]}, "invalid_profile", "/dates/0/value", "full-date", {}),
        ({"dates": [{**BIRTH, "value": "1990-3-3"}]}, "invalid_profile", "/dates/0/value", "full-date", {}),
        ({"dates": [{**BIRTH, "value": "1990-03-03T00:00:00Z"}]}, "invalid_profile", "/dates/0/value", "full-date", {}),
        ({"dates": [{**BIRTH, "value": "0000-01-01"}]}, "invalid_profile", "/dates/0/value", "full-date", {}),
        ({"dates": [{**BIRTH, "value": 1990}]}, "invalid_profile", "/dates/0/value", "A string", {}),
        (
            {"dates": [{**BIRTH, "significance": "birthday"}]},
            "invalid_profile",
            "/dates/0/significance",
            "`birth` meant",
            {"allowed": ["wedding", "birth", "start_school", "graduated"]},
        ),
        (
            {"dates": [{"index": 0, "value": "1990-03-03"}]},
            "invalid_profile",
            "/dates/0/significance",
            "missing",
            {"allowed": ["wedding", "birth", "start_school", "graduated"]},
        ),
        ({"dates": [{**BIRTH, "value": "1990-02-30"}]}, "invalid_profile", "/dates/0/value", "no such day", {}),
        ({"dates": [{**BIRTH, "value": "2023-02-29"}]}, "invalid_profile", "/dates/0/value", "no such day", {}),
        (
            {"names": [ANA], "favourite_movie": "Alien"},
            "invalid_profile",
            "/favourite_movie",
            "preferences, such as the language, have an action of their own",
            {},
        ),
        ({"names": [{"value": "Ana"}]}, "invalid_profile", "/names/0/index", "missing", {"example": 0}),
        ({"names": [{"index": None, "value": "Ana"}]}, "invalid_profile", "/names/0/index", "missing", {}),
        ({"names": [{"index": "first", "value": "Ana"}]}, "invalid_profile", "/names/0/index", "A whole number", {}),
        ({"names": [{"index": 0.5, "value": "Ana"}]}, "invalid_profile", "/names/0/index", "with a fraction", {}),
        ({"names": [{"index": True, "value": "Ana"}]}, "invalid_profile", "/names/0/index", "not a boolean", {}),
        ({"names": [{"index": -1, "value": "Ana"}]}, "invalid_profile", "/names/0/index", "between 0 and 9999", {}),
        ({"names": [{"index": 10**30, "value": "Ana"}]}, "invalid_profile", "/names/0/index", "between", {}),
        ({"names": [{"index": 0, "value": 5}]}, "invalid_profile", "/names/0/value", "A string", {}),
        ({"names": [{"index": 0, "value": "Ana\nSilva"}]}, "invalid_profile", "/names/0/value", "control", {}),
        ({"names": [{"index": 0, "value": "Ana\x00"}]}, "invalid_profile", "/names/0/value", "control", {}),
        ({"names": [{"index": 0, "value": "A" * 257}]}, "invalid_profile", "/names/0/value", "longer than 256", {}),
        (
            {"body": {"body": {"names": [ANA]}}},
            "invalid_profile",
            "/body/body",
            "unwrapped once",
            {"example": {"names": [ANA]}},
        ),
        ({"profile": {"profile": {"names": [ANA]}}}, "invalid_profile", "/profile/profile", "unwrapped once", {}),
        ({"profile": {"body": {"names": [ANA]}}}, "invalid_profile", "/profile/body", "unwrapped once", {}),
        ({"body": {"names": [ANA]}, "gender": "female"}, "invalid_profile", "/gender", "beside `body`", {}),
        (
            {"profile": {"names": [ANA]}, "actor_id": "a"},
            "invalid_profile",
            "/actor_id",
            "beside `profile`",
            {"example": {"names": [ANA]}},
        ),
        ({"body": '{"names": []}'}, "invalid_profile", "/body", "not a string", {"example": {"names": [ANA]}}),
        ({"body": {"profile": {"gender": "x"}}}, "invalid_profile", "/body/profile/gender", "allowed", {}),
        (
            {"path": {"actor_id": "b"}, "body": {"names": [ANA]}},
            "actor_mismatch",
            "/path/actor_id",
            "not the actor",
            {},
        ),
        ({"path": {"id": "a"}, "body": {"names": [ANA]}}, "actor_mismatch", "/path/id", "not the actor", {}),
        ({"path": "/profile/b", "body": {"names": [ANA]}}, "actor_mismatch", "/path", "An object", {}),
        (
            {"body": {"path": {"actor_id": "b"}, "profile": {"names": [ANA]}}},
            "actor_mismatch",
            "/body/path/actor_id",
            "not the actor",
            {},
        ),
        ([ANA], "invalid_profile", "", "not an array", {"example": {"names": [ANA]}}),
        ([], "invalid_profile", "", "not an array", {}),
        ("Ana", "invalid_profile", "", "not a string", {}),
        (7, "invalid_profile", "", "not a whole number", {}),
    ],
)
def test_everything_else_gets_an_error_that_says_how_to_mend_it(
    client: Client, body: object, code: str, pointer: str, says: str, shown: dict[str, object]
) -> None:
    answer = client.put("a", body if body is not None else b"null")
    assert (answer.status_code, answer.json["code"]) == (422, code)
    detail = next(error for error in answer.json["errors"] if error["pointer"] == pointer)
    assert says in detail["detail"]
    assert {name: detail[name] for name in shown} == shown
    assert client.get("a").status_code == 404, "nothing of the call is stored"


def test_every_place_that_is_wrong_is_named_at_once(client: Client) -> None:
    body = {"names": [{"value": None}, {"index": 0, "group": "nick", "value": "A"}], "gender": "woman", "x": 1}
    pointers = {error["pointer"] for error in client.put("a", body).json["errors"]}
    assert pointers == {"/names/1/group", "/gender", "/x"}


def test_the_list_of_errors_is_bounded(client: Client) -> None:
    answer = client.put("a", {"names": [0] * 20_000})
    assert answer.status_code == 422
    assert len(answer.data) < 10_000


def test_a_member_of_a_known_actor_is_merged_and_everything_else_stays(client: Client) -> None:
    client.put("a", {"names": [ANA], "pronoun": "she/her", "dates": [BIRTH]})
    answer = client.put("a", {"gender": "female"})
    assert (answer.status_code, answer.json) == (200, stored([ANA], "female", "she/her", [BIRTH]))


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"names": [], "gender": "", "pronoun": None, "dates": [{"value": ""}]},
        {"body": {}},
        {"profile": {"gender": None}},
        {"names": [{**ANA, "value": " Ana"}], "gender": "Female"},
    ],
)
def test_what_says_nothing_new_changes_nothing(client: Client, body: object) -> None:
    first = client.put("a", {"names": [ANA], "gender": "female"})
    again = client.put("a", body)
    assert (again.status_code, again.json) == (200, first.json)
    assert again.headers["ETag"] == first.headers["ETag"]


def test_an_unknown_actor_is_told_what_to_do(client: Client) -> None:
    answer = client.get("nobody")
    assert (answer.status_code, answer.json["code"]) == (404, "profile_not_found")
    assert "create-or-update-profile once the actor has told a name" in answer.json["message"]
