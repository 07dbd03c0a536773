"""The provisioning API as clients of Tama know it, over HTTP, statement by statement."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from flask.testing import FlaskClient

from tama import catalog
from tama.control_plane import ControlPlane
from tama.control_plane.kinds import Kinds
from tama.control_plane.store.sqlite import SQLiteStore
from tama.control_plane.web import create_app
from tests.tama.control_plane.support import document, operation
from tests.tama.control_plane.web.support import bearer, credential_of, observer, said

Object = dict[str, Any]
SCHEMA = {"title": "movie", "description": "A film.", "type": "object"}
VALIDATION = {"path": "/Who?am=I", "method": "geT", "codes": [200, 401]}
DOCUMENT = document(
    {"/movies/{id}": {"get": operation("get-movie"), "put": operation("update-movie (2)")}},
    components={"securitySchemes": {"ApiKey": {"type": "http", "scheme": "bearer"}}},
)


@dataclass
class Case:
    """One kind of object, as a table of the API says it.

    Attributes:
        collection: where it is made; ids of the world's objects stand in braces.
        member: where it is then.
        wrapper: the key that its bodies are wrapped in.
        body: what makes one; texts that are a name of the world in braces are its ids.
        change: a change of it.
        answered: what an answer holds besides the id and what was sent.
        hidden: what an answer does not hold of what was sent.
        needed: what no creation can do without.
    """

    collection: str
    member: str
    wrapper: str
    body: Object
    change: Object
    answered: str = "provision_state"
    hidden: str = ""
    needed: str = ""
    parent: str = field(init=False)

    def __post_init__(self) -> None:
        self.parent = (re.findall(r"{(\w+)}", self.collection) or [""])[0]


PROVISION = "/provision"
CASES = {
    "space": Case(
        "/neural/spaces",
        "/neural/spaces/{id}",
        "space",
        {"name": " A  spáce_1.0-β ", "type": "component"},
        {"name": "Films"},
        "slug provision_state",
        needed="name type",
    ),
    "space_bridge": Case(
        "/neural/spaces/{space}/bridges",
        "/neural/bridges/{id}",
        "bridge",
        {"target_space_id": "{space}"},
        {"target_space_id": "{other}"},
        "space_id provision_state",
        needed="target_space_id",
    ),
    "class": Case(
        "/neural/spaces/{space}/classes",
        "/neural/classes/{id}",
        "class",
        {"schema": {**SCHEMA, "properties": {"z": {}, "a": {"const": [2**70, -1.5, None]}}, "strict": False}},
        {"schema": {**SCHEMA, "title": "A Movie"}},
        "name description space_id provision_state",
        needed="schema",
    ),
    "class_corpus": Case(
        "/neural/classes/{class}/corpora",
        "/neural/corpora/{id}",
        "corpus",
        {"main": True, "name": "Action Call JSON", "template": "\n{{ data }}\n "},
        {"name": "Other", "main": False},
        "class_id slug provision_state",
        needed="name template",
    ),
    "node": Case(
        "/neural/spaces/{space}/nodes",
        "/neural/nodes/{id}",
        "node",
        {"on": "processing", "type": "reactive", "class_id": "{class}", "chain_id": "{chain}"},
        {"on": "processed", "type": "explicit"},
        "space_id provision_state",
        needed="type class_id chain_id",
    ),
    "space_processor": Case(
        "/neural/spaces/{space}/types/completion/processor",
        "/neural/spaces/{space}/types/completion/processor",
        "processor",
        {
            "model_id": "{model}",
            "configuration": {
                "temperature": 0.25,
                "tool_choice": "any",
                "role_mappings": [{"from": "b", "to": "a"}, {"from": "a", "to": "b"}],
                "parameters": {"logit_bias": True, "n": [1]},
            },
        },
        {"configuration": {"temperature": 0.5, "tool_choice": "auto"}},
        "space_id type provision_state",
        needed="model_id configuration",
    ),
    "listener": Case(
        "/neural/spaces/{space}/listeners",
        "/neural/listeners/{id}",
        "listener",
        {"endpoint": "http://localhost:4000/hook", "secret": "s"},
        {"endpoint": "https://a.example", "secret": "t"},
        "space_id provision_state",
        hidden="secret",
        needed="endpoint secret",
    ),
    "listener_filter": Case(
        "/neural/listeners/{listener}/filters",
        "/neural/filters/{id}",
        "filter",
        {"chain_id": "{chain}"},
        {"chain_id": "{chain2}"},
        "listener_id provision_state",
        needed="chain_id",
    ),
    "source": Case(
        "/sensory/spaces/{space}/sources",
        "/sensory/sources/{id}",
        "source",
        {
            "name": "Mistral (AI)" + "x" * 100,
            "type": "model",
            "endpoint": "https://api.example.com/v1",
            "credential": {"api_key": "k"},
            "request": {
                "headers": [{"name": "B", "value": " 1 "}, {"name": "A", "value": "2"}],
                "session_affinity": {"location": "body", "key": "user", "value": "{{ id }}"},
            },
        },
        {"name": "OpenAI", "request": None},
        "slug space_id provision_state",
        hidden="credential",
        needed="name type endpoint credential",
    ),
    "source_identity": Case(
        "/sensory/specifications/{specification}/identifiers/ApiKey/identities",
        "/sensory/identities/{id}",
        "identity",
        {"api_key": "k", "validation": VALIDATION},
        {"validation": {"path": "/health", "method": "POST", "codes": [204]}},
        "specification_id identifier current_state provision_state",
        hidden="api_key",
        needed="api_key validation",
    ),
    "model": Case(
        "/sensory/sources/{source}/models",
        "/sensory/models/{id}",
        "model",
        {
            "identifier": "m" * 115,
            "path": "/chat/completions",
            "parameters": {"b": {"c": [1, 2.5]}, "a": 2**64, "logit_bias": [True]},
        },
        {"path": "/v1/embeddings"},
        "source_id provision_state",
        needed="identifier path",
    ),
    "source_limit": Case(
        "/sensory/sources/{source}/limits",
        "/sensory/limits/{id}",
        "limit",
        {"scale_unit": "hours", "scale_count": 8760, "count": 999999999},
        {"scale_unit": "seconds", "scale_count": 1},
        "source_id provision_state",
        needed="scale_unit scale_count count",
    ),
    "specification": Case(
        "/sensory/spaces/{space}/specifications",
        "/sensory/specifications/{id}",
        "specification",
        {"schema": DOCUMENT, "version": "1.0.0-beta.1+build.456", "endpoint": "http://localhost"},
        {"version": "2", "endpoint": "/internal"},
        "space_id current_state provision_state",
        needed="schema version endpoint",
    ),
    "prompt": Case(
        "/memory/spaces/{space}/prompts",
        "/memory/prompts/{id}",
        "prompt",
        {"name": "Greet", "content": "\n Héllo 🎬 <b> & \\u0000? \n", "role": "system"},
        {"name": "Updated Prompt", "role": "user"},
        "slug space_id provision_state",
        needed="name content role",
    ),
    "listener_topic": Case(
        "/memory/listeners/{listener}/topics",
        "/memory/topics/{id}",
        "topic",
        {"class_id": "{class}"},
        {"class_id": "{class2}"},
        "listener_id provision_state",
        needed="class_id",
    ),
    "action_modifier": Case(
        "/motor/actions/{action}/modifiers",
        "/motor/modifiers/{id}",
        "modifier",
        {"name": "add", "schema": {"b": 1, "a": {"$ref": "#"}}},
        {"schema": {}},
        "action_id provision_state",
        needed="name schema",
    ),
    "chain": Case(
        "/perception/spaces/{space}/chains",
        "/perception/chains/{id}",
        "chain",
        {"name": "Identity Validation"},
        {"name": "b"},
        "slug space_id provision_state",
        needed="name",
    ),
    "thought": Case(
        "/perception/chains/{chain}/thoughts",
        "/perception/thoughts/{id}",
        "thought",
        {
            "relation": "reply",
            "output_class_id": "{class}",
            "index": 7,
            "module": {"reference": "tama/agentic/generate", "parameters": {"n": 1.5}},
            "faculty": {"queue_id": "{queue}", "priority": 3},
        },
        {"relation": "other", "faculty": None},
        "chain_id provision_state",
        needed="relation module",
    ),
    "thought_processor": Case(
        "/perception/thoughts/{thought}/types/embedding/processor",
        "/perception/thoughts/{thought}/types/embedding/processor",
        "processor",
        {
            "model_id": "{model}",
            "configuration": {"max_tokens": 64, "templates": [{"type": "q", "content": " {} "}]},
        },
        {"configuration": {"max_tokens": 128}},
        "thought_id type provision_state",
        needed="model_id configuration",
    ),
    "thought_context": Case(
        "/perception/thoughts/{thought}/contexts",
        "/perception/contexts/{id}",
        "context",
        {"prompt_id": "{prompt}", "layer": 5},
        {"layer": 6},
        "thought_id provision_state",
        needed="prompt_id",
    ),
    "thought_path": Case(
        "/perception/thoughts/{thought}/paths",
        "/perception/paths/{id}",
        "path",
        {"target_class_id": "{class}", "parameters": {"a": [None]}},
        {"target_class_id": "{class2}"},
        "thought_id",
        needed="target_class_id",
    ),
    "thought_path_directive": Case(
        "/perception/paths/{path}/directives",
        "/perception/directives/{id}",
        "directive",
        {"prompt_id": "{prompt}", "target_thought_id": "{thought}"},
        {"target_thought_id": "{thought2}"},
        "thought_path_id provision_state",
        needed="prompt_id target_thought_id",
    ),
    "thought_path_activation": Case(
        "/perception/paths/{path}/activations",
        "/perception/activations/{id}",
        "activation",
        {"chain_id": "{chain}"},
        {"chain_id": "{chain2}"},
        "thought_path_id provision_state",
        needed="chain_id",
    ),
    "thought_module_input": Case(
        "/perception/thoughts/{thought}/module/inputs",
        "/perception/module/inputs/{id}",
        "input",
        {"type": "entity", "class_corpus_id": "{corpus}"},
        {"type": "concept"},
        "thought_id thought_module_id provision_state",
        needed="type class_corpus_id",
    ),
    "thought_initializer": Case(
        "/perception/thoughts/{thought}/initializers",
        "/perception/initializers/{id}",
        "initializer",
        {"reference": "tama/initializers/preload", "index": 4, "class_id": "{class}", "parameters": {"a": {}}},
        {"index": 6},
        "thought_id provision_state",
        needed="reference class_id",
    ),
    "thought_pruning": Case(
        "/perception/thoughts/{thought}/prunings",
        "/perception/prunings/{id}",
        "pruning",
        {"previous_versions_count": 3},
        {"previous_versions_count": 0},
        "thought_id",
        needed="previous_versions_count",
    ),
    "thought_tool": Case(
        "/perception/thoughts/{thought}/tools",
        "/perception/tools/{id}",
        "tool",
        {"action_id": "{action}"},
        {"action_id": "{action2}"},
        "thought_id provision_state",
        needed="action_id",
    ),
    "thought_context_input": Case(
        "/contexts/{context}/inputs",
        "/contexts/inputs/{id}",
        "input",
        {"type": "metadata", "class_corpus_id": "{corpus}"},
        {"type": "entity"},
        "thought_context_id provision_state",
        needed="type class_corpus_id",
    ),
    "thought_tool_input": Case(
        "/tools/{tool}/inputs",
        "/tools/inputs/{id}",
        "input",
        {"type": "header", "class_corpus_id": "{corpus}"},
        {"type": "body"},
        "thought_tool_id provision_state",
        needed="type class_corpus_id",
    ),
    "thought_tool_initializer": Case(
        "/tools/{tool}/initializers",
        "/tools/initializers/{id}",
        "initializer",
        {"reference": "tama/initializers/import", "index": 2, "parameters": {"a": "b"}},
        {"index": 1},
        "thought_tool_id provision_state",
        needed="reference",
    ),
    "thought_tool_output": Case(
        "/tools/{tool}/outputs",
        "/tools/outputs/{id}",
        "output",
        {"class_corpus_id": "{corpus}"},
        {"class_corpus_id": "{corpus2}"},
        "thought_tool_id provision_state",
        needed="class_corpus_id",
    ),
    "tool_output_option": Case(
        "/tools/outputs/{output}/options",
        "/tools/options/{id}",
        "option",
        {"action_modifier_id": "{modifier}"},
        {"action_modifier_id": "{modifier2}"},
        "thought_tool_output_id provision_state",
        needed="action_modifier_id",
    ),
    "queue": Case(
        "/system/queues",
        "/system/queues/{id}",
        "queue",
        {"role": "oracle", "name": "q", "concurrency": 1},
        {"role": "scribe", "concurrency": 9},
        "",
        needed="role name concurrency",
    ),
}


KINDS = {
    "other": "space",
    "corpus": "class_corpus",
    "modifier": "action_modifier",
    "context": "thought_context",
    "path": "thought_path",
    "tool": "thought_tool",
    "output": "thought_tool_output",
}


def kind_of(name: str) -> str:
    """The kind of an object of the world."""
    return KINDS.get(name.rstrip("2"), name.rstrip("2"))


class World:
    """A served control plane in which there is one of everything that something else needs."""

    def __init__(self, http: FlaskClient, token: dict[str, str]) -> None:
        self._http = http
        self._token = token
        self.ids: dict[str, str] = {}
        self._fill()

    def ask(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        """The status and the answer, whose type is checked; None for no content."""
        answer = self._http.open(PROVISION + path, method=method, headers=self._token, json=body)
        if answer.status_code == 204:
            assert answer.data == b""
            return 204, None
        return said(answer)

    def make(self, path: str, wrapper: str, body: Object) -> Object:
        status, answer = self.ask("POST", self.at(path), {wrapper: self.filled(body)})
        assert status == 201, answer
        assert answer.keys() == {"data"}
        made: Object = answer["data"]
        return made

    def read(self, path: str) -> Object:
        status, answer = self.ask("GET", self.at(path))
        assert status == 200, answer
        found: Object = answer["data"]
        return found

    def at(self, path: str, **more: str) -> str:
        return path.format(**self.ids, **more)

    def filled(self, value: Any) -> Any:
        """The value with ids in the place of the names of the world in braces."""
        text = re.sub(r'"{(\w+)}"', lambda match: f'"{self.ids[match[1]]}"', json.dumps(value))
        return json.loads(text)

    def made(self, case: Case, **changes: Any) -> Object:
        return self.make(case.collection, case.wrapper, case.body | changes)

    def _fill(self) -> None:
        self.ids["space"] = self.made(CASES["space"])["id"]
        self.ids["other"] = self.made(CASES["space"], name="Other")["id"]
        for name in ("class", "class2", "corpus", "corpus2", "chain", "chain2", "queue", "listener", "prompt"):
            self.ids[name] = self.made(CASES[kind_of(name)])["id"]
        for name in ("source", "model", "specification"):
            self.ids[name] = self.made(CASES[name])["id"]
        for name, identifier in (("action", "get-movie"), ("action2", "update-movie%20(2)")):
            self.ids[name] = self.read(f"/motor/specifications/{{specification}}/actions/{identifier}")["id"]
        self.ids["modifier"] = self.made(CASES["action_modifier"])["id"]
        self.ids["modifier2"] = self.made(CASES["action_modifier"])["id"]
        self.ids["thought"] = self.made(CASES["thought"], index=0)["id"]
        self.ids["thought2"] = self.made(CASES["thought"], index=1)["id"]
        self.ids["context"] = self.made(CASES["thought_context"], layer=0)["id"]
        self.ids["path"] = self.made(CASES["thought_path"])["id"]
        self.ids["tool"] = self.made(CASES["thought_tool"])["id"]
        self.ids["output"] = self.made(CASES["thought_tool_output"])["id"]


@pytest.fixture(scope="module")
def make_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], World]]:
    planes: list[ControlPlane] = []

    def make() -> World:
        plane = ControlPlane(SQLiteStore(str(tmp_path_factory.mktemp("plane"))))
        planes.append(plane)
        http = create_app(plane, observer()).test_client()
        credential = bearer(credential_of(*plane.clients.add()))
        given = http.post("/auth/tokens", headers=credential, json={"grant_type": "client_credentials"})
        return World(http, bearer(given.get_json()["access_token"]))

    yield make
    for plane in planes:
        plane.close()


@pytest.fixture(scope="module")
def world(make_world: Callable[[], World]) -> World:
    """What all tests of this module share: each makes objects of its own in it."""
    return make_world()


@pytest.fixture
def made(world: World, kind: str) -> Iterator[Object]:
    """An object of a kind, which goes with the test."""
    made = world.made(CASES[kind])
    yield made
    world.ask("DELETE", world.at(CASES[kind].member, id=made["id"]))


kinds = pytest.mark.parametrize("kind", CASES)


def test_every_kind_is_tried() -> None:
    changeable = {kind for kind in Kinds() if (found := Kinds()[kind].resource) is not None and found.updates}
    assert set(CASES) == changeable
    assert {catalog.resource(name).kind for name in catalog.RESOURCES} - set(CASES) == {"class_operation"}


@kinds
def test_a_creation_answers_what_was_sent_and_what_the_server_knows(world: World, kind: str, made: Object) -> None:
    case = CASES[kind]
    shown = {key: value for key, value in world.filled(case.body).items() if key not in case.hidden.split()}
    if kind == "thought":
        shown["module"]["id"] = made["module"]["id"]
    assert made.items() >= shown.items()
    assert made.keys() == {"id", *shown, *case.answered.split()}
    assert made.get("provision_state", "active") == "active"
    if case.parent:
        parent = next(made[key] for key in case.answered.split() if key.endswith(f"{case.parent}_id"))
        assert parent == world.ids[case.parent]


@kinds
def test_a_reader_sees_what_the_creation_answered(world: World, kind: str, made: Object) -> None:
    read = world.read(world.at(CASES[kind].member, id=made["id"]))
    if kind == "source_identity":
        # Nothing is at its endpoint, which ends in `failed`, and the reason is ours.
        assert (read.pop("current_state"), made.pop("current_state")) == ("failed", "pending")
        assert "cannot be reached" in read.pop("reason")
    assert read == made
    assert json.dumps(read) == json.dumps(made), "objects keep the order of their keys"


@kinds
def test_a_patch_changes_what_it_names(world: World, kind: str, made: Object) -> None:
    case, member = CASES[kind], world.at(CASES[kind].member, id=made["id"])
    change = world.filled(case.change)
    status, answer = world.ask("PATCH", member, {case.wrapper: change})
    changed = answer["data"]
    cleared = {key for key, value in change.items() if value is None}
    named = {key: value for key, value in change.items() if value is not None and key not in case.hidden.split()}
    assert status == 200
    assert changed.items() >= named.items()
    assert not cleared & changed.keys()
    derived = {"slug", "name", "description", "current_state"} - case.body.keys()
    same = {key: value for key, value in made.items() if key not in change.keys() | derived}
    assert changed.items() >= same.items()
    assert changed.keys() == made.keys() - cleared
    nothing = world.ask("PATCH", member, {case.wrapper: {}})
    assert nothing == (200, {"data": changed})


@kinds
def test_a_put_makes_it_as_a_creation_would(world: World, kind: str, made: Object) -> None:
    case, member = CASES[kind], world.at(CASES[kind].member, id=made["id"])
    world.ask("PATCH", member, {case.wrapper: world.filled(case.change)})
    assert world.ask("PUT", member, {case.wrapper: world.filled(case.body)}) == (200, {"data": made})
    without = {key: value for key, value in case.body.items() if key != case.needed.split()[0]}
    assert world.ask("PUT", member, {case.wrapper: world.filled(without)})[0] == 422


@kinds
def test_a_deletion_answers_nothing_and_leaves_nothing(world: World, kind: str, made: Object) -> None:
    member = world.at(CASES[kind].member, id=made["id"])
    assert world.ask("DELETE", member) == (204, None)
    for method in ("GET", "PATCH", "PUT", "DELETE"):
        body = {CASES[kind].wrapper: world.filled(CASES[kind].body)}
        assert world.ask(method, member, body) == (404, {"errors": {"detail": "Not Found"}})


@kinds
def test_what_is_below_nothing_is_not_found(world: World, kind: str) -> None:
    case = CASES[kind]
    if not case.parent:
        return
    for id_ in ("non-existent-id", "spec-0000", "00000000-0000-0000-0000-000000000000", world.ids["prompt"]):
        path = case.collection.replace("{" + case.parent + "}", id_)
        answer = world.ask("POST", path, {case.wrapper: world.filled(case.body)})
        assert answer == (404, {"errors": {"detail": "Not Found"}})


@pytest.mark.parametrize("empty", [None, ""])
@kinds
def test_what_is_needed_is_named_where_it_is_missing(world: World, kind: str, empty: str | None) -> None:
    case = CASES[kind]
    for name in case.needed.split():
        body = world.filled({key: value for key, value in case.body.items() if key != name})
        if empty is not None:
            body[name] = empty
        status, answer = world.ask("POST", world.at(case.collection), {case.wrapper: body})
        assert (status, list(answer["errors"])) == (422, [name]), (name, answer)


@kinds
def test_a_reference_leads_to_something(world: World, kind: str) -> None:
    case = CASES[kind]
    for name, value in case.body.items():
        if isinstance(value, str) and re.fullmatch(r"{\w+}", value):
            body = world.filled(case.body) | {name: "invalid-class-id"}
            status, answer = world.ask("POST", world.at(case.collection), {case.wrapper: body})
            assert (status, answer["errors"]) == (422, {name: ["does not exist"]})


def client_text(status: int, errors: Any, prefix: str = "") -> str:
    """What Tama's own client makes of an answer."""
    if isinstance(errors, dict):
        return ", ".join(
            client_text(status, inner, f"{prefix}.{key}" if prefix else key) for key, inner in errors.items()
        )
    assert isinstance(errors, (list, str))
    messages = [errors] if isinstance(errors, str) else errors
    return ", ".join(f"{prefix} {message}" for message in messages)


