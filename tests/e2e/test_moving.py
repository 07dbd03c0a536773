"""What `upmaru/tama` made becomes ours: its states plan nothing, and `moved` takes a resource over."""

from __future__ import annotations

import json
import shutil
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import HEAD, Plane, on_every_terraform
from tests.support.terraform import Home, Terraform
from tools import toolchain

UPSTREAM = "registry.terraform.io/upmaru/tama"
DOCUMENT = {
    "openapi": "3.1.0",
    "info": {"title": "A <b> & more", "version": "1"},
    "paths": {},
    "components": {"securitySchemes": {"ApiKey": {"type": "http", "scheme": "bearer"}}},
}
CONFIGURATION = """
resource "tama_space" "it" {
  name = "Movies"
  type = "root"
}
resource "tama_source" "it" {
  space_id = tama_space.it.id
  name     = "AI"
  type     = "model"
  endpoint = "https://ai.example/v1"
  api_key  = "key-of-the-tests"
}
resource "tama_model" "it" {
  source_id  = tama_source.it.id
  identifier = "m"
  path       = "/chat/completions"
}
resource "tama_class" "it" {
  space_id = tama_space.it.id
  schema {
    title       = "thing"
    description = "A thing"
    type        = "object"
  }
}
resource "tama_space_processor" "it" {
  space_id = tama_space.it.id
  model_id = tama_model.it.id
  completion {
    temperature = 0.5
  }
}
resource "tama_specification" "it" {
  space_id = tama_space.it.id
  schema   = jsonencode(DOCUMENT)
  version  = "1.0.0"
  endpoint = "https://api.example.com"
}
""".replace("DOCUMENT", json.dumps(DOCUMENT))


@pytest.fixture
def objects(plane: Plane) -> dict[str, dict[str, Any]]:
    """What an upstream configuration has made, by the type of its resource."""
    made: dict[str, dict[str, Any]] = {}
    with closing(plane.connect()) as client:

        def make(type_: str, collection: str, wrapper: str, **fields: object) -> str:
            made[type_] = client.request("POST", collection, {wrapper: fields})
            id_: str = made[type_]["id"]
            return id_

        space = make("tama_space", "/provision/neural/spaces", "space", name="Movies", type="root")
        sensory = f"/provision/sensory/spaces/{space}"
        source = make(
            "tama_source",
            f"{sensory}/sources",
            "source",
            name="AI",
            type="model",
            endpoint="https://ai.example/v1",
            credential={"api_key": "key-of-the-tests"},
        )
        models = f"/provision/sensory/sources/{source}/models"
        model = make("tama_model", models, "model", identifier="m", path="/chat/completions")
        schema = {"title": "thing", "description": "A thing", "type": "object"}
        make("tama_class", f"/provision/neural/spaces/{space}/classes", "class", schema=schema)
        make(
            "tama_space_processor",
            f"/provision/neural/spaces/{space}/types/completion/processor",
            "processor",
            model_id=model,
            configuration={"temperature": 0.5},
        )
        fields = {"schema": DOCUMENT, "version": "1.0.0", "endpoint": "https://api.example.com"}
        make("tama_specification", f"{sensory}/specifications", "specification", **fields)
    return made


def as_upstream_writes(objects: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """The attributes of each resource as upstream's provider leaves them in a state."""
    names = {
        "tama_space": ("id", "name", "type", "slug", "provision_state"),
        "tama_source": ("id", "space_id", "name", "type", "endpoint", "slug", "provision_state"),
        "tama_model": ("id", "source_id", "identifier", "path", "provision_state"),
        "tama_class": ("id", "space_id", "name", "description", "provision_state"),
        "tama_space_processor": ("id", "space_id", "model_id", "type", "provision_state"),
        "tama_specification": ("id", "space_id", "version", "endpoint", "current_state", "provision_state"),
    }
    states = {type_: {name: objects[type_][name] for name in those} for type_, those in names.items()}
    states["tama_source"] |= {"api_key": "key-of-the-tests", "request": None}
    # Where nothing is configured, upstream keeps an empty text.
    states["tama_model"]["parameters"] = ""
    block = {"title": "thing", "description": "A thing", "type": "object"}
    states["tama_class"] |= {
        "schema_json": None,
        "schema": [{**block, "properties": None, "required": None, "strict": None}],
    }
    completion = {"temperature": 0.5, "tool_choice": "required", "role_mappings": None, "parameters": ""}
    states["tama_space_processor"] |= {"completion": completion, "embedding": None, "reranking": None}
    # Go writes <, > and & as escapes.
    escaped = json.dumps(DOCUMENT, sort_keys=True, separators=(",", ":"))
    for character in "<>&":
        escaped = escaped.replace(character, f"\\u{ord(character):04x}")
    states["tama_specification"] |= {"schema": escaped, "wait_for": []}
    return states


def state_of(states: dict[str, dict[str, Any]], name: str = "it") -> str:
    resources = [
        {
            "mode": "managed",
            "type": type_,
            "name": name,
            "provider": f'provider["{UPSTREAM}"]',
            "instances": [{"schema_version": 0, "attributes": attributes}],
        }
        for type_, attributes in states.items()
    ]
    return json.dumps(
        {"version": 4, "terraform_version": "1.9.0", "serial": 1, "lineage": "it", "resources": resources}
    )


def test_a_state_of_upstream_plans_nothing_after_replace_provider(
    home: Home, tmp_path: Path, plane: Plane, objects: dict[str, dict[str, Any]]
) -> None:
    work = Terraform(tmp_path / "work", home)
    work.write(plane.head + CONFIGURATION)
    work.write(state_of(as_upstream_writes(objects)), "terraform.tfstate")
    work.run("state", "replace-provider", "-auto-approve", "upmaru/tama", "memovee/tama")
    work.init()
    assert work.changes() == {}
    work.destroy()
    assert work.state() == {}


@on_every_terraform(since="1.8")
def test_a_resource_of_upstream_moves(
    home: Home, tmp_path: Path, plane: Plane, objects: dict[str, dict[str, Any]], version: str | None
) -> None:
    # Terraform asks for the other provider's package too; ours stands in for it.
    mirror = tmp_path / "mirror"
    shutil.copytree(home.mirror, mirror)
    host = mirror / "registry.terraform.io"
    shutil.copytree(host / "memovee", host / "upmaru")
    configuration = tmp_path / "terraformrc"
    configuration.write_text(f'provider_installation {{\n  filesystem_mirror {{ path = "{mirror}" }}\n}}\n', "utf-8")
    variables: dict[str, str | None] = {"TF_CLI_CONFIG_FILE": str(configuration)}
    work = Terraform(tmp_path / "work", home, binary=toolchain.terraform(version), variables=variables)
    states = as_upstream_writes(objects)
    work.write(state_of({"tama_space": states["tama_space"]}, "old"), "terraform.tfstate")
    both = HEAD.replace("}\n  }", '}\n    old  = { source = "upmaru/tama" }\n  }')
    moved = "moved {\n  from = tama_space.old\n  to   = tama_space.it\n}\n"
    space = CONFIGURATION.partition('resource "tama_source"')[0]
    work.write(both + plane.provider + moved + space)
    work.init()
    assert work.changes() == {}
    work.apply()
    assert work.state()["tama_space.it"]["id"] == objects["tama_space"]["id"]
