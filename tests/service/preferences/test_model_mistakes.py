"""What language models send as preferences, by the rule of the project's table."""

from typing import Any

import pytest

from tests.service.client import Client, ServiceAnswer
from tests.service.server import BASE

BRAZIL = {"code": "BR", "name": "Brazil"}


def put(client: Client, kind: str, body: object) -> ServiceAnswer:
    return client.call("PUT", f"{BASE}/profile/a/preferences/{kind}", body)


@pytest.mark.parametrize(
    ("kind", "body", "value"),
    [
        # Either half of a region is completed; a text alone is either.
        ("region", {"value": {"code": "BR"}}, BRAZIL),
        ("region", {"value": {"name": "Brazil"}}, BRAZIL),
        ("region", {"value": {"code": "BR", "name": "Brazil"}}, BRAZIL),
        ("region", {"value": "br"}, BRAZIL),
        ("region", {"value": "Brazil"}, BRAZIL),
        ("region", {"value": {"code": " bra ", "name": ""}}, BRAZIL),
        ("region", {"value": {"code": None, "name": "BRAZIL\u200b"}}, BRAZIL),
        ("region", {"value": {"code": "Brazil"}}, BRAZIL),
        ("region", {"value": "UK"}, {"code": "GB", "name": "United Kingdom"}),
        ("region", {"value": {"name": "Turkey"}}, {"code": "TR", "name": "Türkiye"}),
        # Two halves that are each in doubt are not in doubt together.
        ("region", {"value": {"code": "KR", "name": "Korea"}}, {"code": "KR", "name": "South Korea"}),
        ("region", {"value": {"code": "CD", "name": "Congo"}}, {"code": "CD", "name": "Congo - Kinshasa"}),
        # One normal form.
        ("language", {"value": " EN_us "}, "en-US"),
        ("language", {"value": "iw"}, "he"),
        ("timezone", {"value": "europe/berlin"}, "Europe/Berlin"),
        ("timezone", {"value": "US/Pacific"}, "America/Los_Angeles"),
        ("theme", {"value": " Dark "}, "dark"),
        ("theme", {"value": "LIGHT\n"}, "light"),
        # The type beside the value, in the path in another case, and what is absent.
        ("theme", {"type": "theme", "value": "dark"}, "dark"),
        ("theme", {"type": " Theme", "value": "dark"}, "dark"),
        ("Theme", {"value": "dark"}, "dark"),
        ("theme", {"type": None, "value": "dark", "note": ""}, "dark"),
        # The whole tool call, and what holds the preference.
        ("theme", {"next": None, "path": {"actor_id": "a", "type": "theme"}, "body": {"value": "dark"}}, "dark"),
        ("theme", {"path": {"actor_id": "a", "type": "Theme"}, "body": {"value": "dark"}}, "dark"),
        ("theme", {"preference": {"value": "dark"}}, "dark"),
        ("theme", {"body": {"preference": {"type": "theme", "value": "dark"}}}, "dark"),
    ],
)
def test_what_is_beyond_doubt_is_understood(client: Client, kind: str, body: object, value: object) -> None:
    answer = put(client, kind, body)
    assert (answer.status_code, answer.json) == (201, {"type": kind.lower(), "value": value})
    assert client.call("GET", f"{BASE}/profile/a/preferences/{kind}").json == answer.json


CONGOS = [{"code": "CD", "name": "Congo - Kinshasa"}, {"code": "CG", "name": "Congo - Brazzaville"}]
KOREAS = [{"code": "KP", "name": "North Korea"}, {"code": "KR", "name": "South Korea"}]
FRANCE, GERMANY = {"code": "FR", "name": "France"}, {"code": "DE", "name": "Germany"}
THEMES = ["dark", "light"]