@pytest.mark.parametrize(
    ("kind", "changes", "said_"),
    [
        ("space", {"type": "galaxy"}, "type is invalid"),
        ("space", {"name": " "}, "name is required"),
        ("space_bridge", {"target_space_id": "invalid-space-id"}, "target_space_id does not exist"),
        ("class", {"schema": []}, "schema is invalid"),
        ("class", {"schema": {"description": "d"}}, "schema.title is required"),
        ("class", {"schema": {"title": "t"}}, "schema.description is required"),
        ("node", {"type": "sometimes"}, "type is invalid"),
        ("node", {"on": "never"}, "on is invalid"),
        ("space_processor", {"configuration": {"tool_choice": "never"}}, "configuration.tool_choice is invalid"),
        ("source", {"endpoint": "invalid-url"}, "endpoint is invalid"),
        ("source", {"type": "api"}, "type is invalid"),
        ("source", {"type": "webhook"}, "type is invalid"),
        ("source", {"credential": {"api_key": ""}}, "credential.api_key is required"),
        ("source", {"credential": {}}, "credential.api_key is required"),
        ("model", {"parameters": [1]}, "parameters is invalid"),
        ("source_limit", {"scale_unit": "days"}, "scale_unit is invalid"),
        ("source_limit", {"scale_unit": "weeks"}, "scale_unit is invalid"),
        ("source_limit", {"scale_unit": "months"}, "scale_unit is invalid"),
        ("source_limit", {"scale_unit": "invalid-unit"}, "scale_unit is invalid"),
        ("source_limit", {"scale_count": 0}, "scale_count must be greater than 0"),
        ("source_limit", {"scale_count": -1}, "scale_count must be greater than 0"),
        ("source_limit", {"count": 0}, "count must be greater than 0"),
        ("source_limit", {"count": 1.5}, "count is invalid"),
        ("specification", {"schema": "{}"}, "schema is invalid"),
        ("specification", {"endpoint": "not a url"}, "endpoint is invalid"),
        ("prompt", {"role": "assistant"}, "role is invalid"),
        ("prompt", {"content": ""}, "content is required"),
        ("prompt", {"name": ""}, "name is required"),
        ("source_identity", {"api_key": None}, "api_key is required"),
        ("source_identity", {"client_id": "c", "client_secret": "s"}, "api_key cannot be combined with"),
        ("source_identity", {"api_key": None, "client_id": "c"}, "client_secret is required"),
        ("source_identity", {"validation": VALIDATION | {"path": ""}}, "validation.path is required"),
        ("source_identity", {"validation": VALIDATION | {"method": ""}}, "validation.method is required"),
        ("source_identity", {"validation": VALIDATION | {"codes": []}}, "validation.codes is required"),
        ("action_modifier", {"schema": []}, "schema is invalid"),
        ("thought", {"module": {"reference": ""}}, "module.reference is required"),
        ("thought", {"module": {"reference": "r", "parameters": []}}, "module.parameters is invalid"),
        ("thought", {"faculty": {"priority": 1}}, "faculty.queue_id is required"),
        ("thought", {"module": None}, "module is required"),
        ("thought", {"index": 0}, "index has already been taken"),
        ("thought", {"index": -1}, "index must not be negative"),
        ("thought_context", {"layer": 0}, "layer has already been taken"),
        ("thought_path", {"target_class_id": "invalid-class-id"}, "target_class_id does not exist"),
        ("thought_module_input", {"type": "invalid"}, "type is invalid"),
        ("thought_context_input", {"type": "query"}, "type is invalid"),
        ("thought_tool_input", {"type": "entity"}, "type is invalid"),
        ("queue", {"concurrency": 0}, "concurrency must be greater than 0"),
    ],
)
def test_what_breaks_a_rule_is_refused_in_words_that_clients_look_for(
    world: World, kind: str, changes: Object, said_: str
) -> None:
    case = CASES[kind]
    body = {key: value for key, value in world.filled(case.body | changes).items() if value is not None}
    status, answer = world.ask("POST", world.at(case.collection), {case.wrapper: body})
    assert (status, answer.keys()) == (422, {"errors"})
    assert client_text(status, answer["errors"]).startswith(said_)


