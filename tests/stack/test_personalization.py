"""The constructs for people to use: what each input changes."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from stack import cdktf_
from stack.app import PersonalizationStack
from stack.cdktf_ import TerraformStack
from stack.global_ import Global
from stack.personalization import Personalization
from stack.shared_space import SharedSpace
from tools import environment

ROOT = Path(__file__).parents[2]
CONTRACT = ROOT / "schemas" / "personalization.yaml"
OUTPUTS = {
    "bridge_ids",
    "get_profile_action_id",
    "personalization_space_id",
    "service_url",
    "specification_id",
    "upsert_profile_action_id",
}


def document(stack: TerraformStack) -> dict[str, Any]:
    result: dict[str, Any] = json.loads(cdktf_.Testing.synth(stack))
    return result


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("twin")
    return document(PersonalizationStack(cdktf_.Testing.app(), "personalization", contract=CONTRACT, folder=folder))


def stack() -> TerraformStack:
    return TerraformStack(cdktf_.Testing.app(), "stack")


def personalization(contract: Path = CONTRACT, **inputs: Any) -> dict[str, Any]:
    """What the construct is alone, with the given inputs: the arguments by their types."""
    inside = stack()
    Personalization(inside, "p", contract=contract, callers={}, data_folder="/data", **inputs)
    found = document(inside)
    return {type_: list(named.values()) for mode in ("resource", "data") for type_, named in found[mode].items()}


def test_the_stack_has_the_outputs_that_the_design_names(whole: dict[str, Any]) -> None:
    assert set(whole["output"]) == OUTPUTS


def test_the_actions_are_of_the_specification_directly(whole: dict[str, Any]) -> None:
    [specification] = whole["resource"]["tama_specification"]
    actions = [*whole["data"]["tama_action"].values(), *whole["data"]["tama_actions"].values()]
    identifiers = [action.get("identifier") for action in actions]
    assert identifiers == ["get-profile", "create-or-update-profile", None]
    assert {action["specification_id"] for action in actions} == {f"${{tama_specification.{specification}.id}}"}


def test_every_variable_has_a_description_and_a_default(whole: dict[str, Any]) -> None:
    assert len(whole["variable"]) == 14
    for variable in whole["variable"].values():
        assert variable["description"]
        assert variable["nullable"] is False
        assert "default" in variable
    assert {name for name, variable in whole["variable"].items() if variable.get("sensitive")} == {
        "client_secret",
        "service_api_key",
    }


def test_paths_are_absolute_as_cdktf_runs_terraform_elsewhere(whole: dict[str, Any]) -> None:
    [provider] = whole["provider"]["tama"]
    assert 'coalesce(var.base_url, "embedded:/' in provider["base_url"]
    [service] = whole["resource"]["tama_local_service"].values()
    assert 'coalesce(var.data_folder, "/' in service["data_folder"]


def test_nothing_is_rendered_as_undefined(whole: dict[str, Any]) -> None:
    assert "undefined" not in json.dumps(whole)


def test_inputs_have_defaults_for_a_service_on_this_machine() -> None:
    found = personalization()
    assert found["tama_space"][0]["name"] == "personalization"
    assert found["tama_local_service"][0]["count"] == '${("" == "") ? 1 : 0}'
    assert "tama_space_bridge" not in found


def test_given_inputs_reach_what_they_are_for() -> None:
    key = "k" * 32
    found = personalization(
        space_name="people",
        specification_version="9.9.9",
        service_endpoint="https://profiles.example",
        service_api_key=key,
    )
    assert found["tama_space"][0]["name"] == "people"
    assert found["tama_local_service"][0]["count"] == '${("https://profiles.example" == "") ? 1 : 0}'
    [specification] = found["tama_specification"]
    assert 'coalesce("9.9.9", "1.0.0")' in specification["version"]
    assert 'trimsuffix("https://profiles.example", "/")' in specification["endpoint"]
    assert specification["endpoint"].endswith("/internal/personalization")
    assert f': "{key}"' in found["tama_source_identity"][0]["api_key"]


def test_a_document_that_looks_like_a_template_is_registered_as_it_is(tmp_path: Path) -> None:
    contract = tmp_path / "contract.yaml"
    contract.write_text("info: {title: '${not.a.template}', version: 1.0.0}\npaths: {}\n")
    inside = stack()
    Personalization(inside, "p", contract=contract, callers={}, data_folder="/data")
    [specification] = document(inside)["resource"]["tama_specification"].values()
    assert json.loads(specification["schema"])["info"]["title"] == "$${not.a.template}"


def test_each_caller_gets_a_bridge() -> None:
    inside = stack()
    built = Personalization(inside, "p", contract=CONTRACT, callers={"a": "1", "b": "2"}, data_folder="/data")
    bridges = document(inside)["resource"]["tama_space_bridge"].values()
    assert [bridge["space_id"] for bridge in bridges] == ["1", "2"]
    assert list(built.bridges) == ["a", "b"]


def test_what_comes_after_global_waits_for_all_of_it() -> None:
    inside = stack()
    shared = Global(inside, "global")
    SharedSpace(inside, "caller", name="caller", type_="root", after=shared.dependables)
    found = document(inside)
    [created] = [space for space in found["resource"]["tama_space"].values() if space["name"] == "caller"]
    classes = {f"tama_class.{name}" for name in found["resource"]["tama_class"]}
    assert classes < set(created["depends_on"])
    assert len(shared.dependables) == len(created["depends_on"]) == len(classes) + 2
    assert all("depends_on" not in given for given in found["data"]["tama_space"].values())


def test_every_class_file_is_a_class_of_global() -> None:
    shared = Global(stack(), "global")
    files = {path.stem for path in (ROOT / "modules" / "global" / "classes").glob("*.json")}
    assert set(shared.classes) == files | {"class-proxy"}
    for name in files:
        schema = json.loads((ROOT / "modules" / "global" / "classes" / f"{name}.json").read_text())
        assert schema["title"] == name
        assert schema["description"]


def test_cdktf_is_imported_in_one_place() -> None:
    importers = set()
    for path in [ROOT / "main.py", *(ROOT / "stack").rglob("*.py"), *(ROOT / "tools").rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            importers |= {path for name in names if name.split(".")[0] in ("cdktf", "cdktn", "constructs", "jsii")}
    assert importers == {ROOT / "stack" / "cdktf_.py"}


def test_the_documentation_names_every_variable_and_output(whole: dict[str, Any]) -> None:
    text = (ROOT / "docs" / "stack.md").read_text()
    for name, variable in whole["variable"].items():
        assert f"| `{name}` | `{json.dumps(variable['default'])}` |" in text
    for name in whole["output"]:
        assert f"| `{name}` |" in text


def test_the_example_in_the_documentation_works(tmp_path: Path) -> None:
    text = (ROOT / "docs" / "stack.md").read_text()
    [example] = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    (tmp_path / "schemas").symlink_to(ROOT / "schemas")
    variables = environment.variables() | {"PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, "-c", example], cwd=tmp_path, env=variables, capture_output=True, check=True)
    found = json.loads((tmp_path / "cdktf.out" / "stacks" / "film-club" / "cdk.tf.json").read_text())
    [bridge] = found["resource"]["tama_space_bridge"].values()
    assert bridge["space_id"] == "${tama_space.club.id}"
