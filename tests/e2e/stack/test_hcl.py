"""The HCL twin, deployed by the real Terraform: applied, renamed, its service killed, and destroyed."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.stack import checkouts
from tests.support.terraform import Home, Terraform
from tools import pictures
from tools.environment import ROOT

SERVICE = "tama_local_service.personalization[0]"


def call(terraform: Terraform, action: str, **tool_call: Any) -> dict[str, Any]:
    """Call an action as Tama does, by the output that holds its id."""
    identifier = terraform.outputs()[action]
    return checkouts.call(terraform.folder / ".state" / "terraform" / "tama", identifier, tool_call)


def workers(pid: int) -> list[int]:
    """The children of a process."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(child) for child in children.split()]


def test_a_bare_apply_gives_every_output(deployed: Terraform) -> None:
    outputs = deployed.outputs()
    assert set(outputs.pop("bridge_ids")) == {"memovee", "prompt_assembly", "basic_conversation"}
    assert set(outputs) == {
        "personalization_space_id",
        "specification_id",
        "get_profile_action_id",
        "upsert_profile_action_id",
        "service_url",
    }
    assert all(outputs.values())
    assert checkouts.ready(outputs["service_url"])["status"] == "ready"


def test_what_was_waited_for_is_in_the_state(deployed: Terraform) -> None:
    state = deployed.state()
    assert state["tama_specification.personalization"]["current_state"] == "completed"
    assert state["tama_source_identity.personalization"]["current_state"] == "active"
    url = state[SERVICE]["url"]
    assert state["tama_specification.personalization"]["endpoint"] == f"{url}/internal/personalization"
    actions = state["data.tama_actions.personalization"]["actions"]
    assert sorted(action["identifier"] for action in actions) == sorted(checkouts.operations())
    for name in ("get_profile", "upsert_profile"):
        action = state[f"data.tama_action.{name}"]
        assert {key: action[key] for key in ("id", "identifier", "path", "method")} in actions


def test_a_second_plan_is_empty(deployed: Terraform) -> None:
    assert deployed.changes() == {}


def test_the_pictures_in_readme_and_docs_are_fresh(deployed: Terraform) -> None:
    plan = deployed.plan(*pictures.PLANNED)
    drawn = pictures.drawn(deployed.folder / ".state" / "terraform" / "tama", plan, deployed.outputs()["service_url"])

    kept = {path.relative_to(ROOT).as_posix(): path.read_text() for path in (ROOT / pictures.FOLDER).glob("*.svg")}
    assert drawn == kept, "`make generate` draws them anew"
    shown = (ROOT / "README.md").read_text() + (ROOT / "docs" / "control-plane.md").read_text()
    assert all(f"({name})" in shown or f"({name.removeprefix('docs/')})" in shown for name in kept)


def test_everything_lies_in_the_folders_of_this_twin(deployed: Terraform) -> None:
    folder = deployed.folder / ".state" / "terraform"
    assert (folder / "tama" / "tama.db").is_file()
    assert (folder / "service" / "api-key").stat().st_mode & 0o777 == 0o600
    assert (folder / "terraform.tfstate").is_file()
    assert not list(deployed.folder.glob("*.tfstate"))
    assert [path.name for path in (deployed.folder / ".state").iterdir()] == ["terraform"]


def test_the_declared_actions_can_be_called(deployed: Terraform) -> None:
    name = {"index": 0, "group": "callable", "value": "Ada"}
    path = {"actor_id": "ada"}
    assert call(deployed, "upsert_profile_action_id", path=path, body={"names": [name]})["status"] == 201
    answer = call(deployed, "get_profile_action_id", path=path)
    assert answer["status"] == 200
    assert answer["body"]["names"] == [name]


def test_a_space_is_renamed_in_place(deployed: Terraform) -> None:
    before = deployed.state()
    renamed = ("-var", "space_name=people")
    assert deployed.changes(*renamed) == {"tama_space.personalization": ["update"]}
    deployed.apply(*renamed)
    assert deployed.changes(*renamed) == {}
    after = deployed.state()
    assert after["tama_space.personalization"]["name"] == "people"
    assert {address: values.get("id") for address, values in after.items()} == {
        address: values.get("id") for address, values in before.items()
    }
    deployed.apply()
    assert deployed.changes() == {}


@pytest.mark.parametrize("victim", ["main", "worker", "group"])
def test_a_killed_service_is_one_change_and_heals(deployed: Terraform, victim: str) -> None:
    before, path = deployed.state(), {"actor_id": victim}
    body = {"names": [{"index": 0, "value": victim}]}
    assert call(deployed, "upsert_profile_action_id", path=path, body=body)["status"] == 201
    main = before[SERVICE]["pid"]
    kill(main, victim)
    assert deployed.changes() == {SERVICE: ["update"]}
    deployed.apply()
    assert deployed.changes() == {}
    after = deployed.state()
    assert after[SERVICE]["pid"] != main
    assert {**after, SERVICE: {**after[SERVICE], "pid": main}} == before
    assert checkouts.ready(after[SERVICE]["url"])["pid"] == after[SERVICE]["pid"]
    assert call(deployed, "get_profile_action_id", path=path)["body"]["names"][0]["value"] == victim


def kill(main: int, victim: str) -> None:
    """Kill the service's main process, its worker or all of them, and wait until nothing of it serves."""
    if victim == "group":
        os.killpg(main, signal.SIGKILL)
    elif victim == "worker":
        for worker in workers(main):
            os.kill(worker, signal.SIGKILL)
    else:
        os.kill(main, signal.SIGKILL)