@pytest.mark.parametrize(
    ("kind", "changes"),
    [
        ("space", {"name": "a"}),
        ("space", {"name": "Test_space.with-dots_and-1.2.3" * 4}),
        ("space", {"type": "global", "name": "x"}),
        ("space_bridge", {"target_space_id": "{space}"}),
        ("class", {"schema": SCHEMA | {"title": "Validation Output Schema"}}),
        ("class_corpus", {"main": False}),
        ("node", {"type": "scheduled"}),
        ("node", {"type": "explicit"}),
        ("model", {"path": "/rerank"}),
        ("model", {"path": "/v1/chat/completions", "parameters": {}}),
        ("specification", {"endpoint": "https://x.example/" + "y" * 300}),
        ("source_identity", {"api_key": None, "client_id": "c", "client_secret": "s"}),
        ("thought_initializer", {"parameters": {}}),
    ],
)
def test_what_tests_of_tama_send_is_accepted(world: World, kind: str, changes: Object) -> None:
    case = CASES[kind]
    body = {key: value for key, value in (case.body | changes).items() if value is not None}
    made = [world.make(case.collection, case.wrapper, body) for _ in range(2 if kind != "thought_initializer" else 1)]
    for one in made:
        assert one["provision_state"] == "active"
        assert world.ask("DELETE", world.at(case.member, id=one["id"])) == (204, None)


