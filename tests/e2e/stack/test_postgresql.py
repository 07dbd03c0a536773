"""The stack with its service on PostgreSQL: applied, called, killed, beside another on the same database, destroyed."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.e2e.stack import checkouts
from tests.e2e.stack.test_hcl import SERVICE, kill
from tests.support.terraform import Home, Terraform

Deploy = Callable[..., Terraform]


@pytest.fixture
def deploy(database: str, home: Home, tmp_path: Path) -> Iterator[Deploy]:
    """Deploy a checkout of its own with the service on the database; what a test leaves is destroyed."""
    store, _, password_file = database.partition("?passfile=")
    variables = {"service_store": store, "service_store_password_file": password_file}
    made: list[Terraform] = []

    def deploy(name: str, *options: str) -> Terraform:
        made.append(checkouts.terraform(checkouts.copy(tmp_path / name), home, variables))
        made[-1].apply(*options)
        return made[-1]

    yield deploy
    for terraform in made:
        terraform.destroy()


def name_of(service: dict[str, Any], actor: str) -> str:
    """Return an actor's first name, as a service answers it to whoever has its key."""
    request = urllib.request.Request(
        f"{service['url']}/internal/personalization/profile/{actor}",
        headers={"Authorization": f"Bearer {service['api_key']}"},
    )
    with urllib.request.urlopen(request, timeout=20) as answer:
        name: str = json.load(answer)["names"][0]["value"]
        return name


def test_profiles_outlive_a_service_in_a_database_that_another_one_shares(deploy: Deploy, database: str) -> None:
    stack = deploy("stack")
    assert stack.changes() == {}

    def told(operation: str, **tool_call: Any) -> dict[str, Any]:
        action = f"{stack.outputs()['specification_id']}:{operation}"
        tool_call["path"] = {"actor_id": "ada"}
        return checkouts.call(stack.folder / ".state" / "terraform" / "tama", action, tool_call)

    assert told("create-or-update-profile", body={"names": [{"index": 0, "value": "Ada"}]})["status"] == 201
    said = {"role": "user", "content": "Something scary for tonight, please!"}
    assert told("append-history", body={"events": [said]})["status"] == 201

    kill(stack.state()[SERVICE]["pid"], "group")
    assert stack.changes() == {SERVICE: ["update"]}
    stack.apply()
    assert stack.changes() == {}
    assert said["content"] in told("get-context")["body"]["text"]

    other = deploy("other", "-target", "tama_local_service.personalization")
    assert name_of(other.state()[SERVICE], "ada") == "Ada"
    assert told("create-or-update-profile", body={"names": [{"index": 0, "value": "Augusta"}]})["status"] == 200
    assert name_of(other.state()[SERVICE], "ada") == "Augusta"

    stack.destroy()
    assert name_of(other.state()[SERVICE], "ada") == "Augusta"
    assert not list(stack.folder.glob(".state/terraform/service/*.db*"))
    with psycopg.connect(database) as connection:
        assert connection.execute("SELECT actor FROM personalization.actor").fetchall() == [("ada",)]
