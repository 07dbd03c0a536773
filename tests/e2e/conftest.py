from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.scripted_control_plane import CLIENT_ID, CLIENT_SECRET, ScriptedControlPlane
from tests.support.terraform import Home, Terraform

HEAD = """
terraform {
  required_providers {
    tama = { source = "memovee/tama" }
  }
}
"""
EMBEDDED = HEAD + 'provider "tama" { base_url = "embedded:./tama" }\n'
SPACE = """
resource "tama_space" "home" {
  name = "Home"
  type = "component"
}
"""
SPECIFICATION = """
resource "tama_specification" "it" {
  space_id = tama_space.home.id
  schema   = jsonencode({
    openapi = "3.1.0"
    info    = { title = "It", version = "1" }
    paths = {
      "/things" = {
        get  = { operationId = "list-things", responses = { "200" = { description = "All." } } }
        post = { operationId = "add-thing", responses = { "201" = { description = "One more." } } }
      }
    }
    components = { securitySchemes = { ApiKey = { type = "http", scheme = "bearer" } } }
  })
  version  = "1.0.0"
  endpoint = "http://127.0.0.1:9/it"
  BLOCKS
}
"""


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return Home(tmp_path_factory.mktemp("home"))


@pytest.fixture
def terraform(home: Home, tmp_path: Path) -> Callable[..., Terraform]:
    """Return a function that makes a working folder with a configuration, ready to plan."""

    def make(text: str, name: str = "work", **variables: str) -> Terraform:
        made = Terraform(tmp_path / name, home, variables=dict(variables))
        made.write(text)
        made.init()
        return made

    return make


@pytest.fixture
def hosted(tmp_path: Path) -> Iterator[ScriptedControlPlane]:
    with ScriptedControlPlane(tmp_path / "hosted") as plane:
        yield plane


@pytest.fixture
def on_hosted(hosted: ScriptedControlPlane) -> str:
    """Return the head of a configuration that uses the scripted control plane."""
    return (
        HEAD
        + f"""
provider "tama" {{
  base_url      = "{hosted.url}"
  client_id     = "{CLIENT_ID}"
  client_secret = "{CLIENT_SECRET}"
}}
"""
    )
