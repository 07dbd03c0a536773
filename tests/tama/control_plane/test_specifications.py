from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.tama.control_plane.support import Caller, document, operation

CONTRACT = Path(__file__).parents[3] / "schemas" / "personalization.yaml"


def by_path(api: Caller, specification_id: str, path: str, method: str) -> dict[str, Any]:
    encoded = base64.urlsafe_b64encode(path.encode()).decode()
    return api("GET", f"/provision/motor/specifications/{specification_id}/actions/{encoded}?method={method}")


def class_of(api: Caller, specification_id: str, name: str) -> dict[str, Any]:
    return api("GET", f"/provision/neural/specifications/{specification_id}/classes/{name}")


def test_the_projects_own_contract_is_processed(api: Caller, space: dict[str, Any]) -> None:
    contract = yaml.safe_load(CONTRACT.read_text())

    made = api.specification(space["id"], contract, "http://127.0.0.1:8080/internal/personalization")

    assert (made["current_state"], made.get("reason")) == ("completed", None)
    assert made["schema"] == contract
    action = api.action(made["id"], "create-or-update-profile")
    assert by_path(api, made["id"], action["path"], action["method"]) == action
    tool_call = class_of(api, made["id"], "create-or-update-profile")["schema"]
    assert set(tool_call["required"]) == {"path", "body"}
    assert "ProfileInput" in tool_call["$defs"]


def test_actions_are_found_by_identifier_and_by_path_and_method(api: Caller, space: dict[str, Any]) -> None:
    paths = {
        "/movies/{id}": {
            "parameters": [{"name": "id", "in": "path", "required": True}],
            "get": operation("get-movie"),
            "delete": {"summary": "Without an operationId."},
        },
        "/users/{id}": {"patch": operation("update-user-preference (2)")},
    }
    made = api.specification(space["id"], document(paths))

    action = api.action(made["id"], "get-movie")

    assert {key: action[key] for key in ("identifier", "path", "method", "specification_id")} == {
        "identifier": "get-movie",
        "path": "/movies/{id}",
        "method": "get",
        "specification_id": made["id"],
    }
    assert by_path(api, made["id"], "/movies/{id}", "GET") == action
    unpadded = base64.urlsafe_b64encode(b"/movies/{id}").decode().rstrip("=")
    path = f"/provision/motor/specifications/{made['id']}/actions/{unpadded}?method=get"
    assert api("GET", path) == action
    assert by_path(api, made["id"], "/movies/{id}", "delete")["identifier"] == "delete /movies/{id}"
    assert api.action(made["id"], "update-user-preference%20%282%29")["method"] == "patch"
    assert api.gone(f"/provision/motor/specifications/{made['id']}/actions/get-movies")
    assert api.gone(f"{path}x")


def test_an_operation_and_a_component_schema_become_classes(api: Caller, space: dict[str, Any]) -> None:
    schemas = {
        "Movie": {"type": "object", "title": "A film", "properties": {"cast": {"$ref": "#/components/schemas/Person"}}},
        "Person": {
            "type": ["null", "object"],
            "description": "Somebody.",
            "properties": {"movies": {"$ref": "#/components/schemas/Movie"}},
        },
        "a/b~c": {"$ref": "#/components/schemas/Movie"},
        "anything": True,
    }
    body = {
        "required": True,
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Movie"}, "title": "a title"}},
    }
    query = {
        "name": "lang",
        "in": "query",
        "required": True,
        "description": "A language.",
        "schema": {"type": "string"},
    }
    put = operation("put-movie", summary="Store a film.", parameters=[query], requestBody=body)
    made = api.specification(space["id"], document({"/movies/{id}": {"put": put}}, components={"schemas": schemas}))

    assert made["current_state"] == "completed"
    class_ = class_of(api, made["id"], "put-movie")
    assert (class_["name"], class_["description"], class_["space_id"]) == ("put-movie", "Store a film.", space["id"])
    assert class_["schema"]["title"] == "put-movie"
    assert class_["schema"]["type"] == "object"
    assert class_["schema"]["required"] == ["path", "query", "body"]
    assert class_["schema"]["properties"] == {
        "path": {"type": "object", "properties": {"id": {"type": "string"}}, "required": ["id"]},
        "query": {
            "type": "object",
            "properties": {"lang": {"description": "A language.", "type": "string"}},
            "required": ["lang"],
        },
        "body": {"$ref": "#/$defs/Movie"},
    }
    assert set(class_["schema"]["$defs"]) == {"Movie", "Person"}
    assert class_["schema"]["$defs"]["Person"]["properties"] == {"movies": {"$ref": "#/$defs/Movie"}}
    person = class_of(api, made["id"], "Person")
    assert (person["schema"]["title"], person["description"], person["schema"]["type"]) == (
        "Person",
        "Somebody.",
        "object",
    )
    assert class_of(api, made["id"], "a%2Fb~c")["schema"]["$ref"] == "#/$defs/Movie"
    assert class_of(api, made["id"], "anything")["description"] == "anything"
    assert api("GET", f"/provision/neural/spaces/{space['id']}/classes/put-movie") == class_
    assert api("GET", f"/provision/neural/classes/{class_['id']}") == class_


