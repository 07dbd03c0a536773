"""The life of each resource through the real Terraform: create, update, replace, import, disappear, and no drift."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import closing
from typing import Any

from provider.resources.paths import fill
from tama import catalog
from tama.client import connect
from tests.e2e.conftest import EMBEDDED, HEAD, SPACE, SPECIFICATION
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
SPACES = SPACE + SECOND_SPACE
CLASSES = SPACES + CLASS.replace('"it"', '"first"') + CLASS.replace('"it"', '"second"').replace("home", "other")


def resource(type_: str, arguments: str, label: str = "it") -> str:
    """A resource of a type; a semicolon divides its arguments."""
    return f'resource "tama_{type_}" "{label}" {{\n' + "\n".join(arguments.split(";")) + "\n}\n"


CHAINS = SPACES + "".join(
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
  session_affinity = { location = "header", key = "x-session" }
}"""
SOURCES = SPACES + resource("source", SOURCE, "first") + resource("source", SOURCE, "second")
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
MODELS = SOURCES + twice("model", 'source_id = tama_source.first.id; identifier = "m"; path = "/x"')
THOUGHTS = (
    CLASSES
    + CHAINS.removeprefix(SPACES)
    + twice("modular_thought", 'chain_id = tama_chain.first.id; relation = "reply"; module {; reference = "tama/a"; }')
)
PROMPTS = twice("prompt", 'space_id = tama_space.home.id; name = "Greet"; content = "Hi"; role = "user"')
CORPORA = twice("class_corpus", 'class_id = tama_class.first.id; name = "As Text"; template = "{{ a }}"')
PATHS = twice("thought_path", "thought_id = tama_modular_thought.first.id; target_class_id = tama_class.first.id")
CONTEXTS = twice("thought_context", "thought_id = tama_modular_thought.first.id; prompt_id = tama_prompt.first.id")
TOOLS = (
    THOUGHTS
    + DOCUMENT
    + ACTION
    + ACTION.replace("first", "second").replace("list-things", "add-thing")
    + twice("thought_tool", "thought_id = tama_modular_thought.first.id; action_id = data.tama_action.first.id")
)
OUTPUTS = twice(
    "thought_tool_output",
    "thought_tool_id = tama_thought_tool.first.id; class_corpus_id = tama_class_corpus.first.id",
) + twice("action_modifier", 'action_id = data.tama_action.first.id; name = "body"; schema = jsonencode({})')

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
    "class_corpus": (
        CLASSES,
        resource("class_corpus", 'class_id = tama_class.first.id; name = "As Text"; template = "{{ a }}"'),
        ('"As Text"', '"As JSON"'),
        "class_id",
    ),
    "node": (
        CLASSES + CHAINS.removeprefix(SPACES),
        resource("node", NODE),
        ('"processed"', '"processing"'),
        "space_id",
    ),
    "listener": (
        SPACES,
        resource("listener", 'space_id = tama_space.home.id; endpoint = "http://localhost:4000/"; secret = "s"'),
        ("4000", "4001"),
        "space_id",
    ),
    "listener_filter": (
        CHAINS + LISTENERS,
        resource("listener_filter", "listener_id = tama_listener.first.id; chain_id = tama_chain.first.id"),
        ("tama_chain.first", "tama_chain.second"),
        "listener_id",
    ),
    "listener_topic": (
        CLASSES + LISTENERS,
        resource("listener_topic", "listener_id = tama_listener.first.id; class_id = tama_class.first.id"),
        ("tama_class.first", "tama_class.second"),
        "listener_id",
    ),
    "source": (SPACES, resource("source", SOURCE + REQUEST), ('"gold"', '"silver"'), "space_id"),
    "source without a request": (SPACES, resource("source", SOURCE), ('"AI"', '"Models"'), "space_id"),
    "model": (
        SOURCES,
        resource(
            "model",
            'source_id = tama_source.first.id; identifier = "m-1"; path = "/chat/completions";'
            "parameters = jsonencode({ reasoning = { effort = 0.5 }, stop = [] })",
        ),
        ("0.5", "0.25"),
        "source_id",
    ),
    "model without parameters": (
        SOURCES,
        resource("model", 'source_id = tama_source.first.id; identifier = "m-1"; path = "/chat/completions"'),
        ("m-1", "m-2"),
        "source_id",
    ),
    "source_limit": (
        SOURCES,
        resource("source_limit", 'source_id = tama_source.first.id; scale_unit = "hours"; scale_count = 2; value = 9'),
        ("= 9", "= 999999999"),
        "source_id",
    ),
    "prompt": (
        SPACES,
        resource("prompt", 'space_id = tama_space.home.id; name = "Greet"; content = "Say <hi>"; role = "system"'),
        ('"Greet"', '"Say hello"'),
        "space_id",
    ),
    "chain": (
        SPACES,
        resource("chain", 'space_id = tama_space.home.id; name = "Talk"'),
        ('"Talk"', '"Listen"'),
        "space_id",
    ),
    "action_modifier": (
        SPACE + DOCUMENT + ACTION,
        resource(
            "action_modifier",
            'action_id = data.tama_action.first.id; name = "query"; schema = jsonencode({ type = "object" })',
        ),
        ('"query"', '"body"'),
        None,
    ),
    "class_operation": (
        CLASSES + CHAINS.removeprefix(SPACES),
        resource("class_operation", "class_id = tama_class.first.id; chain_ids = [tama_chain.first.id]"),
        None,
        "class_id",
    ),
    "space_processor": (
        MODELS,
        resource(
            "space_processor",
            "space_id = tama_space.home.id; model_id = tama_model.first.id; completion {; temperature = 0.2;"
            'role_mappings = [{ from = "user", to = "human" }]; parameters = jsonencode({ a = 1 }); }',
        ),
        ("0.2", "1"),
        "space_id",
    ),
    "space_processor of embeddings": (
        MODELS,
        resource("space_processor", f'{OF_SPACE}; embedding {{; templates = [{{ type = "query", content = "?" }}]; }}'),
        ('"?"', '"!"'),
        "space_id",
    ),
    "space_processor of rerankings": (
        MODELS,
        resource("space_processor", f"{OF_SPACE}; reranking {{ }}"),
        ("tama_model.first", "tama_model.second"),
        "space_id",
    ),
    "modular_thought": (
        THOUGHTS + resource("queue", 'role = "oracle"; name = "Slow"; concurrency = 2', "first"),
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
        THOUGHTS,
        resource(
            "modular_thought",
            "chain_id = tama_chain.first.id; output_class_id = tama_class.first.id; index = 7;"
            'relation = "reply"; module {; reference = "tama/agentic/generate"; }',
        ),
        ('"reply"', '"answer"'),
        "chain_id",
    ),
    "delegated_thought": (
        THOUGHTS,
        resource(
            "delegated_thought",
            "chain_id = tama_chain.second.id; delegation {; target_thought_id = tama_modular_thought.first.id; }",
        ),
        ("tama_modular_thought.first", "tama_modular_thought.second"),
        None,
    ),
    "thought_processor": (
        MODELS + THOUGHTS.removeprefix(SPACES),
        resource(
            "thought_processor",
            "thought_id = tama_modular_thought.first.id; model_id = tama_model.first.id; completion {; }",
        ),
        ("tama_model.first", "tama_model.second"),
        "thought_id",
    ),
    "thought_context": (
        THOUGHTS + PROMPTS,
        resource("thought_context", "thought_id = tama_modular_thought.first.id; prompt_id = tama_prompt.first.id"),
        ("tama_prompt.first", "tama_prompt.second"),
        "thought_id",
    ),
    "thought_path": (
        THOUGHTS,
        resource(
            "thought_path",
            "thought_id = tama_modular_thought.first.id; target_class_id = tama_class.first.id;"
            "parameters = jsonencode({ similarity = 0.5 })",
        ),
        ("0.5", "0.75"),
        "thought_id",
    ),
    "thought_path_directive": (
        THOUGHTS + PROMPTS + PATHS,
        resource(
            "thought_path_directive",
            "thought_path_id = tama_thought_path.first.id; prompt_id = tama_prompt.first.id;"
            "target_thought_id = tama_modular_thought.second.id",
        ),
        ("tama_prompt.first", "tama_prompt.second"),
        "thought_path_id",
    ),
    "thought_path_activation": (
        THOUGHTS + PATHS,
        resource(
            "thought_path_activation", "thought_path_id = tama_thought_path.first.id; chain_id = tama_chain.first.id"
        ),
        ("tama_chain.first", "tama_chain.second"),
        "thought_path_id",
    ),
    "thought_module_input": (
        THOUGHTS + CORPORA,
        resource(
            "thought_module_input",
            'thought_id = tama_modular_thought.first.id; type = "entity"; class_corpus_id = tama_class_corpus.first.id',
        ),
        ('"entity"', '"concept"'),
        "thought_id",
    ),
    "thought_initializer": (
        THOUGHTS,
        resource(
            "thought_initializer",
            'thought_id = tama_modular_thought.first.id; reference = "tama/initializers/preload";'
            "class_id = tama_class.first.id; parameters = jsonencode({})",
        ),
        ("preload", "import"),
        "thought_id",
    ),
    "thought_tool": (
        TOOLS,
        resource("thought_tool", "thought_id = tama_modular_thought.first.id; action_id = data.tama_action.first.id"),
        ("data.tama_action.first", "data.tama_action.second"),
        "thought_id",
    ),
    "thought_context_input": (
        THOUGHTS + PROMPTS + CORPORA + CONTEXTS,
        resource(
            "thought_context_input",
            'thought_context_id = tama_thought_context.first.id; type = "metadata";'
            "class_corpus_id = tama_class_corpus.first.id",
        ),
        ('"metadata"', '"entity"'),
        "thought_context_id",
    ),
    "thought_tool_input": (
        TOOLS + CORPORA,
        resource(
            "thought_tool_input",
            'thought_tool_id = tama_thought_tool.first.id; type = "path"; class_corpus_id = tama_class_corpus.first.id',
        ),
        ('"path"', '"body"'),
        "thought_tool_id",
    ),
    "thought_tool_initializer": (
        TOOLS,
        resource(
            "thought_tool_initializer",
            'thought_tool_id = tama_thought_tool.first.id; reference = "tama/initializers/import"; index = 1',
        ),
        ("index = 1", "index = 0"),
        "thought_tool_id",
    ),
    "thought_tool_output": (
        TOOLS + CORPORA,
        resource(
            "thought_tool_output",
            "thought_tool_id = tama_thought_tool.first.id; class_corpus_id = tama_class_corpus.first.id",
        ),
        ("tama_class_corpus.first", "tama_class_corpus.second"),
        "thought_tool_id",
    ),
    "tool_output_option": (
        TOOLS + CORPORA + OUTPUTS,
        resource(
            "tool_output_option",
            "thought_tool_output_id = tama_thought_tool_output.first.id;"
            "action_modifier_id = tama_action_modifier.first.id",
        ),
        ("tama_action_modifier.first", "tama_action_modifier.second"),
        "thought_tool_output_id",
    ),
    "thought_pruning": (
        THOUGHTS,
        resource("thought_pruning", "thought_id = tama_modular_thought.first.id; previous_versions_count = 3"),
        ("= 3", "= 0"),
        "thought_id",
    ),
    "queue": ("", resource("queue", 'role = "oracle"; name = "Slow"; concurrency = 2'), ("= 2", "= 20"), None),
}


