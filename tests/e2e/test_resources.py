"""The life of each resource through the real Terraform: create, update, replace, import, disappear, and no drift.

All of it is held against both kinds of control planes: embedded, and served over HTTP.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from contextlib import closing
from typing import Any

import pytest

from provider.resources.paths import fill
from tama import catalog
from tama.catalog.declaration import Resource
from tama.client import Client
from tama.client.errors import NotFound
from tama.control_plane.kinds import Kinds
from tests.e2e.conftest import EMBEDDED, SPACE, SPECIFICATION, Plane, has_functions, on_every_terraform
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
# What comes of a specification is there when a server has processed it.
PROCESSED = SPECIFICATION.replace(
    "BLOCKS", 'wait_for {\n field {\n name = "current_state"\n in = ["completed"]\n }\n }'
)
SPACES = SPACE + SECOND_SPACE
CLASSES = CLASS.replace('"it"', '"first"') + CLASS.replace('"it"', '"second"').replace("home", "other")


def resource(type_: str, arguments: str, label: str = "it") -> str:
    """A resource of a type; a semicolon divides its arguments."""
    return f'resource "tama_{type_}" "{label}" {{\n' + "\n".join(arguments.split(";")) + "\n}\n"


CHAINS = "".join(
    resource("chain", f'space_id = tama_space.{space}.id; name = "Talk"', label)
    for space, label in (("home", "first"), ("other", "second"))
)
LISTENERS = "".join(
    resource("listener", f'space_id = tama_space.{space}.id; endpoint = "http://x.example/"; secret = "s"', label)
    for space, label in (("home", "first"), ("other", "second"))
)
SOURCE = (
    'space_id = tama_space.home.id; name = "AI"; type = "model"; endpoint = "https://ai.example/v1"; api_key = "key"'
)
REQUEST = """; request = {
  headers          = [{ name = "x-plan", value = "gold" }]
  session_affinity = { location = "header", key = "x-session", value = "s" }
}"""
SOURCES = resource("source", SOURCE, "first") + resource("source", SOURCE, "second")
ACTION = """
data "tama_action" "first" {
  specification_id = tama_specification.it.id
  identifier       = "list-things"
}
"""
NODE = (
    "space_id = tama_space.home.id; class_id = tama_class.first.id; chain_id = tama_chain.first.id;"
    'type = "reactive"; on = "processed"'
)


def twice(type_: str, arguments: str) -> str:
    """A resource that stands twice, under the labels `first` and `second`; so does what it refers to."""
    return resource(type_, arguments, "first") + resource(type_, arguments.replace("first", "second"), "second")


OF_SPACE = "space_id = tama_space.home.id; model_id = tama_model.first.id"
MODELS = twice("model", 'source_id = tama_source.first.id; identifier = "m"; path = "/x"')
THOUGHTS = twice(
    "modular_thought", 'chain_id = tama_chain.first.id; relation = "reply"; module {; reference = "tama/a"; }'
)
PROMPTS = twice("prompt", 'space_id = tama_space.home.id; name = "Greet"; content = "Hi"; role = "user"')
CORPORA = twice("class_corpus", 'class_id = tama_class.first.id; name = "As Text"; template = "{{ a }}"')
PATHS = twice("thought_path", "thought_id = tama_modular_thought.first.id; target_class_id = tama_class.first.id")
CONTEXTS = twice("thought_context", "thought_id = tama_modular_thought.first.id; prompt_id = tama_prompt.first.id")
ACTIONS = ACTION + ACTION.replace("first", "second").replace("list-things", "add-thing")
TOOLS = twice("thought_tool", "thought_id = tama_modular_thought.first.id; action_id = data.tama_action.first.id")
OUTPUTS = twice(
    "thought_tool_output",
    "thought_tool_id = tama_thought_tool.first.id; class_corpus_id = tama_class_corpus.first.id",
) + twice("action_modifier", 'action_id = data.tama_action.first.id; name = "body"; schema = jsonencode({})')

QUEUE = resource("queue", 'role = "oracle"; name = "Slow"; concurrency = 2', "first")
AROUND = "".join(
    [
        *(SPACES, CLASSES, CHAINS, LISTENERS, SOURCES, MODELS, PROCESSED, ACTIONS, THOUGHTS),
        *(PROMPTS, CORPORA, PATHS, CONTEXTS, TOOLS, OUTPUTS, QUEUE),
    ]
)
LEAST_EDITS = 20

# By name: a configuration, a change in place, and the attribute whose change replaces it.
LIVES: dict[str, tuple[str, tuple[str, str] | None, str | None]] = {
    "space": (SPACE.replace('"home"', '"it"'), ('"Home"', '"House"'), None),
    "space_bridge": (BRIDGE, ("tama_space.other.id", "tama_space.home.id"), "space_id"),
    "class": (CLASS, ('"thing"', '"article"'), "space_id"),
    "class with a block": (CLASS_BLOCK, ('"A thing"', '"A matter"'), "space_id"),
    "specification": (DOCUMENT, ('"1.0.0"', '"1.1.0"'), "space_id"),
    "source_identity": (IDENTITY, ('"/whoami"', '"/who"'), "codes"),
    "class_corpus": (
        resource("class_corpus", 'class_id = tama_class.first.id; name = "As Text"; template = "{{ a }}"'),
        ('"As Text"', '"As JSON"'),
        "class_id",
    ),
    "node": (resource("node", NODE), ('"processed"', '"processing"'), "space_id"),
    "listener": (
        resource("listener", 'space_id = tama_space.home.id; endpoint = "http://localhost:4000/"; secret = "s"'),
        ("4000", "4001"),
        "space_id",
    ),
    "listener_filter": (
        resource("listener_filter", "listener_id = tama_listener.first.id; chain_id = tama_chain.first.id"),
        ("tama_chain.first", "tama_chain.second"),
        "listener_id",
    ),
    "listener_topic": (
        resource("listener_topic", "listener_id = tama_listener.first.id; class_id = tama_class.first.id"),
        ("tama_class.first", "tama_class.second"),
        "listener_id",
    ),
    "source": (resource("source", SOURCE + REQUEST), ('"gold"', '"silver"'), "space_id"),
    "source without a request": (resource("source", SOURCE), ('"AI"', '"Models"'), "space_id"),
    "model": (
        resource(
            "model",
            'source_id = tama_source.first.id; identifier = "m-1"; path = "/chat/completions";'
            "parameters = jsonencode({ reasoning = { effort = 0.5 }, stop = [] })",
        ),
        ("0.5", "0.25"),
        "source_id",
    ),
    "model without parameters": (
        resource("model", 'source_id = tama_source.first.id; identifier = "m-1"; path = "/chat/completions"'),
        ("m-1", "m-2"),
        "source_id",
    ),
    "source_limit": (
        resource("source_limit", 'source_id = tama_source.first.id; scale_unit = "hours"; scale_count = 2; value = 9'),
        ("= 9", "= 999999999"),
        "source_id",
    ),
    "prompt": (
        resource("prompt", 'space_id = tama_space.home.id; name = "Greet"; content = "Say <hi>"; role = "system"'),
        ('"Greet"', '"Say hello"'),
        "space_id",
    ),
    "chain": (resource("chain", 'space_id = tama_space.home.id; name = "Talk"'), ('"Talk"', '"Listen"'), "space_id"),
    "action_modifier": (
        resource(
            "action_modifier",
            'action_id = data.tama_action.first.id; name = "query"; schema = jsonencode({ type = "object" })',
        ),
        ('"query"', '"body"'),
        None,
    ),
    "class_operation": (
        resource("class_operation", "class_id = tama_class.first.id; chain_ids = [tama_chain.first.id]"),
        None,
        "class_id",
    ),
    "space_processor": (
        resource(
            "space_processor",
            "space_id = tama_space.home.id; model_id = tama_model.first.id; completion {; temperature = 0.2;"
            'role_mappings = [{ from = "user", to = "human" }]; parameters = jsonencode({ a = 1 }); }',
        ),
        ("0.2", "1"),
        "space_id",
    ),
    "space_processor of embeddings": (
        resource("space_processor", f'{OF_SPACE}; embedding {{; templates = [{{ type = "query", content = "?" }}]; }}'),
        ('"?"', '"!"'),
        "space_id",
    ),
    "space_processor of rerankings": (
        resource("space_processor", f"{OF_SPACE}; reranking {{ }}"),
        ("tama_model.first", "tama_model.second"),
        "space_id",
    ),
    "modular_thought": (
        resource(
            "modular_thought",
            'chain_id = tama_chain.first.id; relation = "reply"; module {; reference = "tama/agentic/generate";'
            "parameters = jsonencode({ n = 12345678901234567890, f = 0.5 }); };"
            "faculty {; queue_id = tama_queue.first.id; priority = 1; }",
        ),
        ("priority = 1", "priority = 2"),
        "chain_id",
    ),
    "modular_thought without parameters": (
        resource(
            "modular_thought",
            "chain_id = tama_chain.first.id; output_class_id = tama_class.first.id; index = 7;"
            'relation = "reply"; module {; reference = "tama/agentic/generate"; }',
        ),
        ('"reply"', '"answer"'),
        "chain_id",
    ),
    "delegated_thought": (
        resource(
            "delegated_thought",
            "chain_id = tama_chain.second.id; delegation {; target_thought_id = tama_modular_thought.first.id; }",
        ),
        ("tama_modular_thought.first", "tama_modular_thought.second"),
        None,
    ),
    "thought_processor": (
        resource(
            "thought_processor",
            "thought_id = tama_modular_thought.first.id; model_id = tama_model.first.id; completion {; }",
        ),
        ("tama_model.first", "tama_model.second"),
        "thought_id",
    ),
    "thought_context": (
        resource(
            "thought_context",
            "thought_id = tama_modular_thought.first.id; prompt_id = tama_prompt.first.id; layer = 1",
        ),
        ("tama_prompt.first", "tama_prompt.second"),
        "thought_id",
    ),
    "thought_path": (
        resource(
            "thought_path",
            "thought_id = tama_modular_thought.first.id; target_class_id = tama_class.first.id;"
            "parameters = jsonencode({ similarity = 0.5 })",
        ),
        ("0.5", "0.75"),
        "thought_id",
    ),
    "thought_path_directive": (
        resource(
            "thought_path_directive",
            "thought_path_id = tama_thought_path.first.id; prompt_id = tama_prompt.first.id;"
            "target_thought_id = tama_modular_thought.second.id",
        ),
        ("tama_prompt.first", "tama_prompt.second"),
        "thought_path_id",
    ),
    "thought_path_activation": (
        resource(
            "thought_path_activation", "thought_path_id = tama_thought_path.first.id; chain_id = tama_chain.first.id"
        ),
        ("tama_chain.first", "tama_chain.second"),
        "thought_path_id",
    ),
    "thought_module_input": (
        resource(
            "thought_module_input",
            'thought_id = tama_modular_thought.first.id; type = "entity"; class_corpus_id = tama_class_corpus.first.id',
        ),
        ('"entity"', '"concept"'),
        "thought_id",
    ),
    "thought_initializer": (
        resource(
            "thought_initializer",
            'thought_id = tama_modular_thought.first.id; reference = "tama/initializers/preload";'
            "class_id = tama_class.first.id; parameters = jsonencode({})",
        ),
        ("preload", "import"),
        "thought_id",
    ),
    "thought_tool": (
        resource("thought_tool", "thought_id = tama_modular_thought.first.id; action_id = data.tama_action.first.id"),
        ("data.tama_action.first", "data.tama_action.second"),
        "thought_id",
    ),
    "thought_context_input": (
        resource(
            "thought_context_input",
            'thought_context_id = tama_thought_context.first.id; type = "metadata";'
            "class_corpus_id = tama_class_corpus.first.id",
        ),
        ('"metadata"', '"entity"'),
        "thought_context_id",
    ),
    "thought_tool_input": (
        resource(
            "thought_tool_input",
            'thought_tool_id = tama_thought_tool.first.id; type = "path"; class_corpus_id = tama_class_corpus.first.id',
        ),
        ('"path"', '"body"'),
        "thought_tool_id",
    ),
    "thought_tool_initializer": (
        resource(
            "thought_tool_initializer",
            'thought_tool_id = tama_thought_tool.first.id; reference = "tama/initializers/import"; index = 1',
        ),
        ("index = 1", "index = 0"),
        "thought_tool_id",
    ),
    "thought_tool_output": (
        resource(
            "thought_tool_output",
            "thought_tool_id = tama_thought_tool.first.id; class_corpus_id = tama_class_corpus.first.id",
        ),
        ("tama_class_corpus.first", "tama_class_corpus.second"),
        "thought_tool_id",
    ),
    "tool_output_option": (
        resource(
            "tool_output_option",
            "thought_tool_output_id = tama_thought_tool_output.first.id;"
            "action_modifier_id = tama_action_modifier.first.id",
        ),
        ("tama_action_modifier.first", "tama_action_modifier.second"),
        "thought_tool_output_id",
    ),
    "thought_pruning": (
        resource("thought_pruning", "thought_id = tama_modular_thought.first.id; previous_versions_count = 3"),
        ("= 3", "= 0"),
        "thought_id",
    ),
    "queue": (resource("queue", 'role = "oracle"; name = "Slow"; concurrency = 2'), ("= 2", "= 20"), None),
}


# What is looked up, by the type of the data source, all of it at once.
LOOKUPS = """
data "tama_space" "it" { slug = tama_space.home.slug }
data "tama_space_bridge" "it" { id = tama_space_bridge.space_bridge.id }
data "tama_class" "it" {
  space_id = tama_class.first.space_id
  name     = tama_class.first.name
}
data "tama_class_corpus" "it" {
  class_id = tama_class_corpus.first.class_id
  slug     = tama_class_corpus.first.slug
}
data "tama_node" "it" { id = tama_node.node.id }
data "tama_specification" "it" { id = tama_specification.it.id }
data "tama_source" "it" { id = tama_source.first.id }
data "tama_source_identity" "it" { id = tama_source_identity.source_identity.id }
data "tama_model" "it" { id = tama_model.first.id }
data "tama_action" "it" {
  specification_id = tama_specification.it.id
  path             = "/things"
  method           = "GET"
}
data "tama_actions" "it" { specification_id = tama_specification.it.id }
data "tama_prompt" "it" { id = tama_prompt.first.id }
data "tama_chain" "it" { id = tama_chain.first.id }
data "tama_queue" "it" { id = tama_queue.first.id }
data "tama_listener" "it" { id = tama_listener.first.id }
data "tama_source_limit" "it" { id = tama_source_limit.source_limit.id }
data "tama_space_processor" "it" {
  space_id = tama_space_processor.space_processor.space_id
  type     = "completion"
}
data "tama_thought_processor" "it" {
  thought_id = tama_thought_processor.thought_processor.thought_id
  type       = tama_thought_processor.thought_processor.type
}
data "tama_delegated_thought" "it" { id = tama_delegated_thought.delegated_thought.id }
data "tama_modular_thought" "it" { id = tama_modular_thought.first.id }
data "tama_thought_context" "it" { id = tama_thought_context.first.id }
data "tama_thought_path" "it" { id = tama_thought_path.first.id }
"""


FUNCTION = """
output "document" { value = provider::tama::openapi(tama_specification.it.schema) }
"""


class Lives:
    """Every resource, every data source and, where there is one, the function, all in one configuration."""

    def __init__(self, work: Terraform, plane: Plane, version: str | None) -> None:
        self.work = work
        self.plane = plane
        self.looked_up = LOOKUPS + FUNCTION * has_functions(version)
        self.owns = {life: own for life, (own, _, _) in LIVES.items()}
        self.addresses = {life: f"tama_{_type(life)}.{_label(life)}" for life in LIVES}

    def apply(self, **owns: str) -> dict[str, list[str]]:
        """Apply with other configurations of some lives, and return what was planned; the next plan is empty."""
        self.owns.update(owns)
        self.work.write(self.plane.head + AROUND + _labelled(self.owns) + self.looked_up)
        planned = self.work.changes()
        self.work.run("apply", "-input=false", "plan.bin")
        assert self.work.changes() == {}
        return planned

    def state(self) -> dict[str, dict[str, Any]]:
        """What Terraform keeps of each."""
        state = self.work.state()
        return {life: state[address] for life, address in self.addresses.items()}

    def expect(self, actions: list[str], lives: Iterable[str]) -> dict[str, list[str]]:
        """The plan that has these actions for these lives."""
        return {self.addresses[life]: actions for life in lives}

    def members(self) -> dict[str, str]:
        """Where the API has each."""
        return {life: fill(_declared(life).member, values) for life, values in self.state().items()}

    def connect(self) -> closing[Client]:
        """Return a client of the control plane that they are in."""
        return closing(self.plane.connect())

    def found(self, members: dict[str, str]) -> set[str]:
        """Which of them the API still has."""
        with self.connect() as client:
            return {life for life, member in members.items() if _exists(client, member)}


@pytest.mark.parametrize("plane", ["http"], indirect=True)
def test_the_life_of_every_resource_over_http(terraform: Make, plane: Plane, version: str | None) -> None:
    _live(Lives(terraform(plane.head), plane, version))


@on_every_terraform()
@pytest.mark.parametrize("plane", ["embedded"], indirect=True)
def test_the_life_of_every_resource_embedded(terraform: Make, plane: Plane, version: str | None) -> None:
    _live(Lives(terraform(plane.head), plane, version))


def _live(lives: Lives) -> None:
    """Create, update, edit behind Terraform's back, import, delete behind its back, replace, destroy; all at once."""
    assert {_type(life) for life in LIVES} == set(catalog.RESOURCES)
    lives.apply()
    _look_up(lives)
    _update_and_edit(lives)
    _import(lives)
    _delete(lives)
    _replace(lives)
    _destroy(lives)


