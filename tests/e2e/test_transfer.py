"""A control plane that was moved to another place is the same to Terraform: its states go on to fit."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.conftest import EMBEDDED, HEAD, SPACE, SPECIFICATION
from tests.support.served_control_plane import served
from tests.support.terraform import Terraform
from tests.tama import endpoint as endpoints
from tests.tama.commands.support import tama

WAIT = """wait_for {
    field {
      name = "current_state"
      in   = ["completed"]
    }
  }"""
IDENTITY = """
resource "tama_source_identity" "it" {
  specification_id = tama_specification.it.id
  identifier       = "ApiKey"
  api_key          = "identity-key"
  validation {
    path   = "/whoami"
    method = "GET"
    codes  = [200]
  }
  WAIT
}
"""
# What refers across, what holds secrets, what is derived, and what Terraform waits for.
DECLARED = (
    SPACE
    + SPECIFICATION.replace("BLOCKS", WAIT)
    + IDENTITY.replace("WAIT", "")
    + """
data "tama_action" "it" {
  specification_id = tama_specification.it.id
  identifier       = "list-things"
}
resource "tama_space" "other" {
  name = "Other"
  type = "root"
}
resource "tama_space_bridge" "it" {
  space_id        = tama_space.other.id
  target_space_id = tama_space.home.id
}
resource "tama_source" "it" {
  space_id = tama_space.home.id
  name     = "AI"
  type     = "model"
  endpoint = "https://ai.example/v1"
  api_key  = "source-key"
  request = {
    headers = [{ name = "x-plan", value = "gold" }]
  }
}
resource "tama_model" "it" {
  source_id  = tama_source.it.id
  identifier = "m"
  path       = "/chat"
  parameters = jsonencode({ n = 123456789012345678901234567890 })
}
resource "tama_chain" "it" {
  space_id = tama_space.home.id
  name     = "Talk"
}
resource "tama_modular_thought" "it" {
  chain_id = tama_chain.it.id
  relation = "reply"
  module {
    reference = "tama/a"
  }
}
resource "tama_thought_tool" "it" {
  thought_id = tama_modular_thought.it.id
  action_id  = data.tama_action.it.id
}
"""
)


@pytest.mark.parametrize("store", ["sqlite", "postgresql"])
def test_after_an_export_and_an_import_a_plan_with_the_other_base_url_is_empty(
    request: pytest.FixtureRequest, terraform: Callable[..., Terraform], tmp_path: Path, store: str
) -> None:
    database = request.getfixturevalue("database") if store == "postgresql" else ""
    work = terraform(EMBEDDED + DECLARED)
    work.apply()
    exported = tama("export", "--with-secrets", f"--base-url=embedded:{work.folder}/tama").stdout
    with served(tmp_path / "served.db", database=database) as plane:
        credential = {"TAMA_CLIENT_ID": plane.client_id, "TAMA_CLIENT_SECRET": plane.client_secret}
        variables = {"TAMA_BASE_URL": plane.url, **credential}
        assert tama("import", "-", given=exported, variables=variables).returncode == 0

        work.write(HEAD + plane.provider() + DECLARED)
        plan = work.run("plan", "-input=false", "-detailed-exitcode", check=False)

        assert (plan.returncode, "No changes." in plan.stdout) == (0, True), plan.stdout + plan.stderr
        work.destroy()
        left = json.loads(tama("list", "--json", variables=variables).stdout)
        assert [one for of_kind in left.values() for one in of_kind] == []


def test_after_an_import_without_secrets_the_next_apply_sends_what_is_waited_for(
    terraform: Callable[..., Terraform], tmp_path: Path
) -> None:
    with endpoints.running() as endpoint:
        declared = (SPACE + SPECIFICATION.replace("BLOCKS", "") + IDENTITY).replace(
            "http://127.0.0.1:9/it", endpoint.url
        )
        work = terraform(EMBEDDED + declared.replace("WAIT", WAIT.replace("completed", "active")))
        work.apply()
        base_url = f"--base-url=embedded:{work.folder}/tama"
        file = tmp_path / "tama.json"
        file.write_bytes(tama("export", base_url).stdout)
        assert tama("import", "--replace", str(file), base_url).returncode == 0

        applied = work.apply()

    assert "0 added, 1 changed, 0 destroyed" in applied.stdout
    assert [request.headers["authorization"] for request in endpoint.requests] == ["Bearer identity-key"] * 2
    assert work.run("plan", "-input=false", "-detailed-exitcode", check=False).returncode == 0