@pytest.mark.parametrize(
    ("kind", "left_out", "default"),
    [
        ("class_corpus", "main", {"main": False}),
        ("node", "on", {"on": "processing"}),
        ("thought_context", "layer", None),
        ("thought_tool_initializer", "index", {"index": 0}),
        ("model", "parameters", {}),
        ("thought_path", "parameters", {}),
        ("thought_tool_initializer", "parameters", {}),
        ("source", "request", {}),
        ("thought", "faculty", {}),
        ("thought", "output_class_id", {}),
    ],
)
def test_what_is_left_out_is_a_default_or_absent(
    world: World, kind: str, left_out: str, default: Object | None
) -> None:
    case = CASES[kind]
    body = {key: value for key, value in case.body.items() if key != left_out}
    if default is None:
        # The default is what the world has already.
        assert world.ask("POST", world.at(case.collection), {case.wrapper: world.filled(body)})[0] == 422
        return
    made = world.make(case.collection, case.wrapper, body)
    assert {key: value for key, value in made.items() if key == left_out} == default
    world.ask("DELETE", world.at(case.member, id=made["id"]))


@pytest.mark.parametrize(
    ("type_", "given", "kept"),
    [
        ("completion", {}, {"temperature": 0.8, "tool_choice": "required"}),
        ("embedding", {}, {"max_tokens": 512}),
        ("reranking", {}, {}),
        ("reranking", {"parameters": {"top_n": 3}}, {"parameters": {"top_n": 3}}),
    ],
)
@pytest.mark.parametrize("owner", ["neural/spaces/{other}", "perception/thoughts/{thought2}"])
def test_a_processor_has_the_defaults_of_its_type(
    world: World, owner: str, type_: str, given: Object, kept: Object
) -> None:
    path = world.at(f"/{owner}/types/{type_}/processor")
    made = world.make(path, "processor", {"model_id": "{model}", "configuration": given})
    assert (made["type"], made["configuration"]) == (type_, kept)
    assert world.read(path) == made
    assert world.ask("GET", path.replace(type_, "other"))[0] == 404
    assert world.ask("POST", path.replace(type_, "other"), {"processor": {}})[0] == 404
    assert world.ask("DELETE", path) == (204, None)


