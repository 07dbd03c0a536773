"""A configuration written by hand in an empty folder, from `init` to `destroy`, on every Terraform we support."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.terraform import Home, Terraform
from tools import environment, toolchain

MAIN_TF = f"""
terraform {{
  required_providers {{
    tama = {{
      source = "memovee/tama"
    }}
  }}
}}

provider "tama" {{
  base_url = "embedded:./tama"
}}

resource "tama_space" "assistant" {{
  name = "Assistant"
  type = "root"
}}

data "tama_space" "assistant" {{
  id = tama_space.assistant.id
}}

resource "tama_specification" "personalization" {{
  space_id = tama_space.assistant.id
  schema   = jsonencode(yamldecode(file("{environment.ROOT}/schemas/personalization.yaml")))
  version  = "1.0.0"
  endpoint = "http://127.0.0.1:8080/internal/personalization"

  wait_for {{
    field {{
      name = "current_state"
      in   = ["completed"]
    }}
  }}
}}

data "tama_action" "get_profile" {{
  specification_id = tama_specification.personalization.id
  identifier       = "get-profile"
}}

resource "tama_space_bridge" "to_itself" {{
  space_id        = tama_space.assistant.id
  target_space_id = tama_space.assistant.id
}}

output "action" {{
  value = data.tama_action.get_profile
}}
"""


@pytest.mark.parametrize("version", [None, *toolchain.TEST_TERRAFORMS], ids=lambda version: version or "chosen")
def test_a_hand_written_configuration_lives_a_whole_life(home: Home, tmp_path: Path, version: str | None) -> None:
    work = Terraform(tmp_path / "work", home, binary=toolchain.terraform(version))
    work.write(MAIN_TF)
    work.init()
    assert work.validate()["valid"]
    assert sorted(work.changes().values()) == [["create"]] * 3

    work.apply()
    assert work.changes() == {}
    assert work.outputs()["action"]["method"] == "get"
    state = work.state()
    assert state["tama_specification.personalization"]["current_state"] == "completed"

    fresh = Terraform(tmp_path / "fresh", home, binary=toolchain.terraform(version))
    fresh.write(MAIN_TF.replace("./tama", f"{work.folder}/tama"))
    fresh.init()
    fresh.run("import", "-input=false", "tama_space.assistant", state["tama_space.assistant"]["id"])
    assert "tama_space.assistant" not in fresh.changes()
    assert fresh.state()["tama_space.assistant"] == state["tama_space.assistant"]

    work.destroy()
    assert work.state() == {}
    assert "tama_space.assistant" in fresh.changes()