def test_the_life_of_every_resource(terraform: Make) -> None:
    """Create, update, import, disappear, replace, destroy; each resource in a module of its own, all at once."""
    work = terraform(EMBEDDED)
    addresses = {life: f"module.{_module(life)}.tama_{_type(life)}.it" for life in LIVES}
    changed = {life: own.replace(*change) if change else own for life, (_, own, change, _) in LIVES.items()}
    updated = {life: address for life, address in addresses.items() if LIVES[life][2]}
    replaced = {life: _elsewhere(changed[life], by) for life, (_, _, _, by) in LIVES.items() if by}
    deletable = {life: address for life, address in addresses.items() if catalog.resource(_type(life)).deletes}
    assert {_type(life) for life in LIVES} == set(catalog.RESOURCES)

    _declare(work, {life: own for life, (_, own, _, _) in LIVES.items()})
    work.init()
    work.apply()
    first = work.state()
    assert work.changes() == {}

    _declare(work, changed)
    assert work.changes() == {address: ["update"] for address in updated.values()}
    work.apply()
    second = work.state()
    for life, address in updated.items():
        assert second[address]["id"] == first[address]["id"]
        different = {name for name in first[address] if first[address][name] != second[address][name]}
        assert different
        assert different <= _may_change(_type(life)), life
    assert work.changes() == {}

    imports = "".join(
        f'import {{\n  to = {address}\n  id = "{_import_id(_type(life), second[address])}"\n}}\n'
        for life, address in addresses.items()
    )
    work.run("state", "rm", *addresses.values())
    work.write(imports, "imports.tf")
    assert work.changes() == {addresses[life]: ["update"] for life in LIVES if not _is_told(life)}
    work.apply()
    (work.folder / "imports.tf").unlink()
    assert {address: work.state()[address]["id"] for address in addresses.values()} == {
        address: second[address]["id"] for address in addresses.values()
    }
    assert work.changes() == {}

    with closing(connect(f"embedded:{work.folder / 'tama'}")) as plane:
        for life, address in deletable.items():
            plane.request("DELETE", _member(_type(life), second[address]))
    assert work.changes() == {address: ["create"] for address in deletable.values()}
    work.apply()
    third = work.state()
    assert work.changes() == {}

    _declare(work, changed | replaced)
    assert work.changes() == {addresses[life]: ["delete", "create"] for life in replaced}
    work.apply()
    fourth = work.state()
    assert work.changes() == {}
    assert all(fourth[addresses[life]]["id"] != third[addresses[life]]["id"] for life in replaced)

    work.destroy()
    assert work.state() == {}


