"""The picture of a plan that Terraform made."""

from __future__ import annotations

from collections.abc import Callable

from tama.graph.model import Change, Graph, Space
from tama.graph.plan import SENSITIVE, UNKNOWN, from_plan
from tama.graph.svg import svg
from tests.e2e.conftest import EMBEDDED
from tests.support.terraform import Terraform

BEFORE = (
    EMBEDDED
    + """
locals {
  teams = toset(["kept", "renamed", "gone"])
}
resource "tama_space" "team" {
  for_each = local.teams
  name     = "${each.key} team"
  type     = "component"
}
resource "tama_space" "hub" {
  name = "hub"
  type = "root"
}
resource "tama_space_bridge" "team" {
  for_each        = local.teams
  space_id        = tama_space.team[each.key].id
  target_space_id = tama_space.hub.id
}
resource "tama_class" "old" {
  space_id    = tama_space.team["gone"].id
  schema_json = jsonencode({ title = "old-class", description = "Old.", type = "object" })
}
variable "endpoint" {
  default   = "http://canary.invalid/v1"
  sensitive = true
}
resource "tama_specification" "hub" {
  space_id = tama_space.hub.id
  version  = "1.0.0"
  endpoint = var.endpoint
  schema = jsonencode({
    openapi    = "3.1.0"
    info       = { title = "canary-title", version = "1" }
    paths      = { "/things" = { get = { operationId = "list-things" }, put = { operationId = "put-thing" } } }
    components = { securitySchemes = { ApiKey = { type = "http", scheme = "bearer" } } }
  })
}
resource "tama_source_identity" "hub" {
  specification_id = tama_specification.hub.id
  identifier       = "ApiKey"
  api_key          = "canary-key"
  validation {
    path   = "/whoami"
    method = "GET"
    codes  = [200]
  }
}
"""
)
NEW_OPERATIONS = 'head = { operationId = "list-things" }, post = { operationId = "add-thing" }'
AFTER = (
    BEFORE.replace('toset(["kept", "renamed", "gone"])', 'toset(["kept", "renamed", "new"])')
    .replace('"${each.key} team"', 'each.key == "renamed" ? "other team" : "${each.key} team"')
    .replace('tama_space.team["gone"].id\n  schema_json', 'tama_space.team["new"].id\n  schema_json')
    .replace('"1.0.0"', '"2.0.0"')
    .replace('get = { operationId = "list-things" }, put = { operationId = "put-thing" }', NEW_OPERATIONS)
)
ADOPTED = """
data "tama_space" "hub" {
  id = "hub"
}
resource "tama_space_bridge" "adopted" {
  space_id        = tama_space.hub.id
  target_space_id = data.tama_space.hub.id
}
"""


def spaces(graph: Graph) -> dict[str, str]:
    """What is done to each space, by its name."""
    return {space.name: space.change.word for space in graph.spaces}


def actions(space: Space) -> dict[str, Change]:
    return {one.identifier: one.change for specification in space.specifications for one in specification.actions}


def bridges(graph: Graph) -> set[tuple[str, str, str]]:
    return {(graph.spaces[one.source].name, graph.spaces[one.target].name, one.change.word) for one in graph.bridges}


def test_a_plan_shows_what_is_added_changed_replaced_and_removed(terraform: Callable[..., Terraform]) -> None:
    work = terraform(BEFORE)

    first = from_plan(work.plan())
    assert set(spaces(first).values()) == {"add"}
    assert bridges(first) == {(f"{team} team", "hub", "add") for team in ("kept", "renamed", "gone")}
    hub = next(space for space in first.spaces if space.name == "hub")
    assert [(one.version, one.endpoint, one.change) for one in hub.specifications] == [
        ("1.0.0", SENSITIVE, Change.ADDED)
    ]
    assert actions(hub) == {"list-things": Change.ADDED, "put-thing": Change.ADDED}

    work.apply()
    work.write(AFTER + ADOPTED)
    plan = work.plan()
    second = from_plan(plan)
    assert spaces(second) == {
        "hub": "keep",
        "kept team": "keep",
        "other team": "change",
        "new team": "add",
        "gone team": "remove",
    }
    assert bridges(second) == {
        ("kept team", "hub", "keep"),
        ("other team", "hub", "keep"),
        ("new team", "hub", "add"),
        ("gone team", "hub", "remove"),
        ("hub", "hub", "add"),
    }, "the space that is looked up is the one that is managed"
    classes = {space.name: space.classes for space in second.spaces if space.classes}
    assert [(one.name, one.change) for one in classes.pop("new team")] == [("old-class", Change.REPLACED)]
    assert classes == {}
    hub = next(space for space in second.spaces if space.name == "hub")
    assert [(one.version, one.state, one.change) for one in hub.specifications] == [("2.0.0", UNKNOWN, Change.CHANGED)]
    assert actions(hub) == {"list-things": Change.CHANGED, "put-thing": Change.REMOVED, "add-thing": Change.ADDED}

    assert "canary-key" in str(plan), "a plan holds secrets"
    assert "canary" not in svg(first) + svg(second)
    assert {one.word for one in from_plan(work.plan("-destroy")).changes()} == {"remove"}