def _look_up(lives: Lives) -> None:
    state = lives.work.state()
    found = {type_: state[f"data.tama_{type_}.it"] for type_ in catalog.DATA_SOURCES}
    assert found["action"]["id"] in {action["id"] for action in found["actions"]["actions"]}
    for type_ in set(catalog.DATA_SOURCES) & set(catalog.RESOURCES):
        made = {values["id"] for address, values in state.items() if address.startswith(f"tama_{type_}.")}
        assert found[type_]["id"] in made


def _update_and_edit(lives: Lives) -> None:
    updates = {life: own.replace(*change) for life, (own, change, _) in LIVES.items() if change}
    first, members = lives.state(), lives.members()
    with lives.connect() as client:
        before = {life: client.request("GET", members[life]) for life in updates}

        assert lives.apply(**updates) == lives.expect(["update"], updates)
        second = lives.state()
        for life in updates:
            assert second[life]["id"] == first[life]["id"]
            different = {name for name in first[life] if first[life][name] != second[life][name]}
            assert different
            assert different <= _may_change(_type(life)), life

        after = {life: client.request("GET", members[life]) for life in updates}
        edits = {life: body for life in updates if (body := _edit(life, before[life], after[life]))}
        assert len(edits) >= LEAST_EDITS
        for life, body in edits.items():
            client.request("PATCH", members[life], {_declared(life).wrapper: body})
        assert lives.apply() == lives.expect(["update"], edits)
        for life, body in edits.items():
            healed = client.request("GET", members[life])
            assert all(healed.get(key) == after[life].get(key) for key in body), life