def test_an_index_is_the_next_free_one(world: World) -> None:
    chain = world.make("/perception/spaces/{space}/chains", "chain", {"name": "c"})["id"]
    body = {"relation": "r", "module": {"reference": "x"}, "faculty": None}
    made = [world.make(f"/perception/chains/{chain}/thoughts", "thought", body) for _ in range(3)]
    assert [one["index"] for one in made] == [0, 1, 2]
    thought = made[0]["id"]
    initializer = {"reference": "r", "class_id": "{class}", "parameters": {}}
    path = f"/perception/thoughts/{thought}/initializers"
    assert [world.make(path, "initializer", initializer)["index"] for _ in range(2)] == [0, 1]
    taken = world.ask("POST", path, {"initializer": world.filled(initializer | {"index": 1})})
    assert taken == (422, {"errors": {"index": ["has already been taken"]}})


def test_a_delegated_thought_is_carried_out_as_another_that_has_a_module(world: World) -> None:
    chain = world.make("/perception/spaces/{space}/chains", "chain", {"name": "c"})["id"]
    path = f"/perception/chains/{chain}/thoughts"
    body = {"delegation": {"target_thought_id": "{thought}"}, "faculty": None}
    made = world.make(path, "thought", body)
    assert made["delegation"] == {"target_thought_id": world.ids["thought"]}
    assert made["relation"] == "reply"
    assert not made.get("module")
    again = {"delegation": {"target_thought_id": made["id"]}, "faculty": None}
    errors = {"delegation": {"target_thought_id": ["is not a modular thought"]}}
    assert world.ask("POST", path, {"thought": again}) == (422, {"errors": errors})