def test_a_specification_yields_a_source_and_its_classes_a_default_corpus(api: Caller, space: dict[str, Any]) -> None:
    given = document({"/a": {"get": operation("a")}})
    given["info"]["title"] = "Elasticsearch Index Creation and Alias API"
    made = api.specification(space["id"], given)

    (source,) = api.plane.objects("source")
    (corpus,) = api.plane.objects("class_corpus")

    assert source["slug"] == "elasticsearch-index-creation-and-alias-api"
    assert (source["name"], source["specification_id"], source["space_id"], source["endpoint"]) == (
        given["info"]["title"],
        made["id"],
        space["id"],
        made["endpoint"],
    )
    assert (corpus["slug"], corpus["class_id"]) == ("entity-json-schema", class_of(api, made["id"], "a")["id"])


def test_two_specifications_of_a_space_may_have_the_same_operations(api: Caller, space: dict[str, Any]) -> None:
    given = document({"/messages": {"post": operation("createMessage")}})

    first, second = api.specification(space["id"], given), api.specification(space["id"], given)

    assert api.action(first["id"], "createMessage")["id"] != api.action(second["id"], "createMessage")["id"]
    assert class_of(api, second["id"], "createMessage")["specification_id"] == second["id"]
    oldest = api("GET", f"/provision/neural/spaces/{space['id']}/classes/createMessage")
    assert oldest["specification_id"] == first["id"]


def odd_documents() -> dict[str, dict[str, Any]]:
    get = {"get": operation("a")}
    ref = {"$ref": "#/components/schemas/A"}
    return {
        "3.0.0": {"openapi": "3.0.0", "info": {"title": "t", "version": "1"}, "paths": {"/a": get}},
        "3.0.3 without info": {"openapi": "3.0.3", "paths": {"/a": get}},
        "no operation": document({}),
        "components.security as a list": document({"/a": get}, components={"security": [{"ApiKey": []}]}),
        "empty maps": document(
            {"/a": {"get": operation("a", callbacks={}, tags=[], parameters=None)}},
            components={"responses": {}},
            tags=[],
        ),
        "servers with variables": document({"/a": get}, servers=[{"url": "/", "variables": {}}]),
        "oneOf of references": document({"/a": get}, components={"schemas": {"A": {"oneOf": [ref, {"type": "null"}]}}}),
        "a body without title and type": document(
            {"/a": {"post": operation("a", requestBody={"content": {"application/json": {"schema": {}}}})}}
        ),
        "a body that is not JSON": document(
            {"/a": {"post": operation("a", requestBody={"content": {"text/csv": {}}})}}
        ),
        "a relative tokenUrl": document(
            {"/a": get},
            components={
                "securitySchemes": {
                    "oauth": {"type": "oauth2", "flows": {"clientCredentials": {"tokenUrl": "/token", "scopes": {}}}}
                }
            },
        ),
        "a $ref that is data": document(
            {"/a": get},
            components={
                "schemas": {
                    "A": {
                        "example": {"$ref": "#/components/schemas/No"},
                        "x-a": {"$ref": "no"},
                        "default": {"$ref": "no"},
                    }
                }
            },
        ),
        "a property named $ref": document(
            {"/a": get}, components={"schemas": {"A": {"properties": {"$ref": {"type": "string"}}}}}
        ),
        "a reference to a name of odd characters": document(
            {"/a": {"get": operation("a", responses={"200": {"$ref": "#/components/responses/100%25%20~1~0"}})}},
            components={"responses": {"100% /~": {"description": "All of it."}}},
        ),
        "a shared path item": document(
            {"/a": {"$ref": "#/components/pathItems/A"}}, components={"pathItems": {"A": get}}
        ),
        "an anchor": document(
            {"/a": get}, components={"schemas": {"A": {"$anchor": "a", "properties": {"b": {"$ref": "#a"}}}}}
        ),
        "extensions among the paths": document({"/a": get, "x-generator": "tool"}),
        "callbacks": document(
            {"/a": {"post": operation("a", callbacks={"done": {"{$request.body#/url}": {"post": {"responses": {}}}}})}}
        ),
        "a null schema": document(
            {"/a": {"post": operation("a", requestBody={"content": {"application/json": {"schema": ref}}})}},
            components={"schemas": {"A": None}},
        ),
    }