def _import(lives: Lives) -> None:
    state = lives.state()
    imports = (
        f'import {{\n  to = {lives.addresses[life]}\n  id = "{_declared(life).import_id.format_map(values)}"\n}}\n'
        for life, values in state.items()
    )
    lives.work.run("state", "rm", *lives.addresses.values())
    lives.work.write("".join(imports), "imports.tf")
    assert lives.apply() == lives.expect(["update"], (life for life in LIVES if not _is_told(life)))
    (lives.work.folder / "imports.tf").unlink()
    assert {life: values["id"] for life, values in lives.state().items()} == {
        life: values["id"] for life, values in state.items()
    }


def _delete(lives: Lives) -> None:
    deleted = {life: member for life, member in lives.members().items() if _declared(life).deletes}
    with lives.connect() as client:
        for member in deleted.values():
            client.request("DELETE", member)
    assert lives.apply() == lives.expect(["create"], deleted)


def _replace(lives: Lives) -> None:
    replaced = {life: _elsewhere(lives.owns[life], by) for life, (_, _, by) in LIVES.items() if by}
    before = {life: member for life, member in lives.members().items() if life in replaced}
    assert lives.apply(**replaced) == lives.expect(["delete", "create"], replaced)
    assert lives.found(before) == _kept(replaced)