def _type(life: str) -> str:
    return life.partition(" ")[0]


def _module(life: str) -> str:
    return life.replace(" ", "_")


def _declare(work: Terraform, owns: dict[str, str]) -> None:
    """Write each life's own configuration, with what is around it, as a module."""
    for life, own in owns.items():
        folder = work.folder / _module(life)
        folder.mkdir(exist_ok=True)
        (folder / "main.tf").write_text(HEAD + LIVES[life][0] + own, "utf-8")
    modules = (f'module "{_module(life)}" {{\n  source = "./{_module(life)}"\n}}\n' for life in LIVES)
    work.write(EMBEDDED + "".join(modules))


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


def _member(type_: str, values: dict[str, Any]) -> str:
    return fill(catalog.resource(type_).member, values)


def _import_id(type_: str, values: dict[str, Any]) -> str:
    return catalog.resource(type_).import_id.format_map(values)


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
    plane.request("DELETE", _member("space", work.state()["tama_space.home"]))
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
data "tama_actions" "all" { specification_id = tama_specification.it.id }
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
    named = {one["identifier"]: one for one in state["data.tama_actions.all"]["actions"]}
    assert named["list-things"]["id"] == state["data.tama_action.named"]["id"]
    assert {name: (one["method"], one["path"]) for name, one in named.items()} == {
        "list-things": ("get", "/things"),
        "add-thing": ("post", "/things"),
    }
    assert state["data.tama_class.same"]["schema_json"] == state["data.tama_class.derived"]["schema_json"]
    assert work.changes() == {}


def test_what_is_not_there_is_an_error_that_says_what_to_do(terraform: Make) -> None:
    work = terraform(EMBEDDED + 'data "tama_space" "none" { id = "nowhere" }')
    error = " ".join(work.apply(check=False).stderr.split())
    assert "Unable to read space, got error: API error 404: detail Not Found" in error
    assert "Check the ids" in error
    assert "The request was GET /provision/neural/spaces/nowhere." in error