@pytest.mark.parametrize("name", odd_documents())
def test_an_odd_document_is_processed_and_echoed(api: Caller, space: dict[str, Any], name: str) -> None:
    given = odd_documents()[name]

    made = api.specification(space["id"], given)

    assert (made["current_state"], made.get("reason")) == ("completed", None)
    assert made["schema"] == given
    if given["paths"]:
        assert api.action(made["id"], "a")["path"] == "/a"
        assert class_of(api, made["id"], "a")["schema"]["type"] == "object"


def bad_documents() -> dict[str, tuple[dict[str, Any], str]]:
    get = {"get": operation("a")}
    deep: dict[str, Any] = {}
    for _ in range(99):
        deep = {"properties": deep}
    loop = {"A": {"$ref": "#/components/parameters/B"}, "B": {"$ref": "#/components/parameters/A"}}
    return {
        "not OpenAPI": ({"paths": {}}, "At '/openapi': this is not an OpenAPI 3 document"),
        "Swagger 2": ({"swagger": "2.0", "paths": {}}, "At '/openapi'"),
        "a number for a version": ({"openapi": 3.1, "paths": {}}, "At '/openapi'"),
        "no paths": ({"openapi": "3.1.0"}, "At '/paths': there are no paths"),
        "paths as a list": ({"openapi": "3.1.0", "paths": []}, "At '/paths'"),
        "a path without slash": (document({"a": get}), "At '/paths/a': a path begins with '/'"),
        "an operation that is none": (document({"/a": {"get": "a"}}), "At '/paths/~1a/get': an object is expected"),
        "an operationId that is none": (
            document({"/a": {"get": {"operationId": 1}}}),
            "At '/paths/~1a/get/operationId'",
        ),
        "one operationId twice": (
            document({"/a": get, "/b~/c": get}),
            "At '/paths/~1b~0~1c/get/operationId': 'a' is also the operationId at '/paths/~1a/get'",
        ),
        "a parameter without a place": (
            document({"/a": {"get": operation("a", parameters=[{"name": "p"}])}}),
            "At '/paths/~1a/get/parameters/0'",
        ),
        "parameters that are no list": (
            document({"/a": {"parameters": {}, "get": operation("a", parameters=7)}}),
            "At '/paths/~1a/get/parameters'",
        ),
        "a reference to nowhere": (
            document({"/a": {"get": operation("a", responses={"200": {"$ref": "#/components/responses/Gone"}})}}),
            "At '/paths/~1a/get/responses/200/$ref': '#/components/responses/Gone' leads nowhere",
        ),
        "a reference to elsewhere": (
            document({"/a": get}, components={"schemas": {"A": {"$ref": "https://example.com/a.json"}}}),
            "At '/components/schemas/A/$ref': 'https://example.com/a.json' is outside the document",
        ),
        "parameters that refer to each other": (
            document(
                {"/a": {"get": operation("a", parameters=[{"$ref": "#/components/parameters/A"}])}},
                components={"parameters": loop},
            ),
            "At '/paths/~1a/get/parameters/0/$ref': the reference '#/components/parameters/A' leads back to itself",
        ),
        "too deep": (document({"/a": get}, components=deep), "In the document: it is nested deeper than 100 levels"),
    }


@pytest.mark.parametrize("name", bad_documents())
def test_a_bad_document_fails_and_says_where_and_why(api: Caller, space: dict[str, Any], name: str) -> None:
    given, reason = bad_documents()[name]

    made = api.specification(space["id"], given)

    assert made["current_state"] == "failed"
    assert made["provision_state"] == "active"
    assert reason in made["reason"]
    assert made["schema"] == given
    assert api("GET", f"/provision/sensory/specifications/{made['id']}") == made
    assert api.plane.objects("action") == api.plane.objects("class") == api.plane.objects("source") == []