def _destroy(lives: Lives) -> None:
    """What is no longer configured goes, but for what the API cannot delete; that goes with what is around it."""
    members = lives.members()
    lives.work.write(lives.plane.head + AROUND)
    lives.work.apply()
    assert lives.found(members) == _kept(LIVES)
    lives.work.destroy()
    assert lives.work.state() == {}
    assert lives.plane.held() == []


def _kept(lives: Iterable[str]) -> set[str]:
    return {life for life in lives if not _declared(life).deletes}


def _exists(client: Client, member: str) -> bool:
    try:
        client.request("GET", member)
    except NotFound:
        return False
    return True


def _edit(life: str, before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    """The body of a request that makes an object again what it was."""
    declared = _declared(life)
    told = {*(one.key for one in Kinds()[declared.kind].attributes), *(block.key for block in declared.blocks)}
    return {key: value for key, value in before.items() if key in told and value != after.get(key)}


def _type(life: str) -> str:
    return life.partition(" ")[0]


def _declared(life: str) -> Resource:
    return catalog.resource(_type(life))


def _label(life: str) -> str:
    return life.replace(" ", "_")


def _labelled(owns: dict[str, str]) -> str:
    """Configurations of lives, each under a label of its own."""
    return "".join(own.replace('"it"', f'"{_label(life)}"', 1) for life, own in owns.items())


def _may_change(type_: str) -> set[str]:
    """What an update may change: what can be configured, and what follows that."""
    declared = catalog.resource(type_)
    following = {one.name for one in declared.attributes if one.follows}
    configurable = {one.name for one in declared.attributes if one.required or one.optional}
    return {*configurable, *following, *(block.name for block in declared.blocks)}


def _is_told(life: str) -> bool:
    """Whether the API tells all that is configured; it tells no secret, and an import has no block."""
    attributes = catalog.resource(_type(life)).attributes
    secrets = [one for one in attributes if one.sent and not one.returned]
    return not secrets and "block" not in life


def _elsewhere(own: str, attribute: str) -> str:
    """The same with another value of the attribute."""
    if attribute == "codes":
        return own.replace("[200]", "[204]")
    for one, other in (("first.id", "second.id"), ("home.id", "other.id")):
        changed = re.sub(rf"({attribute}\s*= tama_\w+\.){one}", rf"\1{other}", own)
        if changed != own:
            return changed
    raise AssertionError(f"no other {attribute}")


def test_an_id_that_names_nothing_is_refused_by_every_resource_that_has_one(terraform: Make, plane: Plane) -> None:
    owns = {life: re.sub(r"(data\.)?tama_\w+\.\w+\.id", '"nowhere"', own) for life, (own, _, _) in LIVES.items()}
    wrong = {life: own for life, own in owns.items() if "nowhere" in own}
    assert {_type(life) for life in wrong} == set(catalog.RESOURCES) - {"space", "queue"}
    work = terraform(plane.head + _labelled(wrong))
    errors = re.split(r"^Error: ", work.apply(check=False).stderr, flags=re.MULTILINE)
    for life in wrong:
        address = f"with tama_{_type(life)}.{_label(life)},"
        told = " ".join(" ".join(error for error in errors if address in error).split())
        assert "got error: API error 4" in told
        assert "nowhere" in told, life
    assert work.state() == {}
    assert plane.held() == []


def test_a_class_moves_from_a_block_to_json_in_place(terraform: Make, plane: Plane) -> None:
    work = terraform(plane.head + SPACE + CLASS_BLOCK)
    work.apply()
    before = work.state()["tama_class.it"]
    work.write(plane.head + SPACE + CLASS.replace('"thing"', '"matter"'))
    work.apply()
    after = work.state()["tama_class.it"]
    assert (before["id"], before["name"], after["name"]) == (after["id"], "thing", "matter")
    assert after["schema"] == []
    assert work.changes() == {}


def test_json_written_in_another_way_changes_nothing(terraform: Make, plane: Plane) -> None:
    work = terraform(plane.head + SPACE + CLASS)
    work.apply()
    work.write(plane.head + SPACE + CLASS.replace('"title": "thing",   ', '"title":"thing",'))
    assert work.changes() == {}
    work.write(plane.head + SPACE + CLASS.replace("7890 }", "7891 }"))
    assert work.changes() == {"tama_class.it": ["update"]}


NULLS = """
resource "tama_class" "it" {
  space_id = tama_space.home.id
  schema {
    title       = "thing"
    description = "A thing."
    type        = "object"
    properties  = jsonencode(null)
  }
}
resource "tama_chain" "it" {
  space_id = tama_space.home.id
  name     = "Talk"
}
resource "tama_modular_thought" "it" {
  chain_id = tama_chain.it.id
  relation = "answer"
  module {
    reference  = "tama/agentic/generate"
    parameters = jsonencode(null)
  }
}
resource "tama_thought_path" "it" {
  thought_id      = tama_modular_thought.it.id
  target_class_id = tama_class.it.id
  parameters      = jsonencode(null)
}
"""


def test_json_that_is_null_is_as_good_as_none(terraform: Make, plane: Plane) -> None:
    """A module writes it when it encodes a variable that is not given."""
    work = terraform(plane.head + SPACE + NULLS)
    work.apply()
    assert work.changes() == {}
    work.write(plane.head + SPACE + NULLS.replace("jsonencode(null)", "jsonencode({ a = null })"))
    work.apply()
    assert work.changes() == {}
    work.write(plane.head + SPACE + NULLS)
    work.apply()
    assert work.changes() == {}


def test_computed_values_stay_known_in_an_update_unless_what_they_follow_changes(terraform: Make, plane: Plane) -> None:
    work = terraform(plane.head + SPACE)
    work.apply()
    work.write(plane.head + SPACE.replace("component", "root"))
    assert work.plan()["resource_changes"][0]["change"]["after_unknown"] == {}
    work.write(plane.head + SPACE.replace("Home", "House"))
    assert work.plan()["resource_changes"][0]["change"]["after_unknown"] == {"slug": True}


def test_destroying_what_is_gone_succeeds(terraform: Make, plane: Plane) -> None:
    work = terraform(plane.head + SPACE)
    work.apply()
    with closing(plane.connect()) as client:
        client.request("DELETE", f"/provision/neural/spaces/{work.state()['tama_space.home']['id']}")
    work.run("destroy", "-auto-approve", "-refresh=false")
    assert work.state() == {}


# Nobody can read their secrets back, so that the configuration that Terraform writes lacks them.
WITH_SECRETS = ("tama_listener", "tama_source")


def test_terraform_writes_the_configuration_of_what_it_imports(terraform: Make) -> None:
    made = terraform(EMBEDDED + AROUND)
    made.apply()
    found = {address: values["id"] for address, values in made.state().items() if not address.startswith("data.")}
    imports = [
        f'import {{\n to = {address}\n id = "{id_}"\n}}\n'
        for address, id_ in found.items()
        if address.split(".")[0] not in WITH_SECRETS
    ]
    work = terraform(EMBEDDED.replace("./tama", str(made.folder / "tama")) + "".join(imports), "imported")
    assert work.changes("-generate-config-out=generated.tf") == {}
    work.apply()
    assert len(work.state()) == len(imports)
    assert work.changes() == {}


WAYS = """
data "tama_space" "slug" { slug = "home" }
data "tama_space" "either" { id = "home" }
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
data "tama_actions" "all" { specification_id = tama_specification.it.id }
"""


def test_what_exists_is_looked_up(terraform: Make, plane: Plane) -> None:
    work = terraform(plane.head + SPACE + PROCESSED)
    work.apply()
    work.write(plane.head + SPACE + PROCESSED + WAYS)
    work.apply()
    state = work.state()
    for name in ("slug", "either"):
        assert state[f"data.tama_space.{name}"]["id"] == state["tama_space.home"]["id"]
    assert state["data.tama_action.placed"]["identifier"] == "list-things"
    assert state["data.tama_action.placed"]["method"] == "get"
    assert state["data.tama_action.placed"]["id"] == state["data.tama_action.named"]["id"]
    named = {one["identifier"]: one for one in state["data.tama_actions.all"]["actions"]}
    assert named["list-things"]["id"] == state["data.tama_action.named"]["id"]
    assert {name: (one["method"], one["path"]) for name, one in named.items()} == {
        "list-things": ("get", "/things"),
        "add-thing": ("post", "/things"),
    }
    assert state["data.tama_class.same"]["schema_json"] == state["data.tama_class.derived"]["schema_json"]
    assert work.changes() == {}


BEHIND_A_LOCAL = """
locals { specification_id = tama_specification.it.id }
data "tama_actions" "all" { specification_id = local.specification_id }
resource "tama_action_modifier" "each" {
  for_each  = { for action in data.tama_actions.all.actions : action.identifier => action.id }
  action_id = each.value
  name      = "query"
  schema    = jsonencode({ type = "object" })
}
"""


def test_behind_a_local_value_actions_keep_their_ids_while_their_specification_changes(terraform: Make) -> None:
    work = terraform(EMBEDDED + SPACE + DOCUMENT + BEHIND_A_LOCAL)
    work.apply("-target=tama_specification.it")
    work.apply()
    work.write(EMBEDDED + SPACE + DOCUMENT.replace('"1.0.0"', '"1.0.1"').replace("add-thing", "new") + BEHIND_A_LOCAL)
    assert work.changes() == {"tama_specification.it": ["update"]}
    work.apply()
    assert work.changes() == {
        'tama_action_modifier.each["add-thing"]': ["delete"],
        'tama_action_modifier.each["new"]': ["create"],
    }


def test_what_is_not_there_is_an_error_that_says_what_to_do(terraform: Make, plane: Plane) -> None:
    work = terraform(plane.head + 'data "tama_space" "none" { id = "nowhere" }')
    error = " ".join(work.apply(check=False).stderr.split())
    assert "Unable to read space by ID, got error: API error 404: detail Not Found" in error
    assert "Check the ids" in error
    assert "The request was GET /provision/neural/spaces/nowhere" in error