@pytest.mark.parametrize(
    ("kind", "body", "code", "pointer", "says", "shown"),
    [
        ("region", {"value": {"name": "Congo"}}, "ambiguous_value", "/value/name", "Several", {"allowed": CONGOS}),
        ("region", {"value": "Korea"}, "ambiguous_value", "/value", "Several", {"allowed": KOREAS}),
        ("region", {"value": "Virgin Islands"}, "ambiguous_value", "/value", "Several", {}),
        ("region", {"value": {"code": "SU"}}, "ambiguous_value", "/value/code", "Several", {}),
        ("region", {"value": "Germny"}, "unknown_value", "/value", "ISO 3166", {"allowed": [GERMANY]}),
        ("region", {"value": "Atlantis"}, "unknown_value", "/value", "ISO 3166", {"example": BRAZIL}),
        ("region", {"value": "Europe"}, "unknown_value", "/value", "union", {}),
        ("region", {"value": {"code": "XX", "name": "Germany"}}, "unknown_value", "/value/code", "ISO 3166", {}),
        (
            "region",
            {"value": {"code": "DE", "name": "Deutschland"}},
            "unknown_value",
            "/value/name",
            "English name",
            {"allowed": [GERMANY]},
        ),
        (
            "region",
            {"value": {"code": "FR", "name": "Germany"}},
            "contradictory_value",
            "/value/name",
            "not a name of FR",
            {"allowed": [FRANCE, GERMANY]},
        ),
        ("region", {"body": {"value": "Congo"}}, "ambiguous_value", "/body/value", "Several", {}),
        ("region", {"value": {"code": "", "name": None}}, "invalid_preference", "/value", "code, or its name", {}),
        ("region", {"value": {}}, "invalid_preference", "/value", "code, or its name", {"example": BRAZIL}),
        ("region", {"value": 55}, "invalid_preference", "/value", "An object or a string", {"example": BRAZIL}),
        ("region", {"value": ["BR"]}, "invalid_preference", "/value", "not an array", {}),
        ("region", {"value": {"country": "BR"}}, "invalid_preference", "/value/country", "Known are code, name", {}),
        ("region", {"code": "BR"}, "invalid_preference", "/code", "not known", {"example": {"value": BRAZIL}}),
        ("language", {"value": "English"}, "unknown_value", "/value", "BCP 47", {"allowed": ["en"], "example": "en"}),
        ("language", {"value": "Brazilian Portuguese"}, "unknown_value", "/value", "BCP 47", {"allowed": ["pt-BR"]}),
        ("language", {"value": "jp"}, "unknown_value", "/value", "BCP 47", {"allowed": ["ja"]}),
        ("language", {"value": "Switzerland"}, "ambiguous_value", "/value", "BCP 47", {"allowed": ["de", "fr", "it"]}),
        ("language", {"value": "xx"}, "unknown_value", "/value", "BCP 47", {"example": "pt-BR"}),
        ("language", {"value": {"code": "en"}}, "invalid_preference", "/value", "not an object", {"example": "pt-BR"}),
        ("language", {"value": "e" * 65}, "invalid_preference", "/value", "longer than 64", {}),
        ("language", {"value": "\x00"}, "invalid_preference", "/value", "U+0000", {}),
        ("timezone", {"value": "EST"}, "ambiguous_value", "/value", "IANA", {"example": "America/New_York"}),
        ("timezone", {"value": "New York"}, "unknown_value", "/value", "IANA", {"allowed": ["America/New_York"]}),
        ("timezone", {"value": "United States"}, "ambiguous_value", "/value", "only some", {}),
        ("timezone", {"value": "+02:00"}, "unknown_value", "/value", "not an offset", {"example": "America/Sao_Paulo"}),
        ("theme", {"value": "blue"}, "invalid_preference", "/value", "allowed", {"allowed": THEMES, "example": "dark"}),
        ("theme", {"value": "drk"}, "invalid_preference", "/value", "`dark` meant", {}),
        ("theme", {"value": True}, "invalid_preference", "/value", "not a boolean", {"allowed": THEMES}),
        ("theme", {}, "invalid_preference", "/value", "missing", {"allowed": THEMES}),
        ("theme", {"value": None}, "invalid_preference", "/value", "missing", {"allowed": THEMES}),
        (
            "theme",
            {"value": "dark", "type": "region"},
            "invalid_preference",
            "/type",
            "allowed",
            {"allowed": ["theme"]},
        ),
        ("theme", {"theme": "dark"}, "invalid_preference", "/theme", "Known are", {"example": {"value": "dark"}}),
        ("theme", {"Value": "dark"}, "invalid_preference", "/Value", "`value` meant", {}),
        ("theme", "dark", "invalid_preference", "", "not a string", {"example": {"value": "dark"}}),
        ("theme", ["dark"], "invalid_preference", "", "not an array", {}),
        ("theme", {"body": {"body": {"value": "dark"}}}, "invalid_preference", "/body/body", "unwrapped once", {}),
        ("theme", {"profile": {"value": "dark"}}, "invalid_preference", "/profile", "not known", {}),
        (
            "theme",
            {"preference": {"value": "dark"}, "actor_id": "a"},
            "invalid_preference",
            "/actor_id",
            "beside `preference`",
            {"example": {"value": "dark"}},
        ),
        (
            "theme",
            {"path": {"actor_id": "b"}, "body": {"value": "dark"}},
            "actor_mismatch",
            "/path/actor_id",
            "not the actor",
            {},
        ),
        (
            "theme",
            {"path": {"actor_id": "a", "type": "region"}, "body": {"value": "dark"}},
            "invalid_preference",
            "/path/type",
            "`theme`",
            {},
        ),
    ],
)
def test_everything_else_gets_an_error_that_says_how_to_mend_it(
    client: Client, kind: str, body: object, code: str, pointer: str, says: str, shown: dict[str, Any]
) -> None:
    answer = put(client, kind, body)
    assert (answer.status_code, answer.json["code"]) == (422, code)
    detail = next(error for error in answer.json["errors"] if error["pointer"] == pointer)
    assert says in detail["detail"]
    assert {name: detail[name] for name in shown} == shown
    listed = client.call("GET", f"{BASE}/profile/a/preferences")
    assert listed.json == {"preferences": []}, "nothing of the call is stored"


def test_what_an_error_proposes_is_taken(client: Client) -> None:
    """One try mends the call: each of the values that are allowed is stored when it is sent."""
    for kind, value in (("region", "Congo"), ("region", "Islands"), ("language", "Switzerland"), ("timezone", "IST")):
        detail = put(client, kind, {"value": value}).json["errors"][0]
        for allowed in detail["allowed"]:
            answer = put(client, kind, {"value": allowed})
            assert answer.status_code in {200, 201}
            assert answer.json["value"] == allowed


@pytest.mark.parametrize("sent", ["colour", "themes", "", "a/b", "favourite_genre"])
def test_an_unknown_type_is_answered_with_those_that_there_are(client: Client, sent: str) -> None:
    answer = put(client, sent, {"value": "dark"})
    assert answer.status_code == 404
    if "/" not in sent:
        assert answer.json["code"] == "unknown_preference_type"
        assert "language, region, theme, timezone" in answer.json["message"]
