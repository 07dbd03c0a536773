"""The life of each resource through the real Terraform: create, update, replace, import, disappear, and no drift."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tama.client import connect
from tests.e2e.conftest import EMBEDDED, SPACE, SPECIFICATION
from tests.support.terraform import Terraform

Make = Callable[..., Terraform]

SECOND_SPACE = """
resource "tama_space" "other" {
  name = "Other"
  type = "root"
}
"""
BRIDGE = """
resource "tama_space_bridge" "it" {
  space_id        = tama_space.home.id
  target_space_id = tama_space.other.id
}
"""
CLASS = """
resource "tama_class" "it" {
  space_id    = tama_space.home.id
  schema_json = <<-JSON
    { "title": "thing",   "description": "A <thing> & more",
      "type": "object", "properties": { "n": { "maximum": 123456789012345678901234567890 } } }
  JSON
}
"""
CLASS_BLOCK = """
resource "tama_class" "it" {
  space_id = tama_space.home.id
  schema {
    title       = "thing"
    description = "A thing"
    type        = "object"
    properties  = "{ \\"b\\": {}, \\"a\\": {} }"
  }
}
"""
IDENTITY = """
resource "tama_source_identity" "it" {
  specification_id = tama_specification.it.id
  identifier       = "ApiKey"
  api_key          = "0123456789abcdef0123456789abcdef"
  validation {
    path   = "/whoami"
    method = "GET"
    codes  = [200]
  }
}
"""
DOCUMENT = SPECIFICATION.replace("BLOCKS", "")

# By name: the configuration around it, its own, a change in place, and the attribute whose change replaces it.
LIVES = {
    "space": ("", SPACE.replace('"home"', '"it"'), ('"Home"', '"House"'), None),
    "space_bridge": (SPACE + SECOND_SPACE, BRIDGE, ("tama_space.other.id", "tama_space.home.id"), "space_id"),
    "class": (SPACE + SECOND_SPACE, CLASS, ('"thing"', '"article"'), "space_id"),
    "class with a block": (SPACE + SECOND_SPACE, CLASS_BLOCK, ('"A thing"', '"A matter"'), "space_id"),
    "specification": (SPACE + SECOND_SPACE, DOCUMENT, ('"1.0.0"', '"1.1.0"'), "space_id"),
    "source_identity": (
        SPACE + DOCUMENT,
        IDENTITY,
        ('"/whoami"', '"/who"'),
        "codes",
    ),
}


@pytest.mark.parametrize("life", LIVES)
def test_a_life(terraform: Make, life: str) -> None:
    around, own, (old, new), replaced_by = LIVES[life]
    type_ = life.partition(" ")[0]
    address = f"tama_{type_}.it"
    work = terraform(EMBEDDED + around + own)

    work.apply()
    first = work.state()[address]
    assert work.changes() == {}

    work.write(EMBEDDED + around + own.replace(old, new))
    assert work.changes() == {address: ["update"]}
    work.apply()
    second = work.state()[address]
    assert second["id"] == first["id"]
    assert {name for name in first if first[name] != second[name]} <= _may_change(type_)
    assert work.changes() == {}

    _import_into_a_fresh_state(work, address, second, blocks="block" in life or type_ == "source_identity")

    plane = connect(f"embedded:{work.folder / 'tama'}")
    plane.request("DELETE", _member(type_, second["id"]))
    assert work.changes() == {address: ["create"]}
    work.apply()
    third = work.state()[address]
    assert third["id"] != second["id"]
    plane.close()

    if replaced_by:
        changed = (
            own.replace(old, new).replace("tama_space.home.id", "tama_space.other.id", 1).replace("[200]", "[204]")
        )
        work.write(EMBEDDED + around + changed)
        assert work.changes() == {address: ["delete", "create"]}
        work.apply()
        assert work.changes() == {}
        assert work.state()[address]["id"] != third["id"]

    work.destroy()
    assert work.state() == {}


def _may_change(type_: str) -> set[str]:
    return {
        "space": {"name", "slug"},
        "space_bridge": {"target_space_id"},
        "class": {"name", "schema", "schema_json", "description"},
        "specification": {"version", "current_state"},
        "source_identity": {"validation", "current_state"},
    }[type_]


def _member(type_: str, identifier: str) -> str:
    place = {
        "space": "neural/spaces",
        "space_bridge": "neural/bridges",
        "class": "neural/classes",
        "specification": "sensory/specifications",
        "source_identity": "sensory/identities",
    }[type_]
    return f"/provision/{place}/{identifier}"


def _import_into_a_fresh_state(work: Terraform, address: str, state: dict[str, object], *, blocks: bool) -> None:
    """Forget the object and import it again: nothing is to change but what no API can tell (blocks, secrets)."""
    work.run("state", "rm", address)
    work.run("import", address, str(state["id"]))
    imported = work.state()[address]
    assert imported["id"] == state["id"]
    assert imported["provision_state"] == state["provision_state"]
    changes = work.changes()
    assert changes == ({address: ["update"]} if blocks else {})
    work.apply()
    assert work.changes() == {}


def test_a_class_moves_from_a_block_to_json_in_place(terraform: Make) -> None:
    work = terraform(EMBEDDED + SPACE + CLASS_BLOCK)
    work.apply()
    before = work.state()["tama_class.it"]
    work.write(EMBEDDED + SPACE + CLASS.replace('"thing"', '"matter"'))
    work.apply()
    after = work.state()["tama_class.it"]
    assert (before["id"], before["name"], after["name"]) == (after["id"], "thing", "matter")
    assert after["schema"] == []
    assert work.changes() == {}


def test_json_written_in_another_way_changes_nothing(terraform: Make) -> None:
    work = terraform(EMBEDDED + SPACE + CLASS)
    work.apply()
    work.write(EMBEDDED + SPACE + CLASS.replace('"title": "thing",   ', '"title":"thing",'))
    assert work.changes() == {}
    work.write(EMBEDDED + SPACE + CLASS.replace("7890 }", "7891 }"))
    assert work.changes() == {"tama_class.it": ["update"]}


def test_computed_values_stay_known_in_an_update_unless_what_they_follow_changes(terraform: Make) -> None:
    work = terraform(EMBEDDED + SPACE)
    work.apply()
    work.write(EMBEDDED + SPACE.replace("component", "root"))
    assert work.plan()["resource_changes"][0]["change"]["after_unknown"] == {}
    work.write(EMBEDDED + SPACE.replace("Home", "House"))
    assert work.plan()["resource_changes"][0]["change"]["after_unknown"] == {"slug": True}


def test_destroying_what_is_gone_succeeds(terraform: Make) -> None:
    work = terraform(EMBEDDED + SPACE)
    work.apply()
    plane = connect(f"embedded:{work.folder / 'tama'}")
    plane.request("DELETE", _member("space", work.state()["tama_space.home"]["id"]))
    plane.close()
    work.run("destroy", "-auto-approve", "-refresh=false")
    assert work.state() == {}


LOOKUPS = """
data "tama_space" "slug" { id = "home" }
data "tama_action" "named" {
  specification_id = tama_specification.it.id
  identifier       = "list-things"
}
data "tama_action" "placed" {
  specification_id = tama_specification.it.id
  path             = "/things"
  method           = "GET"
}
data "tama_class" "derived" {
  specification_id = tama_specification.it.id
  name             = "list-things"
}
data "tama_class" "same" { id = data.tama_class.derived.id }
"""


def test_what_exists_is_looked_up(terraform: Make) -> None:
    work = terraform(EMBEDDED + SPACE + DOCUMENT)
    work.apply()
    work.write(EMBEDDED + SPACE + DOCUMENT + LOOKUPS)
    work.apply()
    state = work.state()
    assert state["data.tama_space.slug"]["id"] == state["tama_space.home"]["id"]
    assert state["data.tama_action.placed"]["identifier"] == "list-things"
    assert state["data.tama_action.placed"]["method"] == "get"
    assert state["data.tama_action.placed"]["id"] == state["data.tama_action.named"]["id"]
    assert state["data.tama_class.same"]["schema_json"] == state["data.tama_class.derived"]["schema_json"]
    assert work.changes() == {}


def test_what_is_not_there_is_an_error_that_says_what_to_do(terraform: Make) -> None:
    work = terraform(EMBEDDED + 'data "tama_space" "none" { id = "nowhere" }')
    error = " ".join(work.apply(check=False).stderr.split())
    assert "Unable to read space, got error: API error 404: detail Not Found" in error
    assert "Check the ids" in error
    assert "The request was GET /provision/neural/spaces/nowhere." in error
