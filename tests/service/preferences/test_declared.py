"""Types of preferences that an operator declares: in the contract, in the rules, and at the start."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from openapi_spec_validator import validate

from service.__main__ import main
from service.contract import Contract
from service.personalization.preferences.declared import DeclarationError, read_declarations
from service.personalization.preferences.schemas import with_declared
from service.storage.sqlite import SQLiteStore
from service.web.app import create_app
from service.web.credentials import Credential, digest
from tests.service.client import Client
from tests.service.server import BASE, KEY, RunningService

SCHEMAS: dict[str, Any] = {
    "genre": {
        "description": "The genre of films that the actor likes best.",
        "type": "string",
        "enum": ["Drama", "Comedy"],
        "examples": ["Drama"],
    },
    "limits:age": {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": ["integer", "null"],
        "minimum": 0,
    },
    "favourite_people": {
        "type": "array",
        "maxItems": 3,
        "items": {"$ref": "#/$defs/person"},
        "$defs": {
            "person": {
                "type": "object",
                "required": ["name"],
                "additionalProperties": False,
                "properties": {
                    "name": {"type": "string", "maxLength": 20},
                    "score": {"type": "integer", "multipleOf": 5},
                    "like": {"type": "array", "items": {"$ref": "#/$defs/person"}},
                    "$ref": {"const": "#/nothing"},
                },
            }
        },
    },
    "anything": {"enum": [{"$ref": "is data here"}, "x"], "title": "Anything"},
    "whatever": {},
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "preferences"
    folder.mkdir()
    for name, schema in SCHEMAS.items():
        (folder / f"{name}.json").write_text(json.dumps(schema))
    (folder / ".editor-backup").write_text("{")
    return folder


@pytest.fixture
def declared(folder: Path, contract: Contract) -> Contract:
    return with_declared(contract, read_declarations(folder, contract))


@pytest.fixture
def make_declared_client(store: SQLiteStore) -> Callable[[Contract], Client]:
    def make(contract: Contract) -> Client:
        credential = Credential(digest(KEY), "default", frozenset(contract.schema("Scope")["enum"]))
        return Client(contract, create_app(contract, store, [credential], instance="i", main_pid=1))

    return make


@pytest.fixture
def client(declared: Contract, make_declared_client: Callable[[Contract], Client]) -> Client:
    return make_declared_client(declared)


def path(name: str) -> str:
    return f"{BASE}/profile/a/preferences/{name}"


def test_the_served_contract_has_the_declared_types_and_is_valid(client: Client) -> None:
    document = client.call("GET", f"{BASE}/openapi.json", key=None).json
    assert document == yaml.safe_load(client.call("GET", f"{BASE}/openapi.yaml", key=None).data)
    validate(document)
    schemas = document["components"]["schemas"]
    built_in = ["language", "region", "theme", "timezone"]
    assert schemas["PreferenceType"]["enum"] == built_in + sorted(SCHEMAS)
    assert schemas["genre.Value"] == {"title": "genre", **SCHEMAS["genre"]}
    for member in ("oneOf", "anyOf"):
        component = "Preference" if member == "oneOf" else "PreferenceInput"
        shown = [
            document["components"]["schemas"][each["$ref"].rpartition("/")[2]] for each in schemas[component][member]
        ]
        assert [each["properties"]["type"]["enum"] for each in shown] == [[name] for name in built_in + sorted(SCHEMAS)]
    assert schemas["Preference"]["discriminator"]["mapping"].keys() == {*schemas["PreferenceType"]["enum"]}


def test_every_reference_of_the_served_contract_leads_somewhere(declared: Contract) -> None:
    def references(node: Any) -> list[str]:
        if isinstance(node, list):
            return [found for item in node for found in references(item)]
        if not isinstance(node, dict):
            return []
        here = [node["$ref"]] if str(node.get("$ref")).startswith("#") else []
        return here + [found for member in node.values() for found in references(member)]

    found = references(json.loads(declared.json))
    assert "#/components/schemas/favourite_people.Value/$defs/person" in found
    for reference in found:
        declared.at(reference.removeprefix("#/").split("/"))


def test_a_contract_without_declarations_is_the_file_itself(contract: Contract) -> None:
    assert with_declared(contract, {}) is contract


@pytest.mark.parametrize(
    ("name", "sent", "value"),
    [
        ("genre", " drama ", "Drama"),
        ("limits:age", "18", 18),
        ("limits:age", 18.0, 18),
        ("LIMITS:AGE", 0, 0),
        (
            "favourite_people",
            [{"name": " Ana\u200b", "score": "5", "like": [{"name": "Bo", "like": None}, None]}, ""],
            [{"name": "Ana", "score": 5, "like": [{"name": "Bo"}]}],
        ),
        ("anything", "X", "x"),
        ("anything", {"$ref": "is data here"}, {"$ref": "is data here"}),
        ("whatever", {"deep": [1.5, None, {"": " kept "}]}, {"deep": [1.5, None, {"": " kept "}]}),
        ("whatever", False, False),
    ],
)
def test_a_declared_value_is_read_by_the_rules_of_its_types(client: Client, name: str, sent: Any, value: Any) -> None:
    answer = client.call("PUT", path(name), {"value": sent})
    assert (answer.status_code, answer.json) == (201, {"type": name.lower(), "value": value})
    assert client.call("GET", path(name)).json == answer.json
    assert client.call("GET", f"{BASE}/profile/a/preferences").json == {"preferences": [answer.json]}


@pytest.mark.parametrize(
    ("name", "value", "pointer", "says"),
    [
        ("genre", "Western", "/value", "not one of the allowed values. The genre of films"),
        ("limits:age", "many", "/value", "A whole number or null is asked for, not a string"),
        ("limits:age", 0.5, "/value", "not a number with a fraction"),
        ("limits:age", -1, "/value", "`minimum`: 0"),
        ("limits:age", None, "/value", "missing"),
        ("favourite_people", "Ana", "/value", "An array"),
        ("favourite_people", [{"name": "Ana", "score": 7}], "/value/0/score", "`multipleOf`: 5"),
        ("favourite_people", [None, {"name": "Ana", "like": [{"score": 5}]}], "/value/1/like/0/name", "missing"),
        ("favourite_people", [{"name": "Ana", "age": 5}], "/value/0/age", "Known are name"),
        ("favourite_people", [{"name": str(each)} for each in range(4)], "/value", "more than 3 entries"),
        ("favourite_people", [{"name": "A" * 21}], "/value/0/name", "longer than 20"),
        ("whatever", {"a": ["\x00"]}, "/value/a/0", "U+0000"),
        ("whatever", {"a\x00": 1}, "/value/a\x00", "U+0000"),
        ("whatever", [2**53], "/value/0", "between"),
    ],
)
def test_a_declared_value_that_is_wrong_is_explained(
    client: Client, name: str, value: Any, pointer: str, says: str
) -> None:
    answer = client.call("PUT", path(name), {"value": value})
    assert (answer.status_code, answer.json["code"]) == (422, "invalid_preference")
    assert says in next(error["detail"] for error in answer.json["errors"] if error["pointer"] == pointer)


def test_what_is_declared_no_more_is_hidden_and_comes_back(
    contract: Contract, declared: Contract, make_declared_client: Callable[[Contract], Client]
) -> None:
    make_declared_client(declared).call("PUT", path("genre"), {"value": "Drama"})
    without = make_declared_client(contract)
    assert without.call("GET", path("genre")).json["code"] == "unknown_preference_type"
    assert without.call("GET", f"{BASE}/profile/a/preferences").json == {"preferences": []}
    assert make_declared_client(declared).call("GET", path("genre")).json["value"] == "Drama"


@pytest.mark.parametrize(
    ("file", "content", "place", "reason"),
    [
        ("theme.json", "{}", "", "`theme` is built in"),
        ("Region.json", "{}", "", "`region` is built in"),
        ("GENRE.json", "{}", "", "GENRE.json declares it"),
        ("two words.json", "{}", "", "a type has 1 to 64"),
        (f"{'a' * 65}.json", "{}", "", "a type has 1 to 64"),
        (".json.json", "{", "", None),
        ("notes.txt", "", "", "a file <type>.json"),
        ("x.json", '{"a":\n1,}', "", "line 2, column 2"),
        ("x.json", '{"type": 1, "type": 2}', "/type", "more than once"),
        ("x.json", "[" * 40 + "]" * 40, "", "too deeply"),
        ("x.json", " " * 65_537, "", "more than 65536 bytes"),
        ("x.json", "true", "", "an object"),
        ("x.json", '{"properties": {"a/b": {"type": "strin"}}}', "/properties/a~1b/type", "strin"),
        ("x.json", '{"items": {"minimum": "3"}}', "/items/minimum", "number"),
        ("x.json", '{"pattern": "("}', "/pattern", "regex"),
        ("x.json", '{"allOf": [{"$ref": "#/$defs/none"}]}', "/allOf/0/$ref", "no schema in this file"),
        ("x.json", '{"$ref": "https://example.com/schema"}', "/$ref", "no schema in this file"),
        ("x.json", '{"$ref": "#"}', "/$ref", "no schema in this file"),
        ("x.json", '{"$ref": "#/enum/0", "enum": [{}]}', "/$ref", "no schema in this file"),
        ("x.json", '{"$id": "https://example.com/x"}', "/$id", "no address"),
        ("x.json", '{"$schema": "http://json-schema.org/draft-07/schema#"}', "/$schema", "2020-12"),
        ("x.json", '{"type": "string", "examples": ["a", 1]}', "/examples/1", "refuses"),
    ],
)
def test_a_bad_declaration_is_named_with_file_place_and_reason(
    folder: Path, contract: Contract, file: str, content: str, place: str, reason: str | None
) -> None:
    (folder / file).write_text(content)
    if reason is None:
        assert read_declarations(folder, contract).keys() == SCHEMAS.keys()
        return
    with pytest.raises(DeclarationError) as raised:
        read_declarations(folder, contract)
    (problem,) = raised.value.problems
    assert problem.pointer == place
    assert reason in problem.reason
    assert problem.file.parent == folder


def test_a_bad_declaration_stops_the_start_with_everything_that_is_wrong(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "one.json").write_text('{"type": "strin"}')
    (folder / "two.json").write_text("{")
    monkeypatch.setenv("PERSONALIZATION_PREFERENCES", str(folder))
    assert main(["serve", "--listen", "nowhere", "--store", "sqlite:x.db"]) == 2
    said = capsys.readouterr().err.splitlines()
    assert said[0].startswith("personalization: --listen: ")
    assert said[1].startswith(f"personalization: PERSONALIZATION_PREFERENCES: {folder / 'one.json'}: /type: ")
    assert said[2].startswith(f"personalization: PERSONALIZATION_PREFERENCES: {folder / 'two.json'}: the whole file: ")


def test_a_folder_that_is_not_there_stops_the_start(tmp_path: Path, contract: Contract) -> None:
    with pytest.raises(DeclarationError, match="cannot be read: No such file"):
        read_declarations(tmp_path / "none", contract)


def test_the_running_service_knows_what_is_declared(folder: Path, tmp_path: Path) -> None:
    with RunningService(tmp_path, environment={"PERSONALIZATION_PREFERENCES": str(folder)}) as service:
        answer = service.call("PUT", path("genre"), {"value": "comedy"})
        assert (answer.status, answer.json) == (201, {"type": "genre", "value": "Comedy"})
        contract = service.call("GET", f"{BASE}/openapi.json")
        assert "genre" in contract.json["components"]["schemas"]["PreferenceType"]["enum"]