def test_a_class_operation_is_processed_and_can_only_be_read(world: World) -> None:
    node = world.made(CASES["node"])
    path = world.at("/neural/classes/{class}/operations")
    made = world.make(path, "operation", {"chain_ids": ["{chain}"], "node_type": "reactive"})
    assert made.keys() == {"id", "class_id", "chain_ids", "node_type", "current_state", "node_ids"}
    assert (made["class_id"], made["current_state"]) == (world.ids["class"], "processed")
    assert node["id"] in made["node_ids"]
    member = f"{path}/{made['id']}"
    assert world.read(member) == made
    for method in ("PATCH", "PUT", "DELETE"):
        assert world.ask(method, member, {"operation": {}})[0] == 405
    assert world.ask("GET", world.at(f"/neural/classes/{{class2}}/operations/{made['id']}"))[0] == 404
    wrongs: list[Object] = [
        {"chain_ids": []},
        {"chain_ids": ["x"]},
        {},
        {"chain_ids": ["{chain}"], "node_type": "scheduled"},
    ]
    for wrong in wrongs:
        assert world.ask("POST", path, {"operation": world.filled(wrong)})[0] == 422


def test_literal_words_win_over_ids(world: World) -> None:
    # A context or tool whose id were one of these words would otherwise be meant.
    for path, wrapper in (
        ("/contexts/inputs/inputs", "input"),
        ("/tools/inputs/inputs", "input"),
        ("/tools/outputs/outputs", "output"),
        ("/tools/initializers/initializers", "initializer"),
    ):
        assert world.ask("GET", path) == (404, {"errors": {"detail": "Not Found"}})
        assert world.ask("PATCH", path, {wrapper: {}})[0] == 404
    option = world.made(CASES["tool_output_option"])
    assert world.read(f"/tools/options/{option['id']}") == option


