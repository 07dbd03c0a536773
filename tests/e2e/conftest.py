from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tama.client import Client, connect
from tests.support.scripted_control_plane import CLIENT_ID, CLIENT_SECRET, ScriptedControlPlane
from tests.support.served_control_plane import served
from tests.support.terraform import Home, Terraform
from tools import toolchain

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


@cache
def chosen_version() -> str:
    """Return the version of the chosen Terraform."""
    return toolchain.terraform_version(toolchain.terraform())


def has_functions(version: str | None) -> bool:
    """Tell whether a Terraform, the chosen one without a version, has functions of providers: from 1.8 on it does."""
    return toolchain.numbers(version or chosen_version()) >= (1, 8)


def on_every_terraform(since: str = "1.5") -> pytest.MarkDecorator:
    """Run a test on the chosen Terraform and on each that is installed for the tests, those from a version on.

    Where TAMA_TERRAFORM names one and it is new enough, that one is enough.
    """
    versions = {None: chosen_version()} | {version: version for version in toolchain.TEST_TERRAFORMS}
    fitting = [one for one, number in versions.items() if toolchain.numbers(number) >= toolchain.numbers(since)]
    if None in fitting and os.environ.get("TAMA_TERRAFORM", "bundled") not in ("", "bundled"):
        fitting = [None]
    return pytest.mark.parametrize("version", fitting, ids=lambda version: version or "chosen")


@pytest.fixture
def version() -> str | None:
    """Which Terraform a test runs on: the chosen one, unless `on_every_terraform` says otherwise."""
    return None


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return Home(tmp_path_factory.mktemp("home"))


@pytest.fixture
def terraform(home: Home, tmp_path: Path, version: str | None) -> Callable[..., Terraform]:
    """Return a function that makes a working folder with a configuration, ready to plan."""

    def make(text: str, name: str = "work", **variables: str) -> Terraform:
        made = Terraform(tmp_path / name, home, binary=toolchain.terraform(version), variables=dict(variables))
        made.write(text)
        made.init()
        return made

    return make


@dataclass(frozen=True)
class Plane:
    """A control plane that a configuration uses.

    Attributes:
        provider: the configuration of a provider that uses it.
        connect: returns a client of the control plane.
    """

    provider: str
    connect: Callable[[], Client]

    @property
    def head(self) -> str:
        """How a configuration begins."""
        return HEAD + self.provider

    def held(self) -> list[dict[str, Any]]:
        """What it holds, of every kind."""
        with closing(self.connect()) as client:
            return [one["object"] for one in client.request("GET", "/provision/control-plane/objects")]


@pytest.fixture(params=["embedded", "http"])
def plane(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Plane]:
    """A control plane that holds nothing: in the provider's process on SQLite, and served over HTTP on PostgreSQL."""
    store = tmp_path / "tama" / "tama.db"
    if request.param == "embedded":
        url = f"embedded:{store.parent}"
        provider = f'provider "tama" {{\n  base_url = "{url}"\n}}\n'
        yield Plane(provider, lambda: connect(url))
    else:
        store.parent.mkdir()
        with served(store, database=request.getfixturevalue("database")) as server:
            yield Plane(server.provider(), server.connect)


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
