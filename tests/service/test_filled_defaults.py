"""A client that fills in every default that the contract declares for a body, as generated clients do.

It must not overwrite what it was not told: `female` would become `other` while a date is added.
"""

from typing import Any

import pytest

from service.contract import Contract
from tests.service.client import Client
from tests.service.server import BASE

ANA = {"index": 0, "group": "real", "value": "Ana"}
BIRTH = {"index": 0, "significance": "birth", "value": "1990-03-03"}
WEDDING = {"index": 0, "significance": "wedding", "value": "2020-02-29"}
MERGE, PATCH = "create-or-update-profile", "patch-profile"


def body_schema(contract: Contract, operation: str) -> Any:
    """Return the schema of an operation's body."""
    (found,) = (each for each in contract.operations if each.id == operation)
    described = contract.at(["paths", found.path.removeprefix(BASE), found.method.lower()])
    return described["requestBody"]["content"]["application/json"]["schema"]


def filled(contract: Contract, schema: Any, value: Any) -> Any:
    """Return a value with every default that its schema declares, at any depth."""
    schema = contract.resolved(schema)
    for choice in schema.get("oneOf", ()):
        if value is not None:
            value = filled(contract, choice, value)
    match value:
        case dict():
            members = schema.get("properties", {})
            defaults = {name: contract.resolved(member).get("default") for name, member in members.items()}
            return {
                name: filled(contract, members.get(name, {}), member)
                for name, member in (defaults | value).items()
                if name in value or member is not None
            }
        case list():
            return [filled(contract, schema.get("items", {}), entry) for entry in value]
    return value


def store_ana(client: Client) -> str:
    answer = client.put("a", {"names": [ANA], "gender": "female", "pronoun": "she/her", "dates": [WEDDING]})
    return answer.headers["ETag"]


@pytest.mark.parametrize("operation", [MERGE, PATCH])
def test_gender_and_pronoun_stay_when_such_a_client_adds_a_date(
    client: Client, contract: Contract, operation: str
) -> None:
    tag = store_ana(client)
    body = filled(contract, body_schema(contract, operation), {"dates": [WEDDING, BIRTH]})
    method = "PUT" if operation == MERGE else "PATCH"
    answer = client.call(method, f"{BASE}/profile/a", body, headers={"If-Match": tag})
    assert answer.status_code == 200
    expected = {"names": [ANA], "gender": "female", "pronoun": "she/her", "dates": [BIRTH, WEDDING]}
    assert answer.json == client.get("a").json == expected


def test_the_client_does_fill_defaults_in(contract: Contract) -> None:
    body = {"names": [{"index": 0, "value": "Ana"}]}
    assert filled(contract, body_schema(contract, MERGE), body) == {"names": [ANA]}


def test_a_default_for_gender_would_be_seen(client: Client, contract: Contract) -> None:
    def declare(whole: dict[str, Any]) -> None:
        whole["components"]["schemas"]["ProfileInput"]["properties"]["gender"]["default"] = "other"

    store_ana(client)
    worse = contract.changed(declare)
    client.put("a", filled(worse, body_schema(worse, MERGE), {"dates": [BIRTH]}))
    assert client.get("a").json["gender"] == "other"