def test_a_space_is_read_by_its_slug_and_lookups_below_it_too(world: World) -> None:
    space = world.make("/neural/spaces", "space", {"name": "By Slug", "type": "global"})
    assert space["slug"] == "by-slug"
    assert world.read("/neural/spaces/by-slug") == space
    made = world.make(f"/neural/spaces/{space['id']}/classes", "class", {"schema": SCHEMA | {"title": "class-proxy"}})
    assert (made["name"], made["description"]) == ("class-proxy", "A film.")
    for name in (space["id"], "by-slug"):
        assert world.read(f"/neural/spaces/{name}/classes/class-proxy") == made


@pytest.mark.parametrize(
    ("kind", "name", "slug"),
    [
        ("space", "Test_space.with-dots", "test-space-with-dots"),
        ("class_corpus", "Sample <Items>", "sample-items"),
        ("source", "Elasticsearch Index Creation and Alias API", "elasticsearch-index-creation-and-alias-api"),
        ("prompt", "Updated Prompt", "updated-prompt"),
        ("prompt", "updated-prompt", "updated-prompt"),
        ("chain", "Identity  Validation!", "identity-validation"),
    ],
)
def test_a_slug_follows_the_name(world: World, kind: str, name: str, slug: str) -> None:
    case = CASES[kind]
    made = world.made(case, name=name)
    assert made["slug"] == slug
    changed = world.ask("PATCH", world.at(case.member, id=made["id"]), {case.wrapper: {"name": f"{name} changed"}})
    assert changed[1]["data"]["slug"] == f"{slug}-changed"


