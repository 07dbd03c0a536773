from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from openapi_spec_validator import validate

from service.contract import CONTRACT_FILE, Contract
from tests.service.client import Client
from tests.service.server import BASE

DOCUMENT: dict[str, Any] = yaml.safe_load(CONTRACT_FILE.read_text(encoding="utf-8"))
OPERATIONS = [
    (path, method, operation)
    for path, item in DOCUMENT["paths"].items()
    for method, operation in item.items()
    if method != "parameters"
]


def test_the_contract_is_valid_openapi() -> None:
    validate(DOCUMENT)


def test_the_operations_are_those_that_tama_makes_actions_of() -> None:
    assert [(operation["operationId"], method, path) for path, method, operation in OPERATIONS] == [
        ("get-profile", "get", "/profile/{actor_id}"),
        ("create-or-update-profile", "put", "/profile/{actor_id}"),
        ("patch-profile", "patch", "/profile/{actor_id}"),
        ("delete-profile", "delete", "/profile/{actor_id}"),
        ("delete-name", "delete", "/profile/{actor_id}/names/{group}/{index}"),
        ("delete-date", "delete", "/profile/{actor_id}/dates/{significance}/{index}"),
        ("set-consent", "put", "/profile/{actor_id}/consent"),
        ("list-preferences", "get", "/profile/{actor_id}/preferences"),
        ("get-preference", "get", "/profile/{actor_id}/preferences/{type}"),
        ("create-or-update-preference", "put", "/profile/{actor_id}/preferences/{type}"),
        ("delete-preference", "delete", "/profile/{actor_id}/preferences/{type}"),
        ("list-history", "get", "/profile/{actor_id}/history"),
        ("append-history", "post", "/profile/{actor_id}/history"),
        ("delete-history-up-to", "delete", "/profile/{actor_id}/history"),
        ("delete-event", "delete", "/profile/{actor_id}/history/{event_id}"),
        ("get-context", "get", "/profile/{actor_id}/context"),
        ("export-actor", "get", "/profile/{actor_id}/export"),
        ("import-actor", "put", "/profile/{actor_id}/import"),
        ("merge-actors", "post", "/profile/{actor_id}/merge"),
        ("erase-actor", "post", "/profile/{actor_id}/erasure"),
        ("erase-tenant", "post", "/actors/erasure"),
        ("list-actors", "get", "/actors"),
        ("export-tenant", "get", "/actors/export"),
        ("get-credential", "get", "/whoami"),
    ]


@pytest.mark.parametrize("operation", [operation for _, _, operation in OPERATIONS])
def test_an_operation_speaks_to_the_model_that_calls_it(operation: dict[str, Any]) -> None:
    assert operation["summary"]
    assert len(operation["description"]) > 100


def test_every_error_code_has_an_example_under_its_status_and_no_other(contract: Contract) -> None:
    responses = DOCUMENT["components"]["responses"].values()
    shown = {code for response in responses for code in response["content"]["application/problem+json"]["examples"]}
    assert shown == set(DOCUMENT["components"]["schemas"]["ErrorCode"]["enum"]) == set(contract.errors)
    for _, _, operation in OPERATIONS:
        for status, response in operation["responses"].items():
            if "$ref" in response:
                examples = _at(response["$ref"])["content"]["application/problem+json"]["examples"]
                assert {contract.errors[code].status for code in examples} == {int(status)}


def test_the_examples_are_valid(contract: Contract) -> None:
    error = contract.validator("Error")
    for name, example in DOCUMENT["components"]["examples"].items():
        if name in contract.errors:
            error.validate(example["value"])
            assert example["value"]["code"] == name
    for schema, examples in _examples_of_bodies():
        assert examples
        for example in examples:
            contract.validator(schema).validate(contract.resolved(example)["value"])
    for name, schema in DOCUMENT["components"]["schemas"].items():
        for example in schema.get("examples", []):
            contract.validator(name).validate(example)


def _examples_of_bodies() -> Iterator[tuple[str, list[Any]]]:
    """Return the schema's name and the examples of each body in JSON that an operation takes or answers."""
    for _, _, operation in OPERATIONS:
        for body in [operation.get("requestBody", {}), *operation["responses"].values()]:
            content = body.get("content", {}).get("application/json")
            if content:
                yield content["schema"]["$ref"].rpartition("/")[2], list(content["examples"].values())


def test_input_has_no_defaults_that_a_client_would_fill_in() -> None:
    told = DOCUMENT["components"]["schemas"]["ProfileInput"]
    assert "required" not in told
    assert not [name for name, field in told["properties"].items() if "default" in field]


def test_every_answer_names_its_request_and_every_header_says_whether_it_always_comes() -> None:
    responses = [*DOCUMENT["components"]["responses"].values()]
    for _, _, operation in OPERATIONS:
        responses += [response for response in operation["responses"].values() if "$ref" not in response]
    for response in responses:
        assert response["headers"]["X-Request-Id"] == {"$ref": "#/components/headers/RequestId"}, response[
            "description"
        ]
    for name, header in DOCUMENT["components"]["headers"].items():
        assert isinstance(header.get("required"), bool), name


def test_the_service_serves_the_contract_without_a_credential(client: Client) -> None:
    as_json = client.call("GET", f"{BASE}/openapi.json", key=None)
    as_yaml = client.call("GET", f"{BASE}/openapi.yaml", key=None)
    assert as_json.json == DOCUMENT
    assert as_yaml.data == CONTRACT_FILE.read_bytes()
    assert as_yaml.mimetype == "application/yaml"


def _at(reference: str) -> Any:
    node: Any = DOCUMENT
    for step in reference.removeprefix("#/").split("/"):
        node = node[step]
    return node
