"""The constructs write what Terraform reads, in JSON and in HCL."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from stack import cdktf_
from stack.cdktf_ import Fn, TerraformOutput, TerraformStack, Token
from stack.element import given_or_null, is_empty, is_given, literal, when
from stack.tama import Class, DataTamaAction, DataTamaClass, LocalService, SourceIdentity, Space, TamaProvider
from stack.tama.class_ import ClassSchema
from stack.tama.source_identity import (
    SourceIdentityTimeouts,
    SourceIdentityValidation,
    SourceIdentityWaitFor,
    SourceIdentityWaitForField,
)

Build = Callable[[TerraformStack], object]


def synthesized(build: Build) -> dict[str, Any]:
    """What a stack with the given elements is as Terraform's JSON."""
    stack = TerraformStack(cdktf_.Testing.app(), "stack")
    build(stack)
    result: dict[str, Any] = json.loads(cdktf_.Testing.synth(stack))
    return result


def as_hcl(build: Build) -> str:
    """The same as HCL."""
    stack = TerraformStack(cdktf_.Testing.app(), "stack")
    build(stack)
    return str(cdktf_.Testing.synth_hcl(stack))


def identity(stack: TerraformStack) -> SourceIdentity:
    active = SourceIdentityWaitForField(name="current_state", in_=("active",))
    return SourceIdentity(
        stack,
        "identity",
        specification_id="s",
        identifier="ApiKey",
        validation=SourceIdentityValidation(path="/whoami", method="GET", codes=(200, 204)),
        wait_for=(SourceIdentityWaitFor(field=(active,)),),
        timeouts=SourceIdentityTimeouts(create="30s"),
    )


def test_arguments_that_are_not_given_are_left_out() -> None:
    assert synthesized(identity)["resource"]["tama_source_identity"]["identity"] == {
        "specification_id": "s",
        "identifier": "ApiKey",
        "validation": {"path": "/whoami", "method": "GET", "codes": [200, 204]},
        "wait_for": [{"field": [{"name": "current_state", "in": ["active"]}]}],
        "timeouts": {"create": "30s"},
    }


def test_blocks_are_blocks_in_hcl() -> None:
    lines = [line.strip() for line in as_hcl(identity).splitlines()]
    start = lines.index('resource "tama_source_identity" "identity" {')
    assert " ".join(lines[start:]) == (
        'resource "tama_source_identity" "identity" { specification_id = "s" identifier = "ApiKey"'
        ' validation { path = "/whoami" method = "GET" codes = [ 200, 204 ] }'
        ' wait_for { field { name = "current_state" in = [ "active" ] } }'
        ' timeouts { create = "30s" } }'
    )


def test_a_document_survives_the_way_through_hcl() -> None:
    document = json.dumps({"title": 'a "quoted" \\ ${name} %{if}\n', "description": "d"})

    def build(stack: TerraformStack) -> None:
        Class(stack, "c", space_id="s", schema_json=literal(document))

    line = next(line for line in as_hcl(build).splitlines() if "schema_json" in line)
    quoted = line.partition("=")[2].strip()
    assert json.loads(quoted).replace("$${", "${").replace("%%{", "%{") == document
    arguments = synthesized(build)["resource"]["tama_class"]["c"]
    assert arguments["schema_json"].replace("$${", "${").replace("%%{", "%{") == document


def providers(stack: TerraformStack) -> None:
    TamaProvider(stack, "default", base_url="embedded:tama", scopes=["provision.all"], timeout=5)
    other = TamaProvider(stack, "other", alias="other", base_url="embedded:other")
    Space(stack, "space", name="n", type="root", provider=other)


def test_a_resource_chooses_a_provider_by_its_alias() -> None:
    document = synthesized(providers)
    assert document["provider"]["tama"] == [
        {"base_url": "embedded:tama", "scopes": ["provision.all"], "timeout": 5},
        {"base_url": "embedded:other", "alias": "other"},
    ]
    assert document["resource"]["tama_space"]["space"]["provider"] == "tama.other"
    assert document["terraform"]["required_providers"]["tama"]["source"] == "memovee/tama"


def test_an_aliased_provider_is_there_in_hcl_too() -> None:
    text = " ".join(as_hcl(providers).split())
    assert 'provider "tama" { base_url = "embedded:tama" scopes = [ "provision.all" ] timeout = 5 }' in text
    assert 'provider "tama" { base_url = "embedded:other" alias = "other" }' in text
    assert 'provider = "tama.other"' in text


def test_attributes_are_references() -> None:
    def build(stack: TerraformStack) -> None:
        service = LocalService(stack, "service", data_folder="d")
        action = DataTamaAction(stack, "action", specification_id="s", identifier=service.url)
        found = DataTamaClass(stack, "found", id=action.id)
        TerraformOutput(stack, "port", value=Fn.max([service.port, 1]))
        TerraformOutput(stack, "block", value=found.schema)

    document = synthesized(build)
    assert document["data"]["tama_action"]["action"]["identifier"] == "${tama_local_service.service.url}"
    assert document["data"]["tama_class"]["found"]["id"] == "${data.tama_action.action.id}"
    assert document["output"]["port"]["value"] == "${max(tama_local_service.service.port, 1)}"
    assert document["output"]["block"]["value"] == "${data.tama_class.found.schema}"


def test_meta_arguments_are_terraforms() -> None:
    def build(stack: TerraformStack) -> None:
        first = Space(stack, "first", name="n", type="root", count=when(is_given("")))
        second = Space(stack, "second", name="n", type="root", depends_on=(first,), count=when(is_empty("x")))
        second.import_from("an-id")
        TerraformOutput(stack, "ids", value=first.every("id"))

    document = synthesized(build)
    assert document["resource"]["tama_space"]["first"]["count"] == '${("" != "") ? 1 : 0}'
    assert document["resource"]["tama_space"]["second"]["count"] == '${("x" == "") ? 1 : 0}'
    assert document["resource"]["tama_space"]["second"]["depends_on"] == ["tama_space.first"]
    assert document["output"]["ids"]["value"] == "${tama_space.first.*.id}"
    assert document["import"] == [{"id": "an-id", "to": "tama_space.second"}]


def test_an_empty_text_is_an_argument_that_is_not_given() -> None:
    def build(stack: TerraformStack) -> None:
        Space(stack, "space", name=given_or_null(Token.as_string("x")), type="root")

    name = synthesized(build)["resource"]["tama_space"]["space"]["name"]
    assert name == '${("x" == "") ? null : "x"}'


def test_a_block_may_be_written_as_a_list() -> None:
    def build(stack: TerraformStack) -> None:
        schema = ClassSchema(title="t", description="d", type="object", required=["a"], strict=True)
        Class(stack, "c", space_id="s", schema=[schema])

    assert synthesized(build)["resource"]["tama_class"]["c"]["schema"] == [
        {"title": "t", "description": "d", "type": "object", "required": ["a"], "strict": True}
    ]
    assert "strict = true" in as_hcl(build)


@pytest.mark.parametrize(("text", "expected"), [("plain", "plain"), ("${a}", "$${a}"), ("%{a}", "%%{a}")])
def test_a_literal_is_no_template(text: str, expected: str) -> None:
    assert literal(text) == expected