def test_a_specification_yields_actions_classes_a_source_and_corpora(world: World) -> None:
    space = world.make("/neural/spaces", "space", {"name": "Derived", "type": "component"})["id"]
    described = DOCUMENT | {"info": {"title": "Elasticsearch Index Creation and Alias API", "version": "1"}}
    body = {"schema": described, "version": "1", "endpoint": "https://es.example"}
    made = world.make(f"/sensory/spaces/{space}/specifications", "specification", body)
    assert (made["current_state"], made["schema"]) == ("completed", described)
    below = f"specifications/{made['id']}"

    action = world.read(f"/motor/{below}/actions/update-movie%20(2)")
    assert action.items() >= {"identifier": "update-movie (2)", "path": "/movies/{id}", "method": "put"}.items()
    for encoded in (base64.urlsafe_b64encode(b"/movies/{id}").decode(), "L21vdmllcy97aWR9"):
        for method in ("put", "PUT", "Put"):
            assert world.read(f"/motor/{below}/actions/{encoded}?method={method}".replace("{", "{{")) == action
    assert world.ask("GET", f"/motor/{below}/actions/unknown")[0] == 404

    derived = world.read(f"/neural/{below}/classes/get-movie")
    assert derived == world.read(f"/neural/spaces/{space}/classes/get-movie")
    assert (derived["name"], derived["space_id"], derived["schema"]["title"]) == ("get-movie", space, "get-movie")
    assert derived["description"]
    assert derived["schema"].keys() >= {"title", "description", "type"}
    corpus = world.read(f"/neural/classes/{derived['id']}/corpora/entity-json-schema")
    assert (corpus["class_id"], corpus["provision_state"]) == (derived["id"], "active")

    source = world.read(f"/sensory/{below}/sources/elasticsearch-index-creation-and-alias-api")
    assert (
        source.items() >= {"name": described["info"]["title"], "space_id": space, "provision_state": "active"}.items()
    )
    assert source["type"]
    assert source["endpoint"]
    assert world.ask("GET", f"/sensory/{below}/sources/unknown")[0] == 404


def test_two_specifications_of_a_space_may_share_an_operation(world: World) -> None:
    first, second = (world.made(CASES["specification"]) for _ in range(2))
    actions = [world.read(f"/motor/specifications/{one['id']}/actions/get-movie") for one in (first, second)]
    assert actions[0]["id"] != actions[1]["id"]


@pytest.mark.parametrize(
    "described",
    [
        {"openapi": "3.0.0", "info": {"title": "t", "version": "1"}, "paths": {}},
        document({}, components={"security": [{"ApiKey": []}], "responses": {}}, tags=[], security=[]),
        document(
            {"/a": {"get": operation("a", callbacks={}, requestBody={"content": {"text/plain": {"title": "t"}}})}}
        ),
        document({"/a": {"post": operation("update-user-preference (2)")}}, servers=[{"url": "/", "variables": {}}]),
        document({"/a": {"get": {}}}),
        document(
            {},
            components={
                "securitySchemes": {"oauth": {"type": "oauth2", "flows": {"clientCredentials": {"tokenUrl": "/t"}}}}
            },
        ),
    ],
)
def test_documents_of_tamas_tests_are_completed(world: World, described: Object) -> None:
    made = world.made(CASES["specification"], schema=described)
    assert (made["current_state"], made.get("reason")) == ("completed", None)
    assert made["schema"] == described


def test_what_is_derived_goes_with_what_it_came_from(make_world: Callable[[], World]) -> None:
    world = make_world()
    ids = world.ids
    action = world.read("/motor/specifications/{specification}/actions/get-movie")
    derived = world.read("/neural/specifications/{specification}/classes/get-movie")
    operation_ = world.make("/neural/classes/{class}/operations", "operation", {"chain_ids": ["{chain2}"]})

    assert world.ask("DELETE", world.at("/sensory/specifications/{specification}"))[0] == 204
    for path in (
        f"/motor/specifications/{ids['specification']}/actions/{action['identifier']}",
        f"/neural/classes/{derived['id']}",
        f"/motor/modifiers/{ids['modifier']}",
        f"/perception/tools/{ids['tool']}",
        f"/tools/outputs/{ids['output']}",
    ):
        assert world.ask("GET", path)[0] == 404, path
    assert world.ask("DELETE", world.at("/perception/chains/{chain2}"))[0] == 204
    assert world.ask("GET", world.at(f"/neural/classes/{{class}}/operations/{operation_['id']}"))[0] == 404
    assert world.ask("DELETE", world.at("/perception/chains/{chain}"))[0] == 204
    for path in ("/perception/thoughts/{thought}", "/perception/contexts/{context}", "/perception/paths/{path}"):
        assert world.ask("GET", world.at(path))[0] == 404, path
    assert world.read("/memory/prompts/{prompt}")["id"] == ids["prompt"]
    assert world.ask("DELETE", world.at("/neural/spaces/{space}"))[0] == 204
    for path in ("/neural/classes/{class}", "/sensory/sources/{source}", "/sensory/models/{model}"):
        assert world.ask("GET", world.at(path))[0] == 404, path
    assert world.ask("GET", world.at("/neural/listeners/{listener}"))[0] == 404
    assert world.read("/neural/spaces/{other}")["id"] == ids["other"]
    assert world.read("/system/queues/{queue}")["id"] == ids["queue"]


def test_everything_is_deleted_one_by_one_from_the_leaves(make_world: Callable[[], World]) -> None:
    world = make_world()
    for name in reversed([*world.ids]):
        if not name.startswith("action"):
            member = CASES[kind_of(name)].member
            assert world.ask("DELETE", world.at(member, id=world.ids[name])) == (204, None), name
