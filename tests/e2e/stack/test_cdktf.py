"""The CDKTF twin, deployed by the real cdktf; and what the constructs write, held against the real provider."""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any, get_type_hints

import pytest

from stack import cdktf_, tama
from stack.app import PersonalizationStack
from stack.element import DataSource, Resource
from tests.e2e.stack import checkouts
from tests.support.terraform import Home, Terraform


@pytest.fixture(scope="module")
def cdktf(home: Home, tmp_path_factory: pytest.TempPathFactory) -> checkouts.Cdktf:
    return checkouts.Cdktf(checkouts.copy(tmp_path_factory.mktemp("cdktf") / "checkout"), home)


@pytest.fixture(scope="module")
def outputs(cdktf: checkouts.Cdktf) -> Iterator[dict[str, Any]]:
    """The outputs of a bare `cdktf deploy`, which is destroyed at the end."""
    outputs = cdktf.deploy()
    yield outputs
    cdktf.run("destroy", "--auto-approve")
    assert cdktf.stack().state() == {}
    assert not checkouts.answers(outputs["service_url"])


def test_a_bare_deploy_gives_every_output(outputs: dict[str, Any]) -> None:
    assert set(outputs["bridge_ids"]) == {"memovee", "prompt_assembly", "basic_conversation"}
    assert outputs.keys() == {
        "bridge_ids",
        "get_profile_action_id",
        "personalization_space_id",
        "service_url",
        "specification_id",
        "upsert_profile_action_id",
    }


def test_the_declared_actions_can_be_called(cdktf: checkouts.Cdktf, outputs: dict[str, Any]) -> None:
    control_plane, path = cdktf.folder / ".state" / "cdktf" / "tama", {"actor_id": "ada"}
    body = {"names": [{"index": 0, "value": "Ada"}]}
    put = {"path": path, "body": body}
    assert checkouts.call(control_plane, outputs["upsert_profile_action_id"], put)["status"] == 201
    answer = checkouts.call(control_plane, outputs["get_profile_action_id"], {"path": path})
    assert answer["body"]["names"][0]["value"] == "Ada"


def test_a_second_plan_is_empty(cdktf: checkouts.Cdktf, outputs: dict[str, Any]) -> None:
    assert "No changes. Your infrastructure matches the configuration." in cdktf.run("diff").stdout
    assert cdktf.stack().changes() == {}


def test_a_variable_renames_the_space_in_place(cdktf: checkouts.Cdktf, outputs: dict[str, Any]) -> None:
    assert cdktf.deploy("--var", "space_name=people") == outputs
    renamed = cdktf.stack().state()
    assert [values["name"] for values in renamed.values() if values.get("slug") == "people"] == ["people"]
    assert cdktf.stack().changes("-var", "space_name=people") == {}


def test_everything_lies_in_the_folders_of_this_twin(cdktf: checkouts.Cdktf, outputs: dict[str, Any]) -> None:
    assert not list(cdktf.folder.glob("*.tfstate"))
    assert [path.name for path in (cdktf.folder / ".state").iterdir()] == ["cdktf"]
    assert {path.name for path in (cdktf.folder / ".state" / "cdktf").iterdir()} >= {
        "tama",
        "service",
        "terraform.tfstate",
    }


def test_the_stack_is_valid_in_hcl_too(home: Home, tmp_path: Path) -> None:
    stack = PersonalizationStack(
        cdktf_.Testing.app(),
        "personalization",
        contract=checkouts.ROOT / "schemas" / "personalization.yaml",
        folder=tmp_path / "state",
    )
    terraform = Terraform(tmp_path / "hcl", home)
    terraform.write(str(cdktf_.Testing.synth_hcl(stack)))
    terraform.init()
    assert terraform.validate()["valid"]
    resources = json.loads(str(cdktf_.Testing.synth(stack)))["resource"]
    assert len(terraform.changes()) == sum(map(len, resources.values()))


@pytest.fixture(scope="module")
def schemas(home: Home, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the provider tells Terraform of itself."""
    terraform = Terraform(tmp_path_factory.mktemp("schemas"), home)
    terraform.write('terraform {\n  required_providers {\n    tama = { source = "memovee/tama" }\n  }\n}\n')
    terraform.init()
    [schema] = terraform.json("providers", "schema", "-json")["provider_schemas"].values()
    result: dict[str, Any] = schema
    return result


CONSTRUCTS = [
    construct
    for construct in map(vars(tama).get, tama.__all__)
    if inspect.isclass(construct) and issubclass(construct, Resource | DataSource)
]


@pytest.mark.parametrize("construct", CONSTRUCTS, ids=lambda construct: construct.__name__)
def test_a_construct_takes_what_the_provider_takes(construct: type[Resource], schemas: dict[str, Any]) -> None:
    kind = "data_source_schemas" if issubclass(construct, DataSource) else "resource_schemas"
    block = schemas[kind][construct.terraform_type]["block"]
    hints = get_type_hints(construct.__init__, localns={"Construct": object, "IResolvable": object, "Meta": object})
    taken = hints.keys() - {"scope", "id_", "meta", "return"}
    assert taken == _arguments(block)
    assert construct.blocks == {name for name in block.get("block_types", {}) if name in taken}
    for name in taken & block.get("block_types", {}).keys():
        struct = f"{construct.__name__}{''.join(part.capitalize() for part in name.split('_'))}"
        [nested] = [
            item for item in vars(inspect.getmodule(construct)).values() if getattr(item, "__name__", "") == struct
        ]
        assert {field.name.rstrip("_") for field in fields(nested)} == _arguments(block["block_types"][name]["block"])
    properties = {name for name, item in vars(construct).items() if isinstance(item, property)}
    assert properties >= block["attributes"].keys()


def test_the_provider_construct_takes_what_the_provider_takes(schemas: dict[str, Any]) -> None:
    taken = inspect.signature(tama.TamaProvider.__init__).parameters.keys() - {"self", "scope", "id_", "alias"}
    assert taken == _arguments(schemas["provider"]["block"])


def _arguments(block: dict[str, Any]) -> set[str]:
    """The names that a configuration may give: attributes, and blocks in which it may give something."""
    attributes = {name for name, a in block.get("attributes", {}).items() if a.get("required") or a.get("optional")}
    return attributes | {name for name, b in block.get("block_types", {}).items() if _arguments(b["block"])}


def test_the_project_file_asks_for_nothing_and_reports_nothing() -> None:
    project = json.loads((checkouts.ROOT / "cdktf.json").read_text())
    assert project["terraformProviders"] == project["terraformModules"] == []
    assert project["sendCrashReports"] == "false"
