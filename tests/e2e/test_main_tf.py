"""A configuration written by hand in an empty folder, from `init` to `destroy`, on every Terraform we support."""

from __future__ import annotations

from collections.abc import Callable

from tests.e2e.conftest import on_every_terraform
from tests.support.terraform import Terraform
from tools import environment

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


@on_every_terraform()
def test_a_hand_written_configuration_lives_a_whole_life(terraform: Callable[..., Terraform]) -> None:
    work = terraform(MAIN_TF)
    assert work.validate()["valid"]
    assert sorted(work.changes().values()) == [["create"]] * 3

    work.apply()
    assert work.changes() == {}
    assert work.outputs()["action"]["method"] == "get"
    state = work.state()
    assert state["tama_specification.personalization"]["current_state"] == "completed"

    fresh = terraform(MAIN_TF.replace("./tama", f"{work.folder}/tama"), name="fresh")
    fresh.run("import", "-input=false", "tama_space.assistant", state["tama_space.assistant"]["id"])
    assert "tama_space.assistant" not in fresh.changes()
    assert fresh.state()["tama_space.assistant"] == state["tama_space.assistant"]

    work.destroy()
    assert work.state() == {}
    assert "tama_space.assistant" in fresh.changes()