def test_given_spaces_are_only_looked_up(deployed: Terraform, home: Home, tmp_path: Path) -> None:
    state, outputs = deployed.state(), deployed.outputs()
    guest = checkouts.terraform(checkouts.copy(tmp_path / "guest"), home, given(deployed))
    guest.apply()
    assert guest.changes() == {}
    resources = {address for address in guest.state() if not address.startswith("data.") and ".data." not in address}
    assert resources == {
        "tama_space.personalization",
        "tama_specification.personalization",
        "tama_source_identity.personalization",
        "tama_space_bridge.memovee",
        "tama_space_bridge.prompt_assembly",
        "tama_space_bridge.basic_conversation",
    }
    bridge = guest.state()["tama_space_bridge.memovee"]
    assert bridge["space_id"] == state["module.memovee.tama_space.created[0]"]["id"]
    assert guest.outputs()["service_url"] == outputs["service_url"]
    assert [path.name for path in (guest.folder / ".state" / "terraform").iterdir()] == ["terraform.tfstate"]
    guest.destroy()
    assert deployed.changes() == {}


def given(deployed: Terraform) -> dict[str, str]:
    """Variables with which another stack uses the spaces and the service of the one that is deployed."""
    outputs, state = deployed.outputs(), deployed.state()
    return {
        "base_url": f"embedded:{deployed.folder / '.state' / 'terraform' / 'tama'}",
        "global_space_id": "global",
        "memovee_space_id": state["module.memovee.tama_space.created[0]"]["id"],
        "prompt_assembly_space_id": "prompt-assembly",
        "basic_conversation_space_id": "basic-conversation",
        "space_name": "guest",
        "service_endpoint": outputs["service_url"],
        "service_api_key": state[SERVICE]["api_key"],
    }


def test_a_wrong_key_ends_in_failed_and_says_so(deployed: Terraform, home: Home, tmp_path: Path) -> None:
    wrong = "wrong" * 8
    variables = given(deployed) | {"service_api_key": wrong}
    guest = checkouts.terraform(checkouts.copy(tmp_path / "guest"), home, variables)
    result = guest.apply(check=False)
    assert result.returncode == 1
    said = " ".join(result.stderr.split())
    assert "with tama_source_identity.personalization" in said
    assert "current_state is failed" in said
    assert "answered 401" in said
    assert wrong not in result.stdout + result.stderr
    guest.destroy()


def test_a_service_elsewhere_needs_its_key(deployed: Terraform, home: Home, tmp_path: Path) -> None:
    variables = given(deployed) | {"service_api_key": ""}
    guest = checkouts.terraform(checkouts.copy(tmp_path / "guest"), home, variables)
    result = guest.run("plan", "-input=false", check=False)
    assert result.returncode == 1
    assert "tama_source_identity.personalization" in result.stderr
    assert "var.service_api_key" in result.stderr
    assert "api_key must not be empty: give one, or leave the attribute out." in " ".join(result.stderr.split())


@pytest.mark.parametrize(
    ("name", "value"), [("base_url", "tama.example"), ("service_endpoint", "tama.example"), ("space_name", " ")]
)
def test_a_value_that_cannot_be_meant_is_refused(home: Home, tmp_path: Path, name: str, value: str) -> None:
    terraform = checkouts.terraform(checkouts.copy(tmp_path / "checkout"), home, {name: value})
    result = terraform.run("plan", "-input=false", check=False)
    assert result.returncode == 1
    assert f"{name} must" in " ".join(result.stderr.replace("│", " ").split())


def test_the_configuration_is_valid_and_formatted(deployed: Terraform) -> None:
    assert deployed.validate()["valid"]
    assert deployed.run("fmt", "-check", "-recursive", ".").stdout == ""


def test_destroying_stops_the_service_and_keeps_its_data(home: Home, tmp_path: Path) -> None:
    terraform = checkouts.terraform(checkouts.copy(tmp_path / "checkout"), home)
    terraform.apply("-target", "tama_local_service.personalization")
    service = terraform.state()[SERVICE]
    terraform.destroy()
    assert terraform.state() == {}
    assert not checkouts.answers(service["url"])
    assert (terraform.folder / ".state" / "terraform" / "service" / "personalization.db").is_file()


def test_an_operation_and_its_action_come_in_one_change(deployed: Terraform, home: Home, tmp_path: Path) -> None:
    guest = checkouts.terraform(checkouts.copy(tmp_path / "guest"), home, given(deployed))
    guest.apply()
    checkouts.change(
        guest.folder / "schemas" / "personalization.yaml",
        "\npaths:\n",
        "\npaths:\n  /added:\n    get: { operationId: added, responses: { '200': { description: It is there. } } }\n",
    )
    changed = ("-var", "specification_version=9.9.9")
    assert guest.changes(*changed) == {"tama_specification.personalization": ["update"]}
    before = guest.outputs()
    guest.apply(*changed)
    assert guest.changes(*changed) == {}
    assert guest.outputs() == before
    state = guest.state()
    assert state["tama_specification.personalization"]["version"] == "9.9.9"
    actions = state["data.tama_actions.personalization"]["actions"]
    assert [action["path"] for action in actions if action["identifier"] == "added"] == ["/added"]
    guest.destroy()