def test_another_document_keeps_the_ids_of_what_is_still_there(api: Caller, space: dict[str, Any]) -> None:
    first = document({"/a": {"get": operation("a"), "put": operation("b")}, "/c": {"get": operation("c")}})
    made = api.specification(space["id"], first)
    member = f"/provision/sensory/specifications/{made['id']}"
    before = {one["identifier"]: one["id"] for one in api.plane.objects("action")}
    class_id = class_of(api, made["id"], "a")["id"]
    second = document(
        {"/moved": {"get": operation("a")}, "/a": {"put": operation("renamed")}, "/d": {"get": operation("d")}}
    )

    changed = api("PATCH", member, {"specification": {"schema": second, "version": "2"}})

    after = {one["identifier"]: one["id"] for one in api.plane.objects("action")}
    assert changed == {**made, "schema": second, "version": "2"}
    assert set(after) == {"a", "renamed", "d"}
    assert (after["a"], after["renamed"]) == (before["a"], before["b"])
    assert after["d"] not in before.values()
    assert api.action(made["id"], "a")["path"] == "/moved"
    assert class_of(api, made["id"], "a")["id"] == class_id
    assert api.gone(f"/provision/neural/specifications/{made['id']}/classes/c")
    assert len(api.plane.objects("source")) == 1


def test_operations_that_swap_their_identifiers_swap_their_actions(api: Caller, space: dict[str, Any]) -> None:
    made = api.specification(space["id"], document({"/a": {"get": operation("a")}, "/b": {"get": operation("b")}}))
    before = {one["identifier"]: one["id"] for one in api.plane.objects("action")}
    swapped = document({"/a": {"get": operation("b")}, "/b": {"get": operation("a")}})

    api("PATCH", f"/provision/sensory/specifications/{made['id']}", {"specification": {"schema": swapped}})

    assert {one["identifier"]: one["id"] for one in api.plane.objects("action")} == before
    assert api.action(made["id"], "a")["path"] == "/b"


def test_a_document_that_fails_loses_its_actions_until_it_is_mended(api: Caller, space: dict[str, Any]) -> None:
    good = document({"/a": {"get": operation("a")}})
    made = api.specification(space["id"], good)
    member = f"/provision/sensory/specifications/{made['id']}"

    failed = api("PATCH", member, {"specification": {"schema": {"openapi": "3.1.0"}}})
    assert failed["current_state"] == "failed"
    assert api.gone(f"/provision/motor/specifications/{made['id']}/actions/a")

    mended = api("PATCH", member, {"specification": {"schema": good}})
    assert mended == made
    assert api.action(made["id"], "a")["path"] == "/a"


def test_a_new_endpoint_is_the_sources_too(api: Caller, space: dict[str, Any]) -> None:
    made = api.specification(space["id"], document({}))

    api(
        "PATCH",
        f"/provision/sensory/specifications/{made['id']}",
        {"specification": {"endpoint": "http://localhost:1"}},
    )

    assert [source["endpoint"] for source in api.plane.objects("source")] == ["http://localhost:1"]


@pytest.mark.parametrize(
    "endpoint",
    ["https://api.example.com", "http://localhost:4001/a/b/", "http://[::1]:80", "/internal/personalization"],
)
def test_an_endpoint_is_echoed(api: Caller, space: dict[str, Any], endpoint: str) -> None:
    assert api.specification(space["id"], document({}), endpoint)["endpoint"] == endpoint


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("endpoint", "invalid-url", "is invalid"),
        ("endpoint", "ftp://example.com", "is invalid"),
        ("endpoint", "http://", "is invalid"),
        ("endpoint", "http://example.com:port", "is invalid"),
        ("endpoint", "http://example.com/a b", "is invalid"),
        ("endpoint", "http://example.com/?a=b", "is invalid"),
        ("endpoint", "http://ana:secret@example.com/", "is invalid"),
        ("endpoint", "", "is required"),
        ("version", "", "is required"),
        ("version", 1, "is invalid"),
        ("schema", None, "is required"),
        ("schema", [], "is invalid"),
        ("schema", "openapi", "is invalid"),
    ],
)
def test_a_specification_that_breaks_rules_is_refused(
    api: Caller, space: dict[str, Any], field: str, value: object, message: str
) -> None:
    given = {"schema": document({}), "version": "1.0.0-beta.1+build.456", "endpoint": "https://e.com", field: value}

    refused = api.refused("POST", f"/provision/sensory/spaces/{space['id']}/specifications", {"specification": given})

    assert refused == (422, {field: [message]})


def test_a_document_beyond_what_json_can_be_read_is_refused(api: Caller, space: dict[str, Any]) -> None:
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    given = {"schema": document({}, components=deep), "version": "1", "endpoint": "https://e.com"}

    refused = api.refused("POST", f"/provision/sensory/spaces/{space['id']}/specifications", {"specification": given})

    assert refused == (422, {"schema": ["is invalid"]})
