"""What the real `terraform validate` and `plan` say of wrong configurations."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.e2e.conftest import EMBEDDED, HEAD, SPACE, Plane
from tests.support.terraform import Home, Terraform

Make = Callable[..., Terraform]

SPACE_ID = 'space_id = "1"'
SOURCE = f'{SPACE_ID}\n name = "a"\n type = "model"\n endpoint = "https://x"\n api_key = "k"'
LIMIT = 'source_id = "1"\n scale_unit = "hours"\n scale_count = 1\n value = 1'
PROCESSOR = 'space_id = "1"\n model_id = "2"'
IDENTITY = (
    'resource "tama_source_identity" "it" {\n specification_id = "1"\n identifier = "ApiKey"\n api_key = "a"\n'
    ' validation {\n path = "/"\n method = "GET"\n codes = [200]\n }\n}'
)

WRONG = {
    "space type": (SPACE.replace("component", "wrong"), "type", 'Attribute type value must be one of: ["root"'),
    "empty name": (SPACE.replace('"Home"', '""'), "name", "Attribute name string length must be at least 1"),
    "unknown attribute": (SPACE.replace("name", "title"), "title", "Unsupported argument"),
    "bad JSON schema": (
        f'resource "tama_class" "it" {{\n {SPACE_ID}\n schema_json = "{{\\n \\"title\\": }}"\n}}',
        "schema_json",
        "Unable to parse schema JSON: Expecting value at line 2, column 11",
    ),
    "JSON schema without a title": (
        f'resource "tama_class" "it" {{\n {SPACE_ID}\n schema_json = "{{}}"\n}}',
        "schema_json",
        "JSON schema must include 'title' field",
    ),
    "no schema at all": (
        f'resource "tama_class" "it" {{\n {SPACE_ID}\n}}',
        "",
        "Either schema block or schema_json attribute must be provided",
    ),
    "properties of a block": (
        f'resource "tama_class" "it" {{\n {SPACE_ID}\n schema {{\n title = "a"\n description = "b"\n type = "object"\n'
        ' properties = "[" \n}\n}',
        "properties",
        "Unable to parse properties JSON",
    ),
    "document": (
        f'resource "tama_specification" "it" {{\n {SPACE_ID}\n schema = "nothing"\n version = "1"\n endpoint = "/"\n}}',
        "schema",
        "Unable to parse schema JSON",
    ),
    "duration": (
        'resource "tama_local_service" "it" {\n data_folder = "data"\n timeouts {\n create = "soon"\n }\n}',
        "create",
        'Attribute timeouts.create value must be a duration such as "30s"',
    ),
    "two credentials": (
        IDENTITY.replace('api_key = "a"', 'api_key = "a"\n client_id = "b"\n client_secret = "c"'),
        "api_key",
        "api_key cannot be given together with client_id",
    ),
    "fractions of a status": (
        IDENTITY.replace("200", "200.5"),
        "codes",
        "Attribute validation.codes value must be a whole number",
    ),
    "no method": (
        IDENTITY.replace("GET", "GET IT"),
        "method",
        "Attribute validation.method value must be an HTTP method",
    ),
    "no status": (
        IDENTITY.replace("200", "200, 2000"),
        "codes",
        "Attribute validation.codes values must be whole numbers between 100 and 599",
    ),
    "arguments of two lookups": (
        'data "tama_class" "it" {\n id = "1"\n name = "a"\n}',
        "",
        "You can only use one approach at a time",
    ),
    "arguments of no lookup": ('data "tama_action" "it" {\n specification_id = "1"\n}', "", "Give either 'identifier'"),
    "port": (
        'resource "tama_local_service" "it" {\n data_folder = "data"\n port = 70000\n}',
        "port",
        "Attribute port value must be between 1 and 65535",
    ),
    "home folder": (
        'resource "tama_local_service" "it" {\n data_folder = "~/data"\n}',
        "data_folder",
        "write the whole folder, with pathexpand",
    ),
    "short key": (
        'resource "tama_local_service" "it" {\n data_folder = "data"\n api_key = "short"\n}',
        "api_key",
        "Attribute api_key must have at least 32 characters",
    ),
}

RESOURCES = {
    "source type": ("source", SOURCE.replace('"model"', '"webhook"'), "type", "Attribute type value must be one of"),
    "source endpoint": (
        "source",
        SOURCE.replace("https://x", "invalid-url"),
        "endpoint",
        "value must be a URL such as",
    ),
    "source endpoint with a query": ("source", SOURCE.replace("//x", "//x?a=b"), "endpoint", "without login, query"),
    "source key": (
        "source",
        SOURCE.replace('"k"', '""'),
        "api_key",
        "Attribute api_key string length must be at least 1",
    ),
    "session affinity": (
        "source",
        SOURCE + '\nrequest = { session_affinity = { location = "cookie", key = "k", value = "v" } }',
        "",
        "Attribute request.session_affinity.location value must be one of",
    ),
    "limit unit": ("source_limit", LIMIT.replace("hours", "days"), "scale_unit", "value must be one of"),
    "limit count": ("source_limit", LIMIT.replace("= 1", "= 0"), "scale_count", "value must be at least 1, got: 0"),
    "parameters": (
        "model",
        'source_id = "1"\n identifier = "m"\n path = "/"\n parameters = "{"',
        "parameters",
        "Invalid Parameters",
    ),
    "prompt role": (
        "prompt",
        f'{SPACE_ID}\n name = "a"\n content = "b"\n role = "assistant"',
        "role",
        'Attribute role value must be one of: ["system" "user"]',
    ),
    "queue concurrency": (
        "queue",
        'role = "a"\n name = "b"\n concurrency = -1',
        "concurrency",
        "value must be at least 1, got: -1",
    ),
    "thought index": (
        "modular_thought",
        'chain_id = "1"\n relation = "a"\n index = -1\n module {\n reference = "b"\n }',
        "index",
        "value must be at least 0, got: -1",
    ),
    "thought without a module": ("modular_thought", 'chain_id = "1"\n relation = "a"', "", "module"),
    "no processor": ("space_processor", PROCESSOR, "", "Exactly one of these attributes must be configured"),
    "two processors": (
        "thought_processor",
        PROCESSOR.replace("space", "thought") + "\n embedding {}\n reranking {}",
        "",
        "Exactly one of these attributes must be configured",
    ),
    "tool choice": (
        "space_processor",
        PROCESSOR + '\n completion {\n tool_choice = "none"\n }',
        "tool_choice",
        "Attribute completion.tool_choice value must be one of",
    ),
    "input type": (
        "thought_module_input",
        'thought_id = "1"\n class_corpus_id = "2"\n type = "invalid"',
        "type",
        'value must be one of: ["concept" "entity"], got: "invalid"',
    ),
    "node": (
        "node",
        f'{SPACE_ID}\n class_id = "2"\n chain_id = "3"\n type = "reactive"\n on = "done"',
        "on",
        "Attribute on value must be one of",
    ),
    "document that is not OpenAPI": (
        "specification",
        f'{SPACE_ID}\n version = "1"\n endpoint = "/"\n schema = jsonencode({{ openapi = "2.0" }})',
        "schema",
        "At '/openapi': this is not an OpenAPI 3 document",
    ),
    "specification endpoint": (
        "specification",
        f'{SPACE_ID}\n version = "1"\n endpoint = "api.example.com"\n'
        ' schema = jsonencode({ openapi = "3.1.0", paths = {} })',
        "endpoint",
        "value must be a URL such as https://api.example.com/v1, without login",
    ),
    "document that refers to nowhere": (
        "specification",
        f'{SPACE_ID}\n version = "1"\n endpoint = "/"\n'
        ' schema = jsonencode({ openapi = "3.1.0", paths = { "/a" = { "$ref" = "#/nowhere" } } })',
        "schema",
        "At '/paths/~1a/$ref'",
    ),
}
WRONG |= {
    name: (f'resource "tama_{type_}" "it" {{\n{arguments}\n}}', attribute, message)
    for name, (type_, arguments, attribute, message) in RESOURCES.items()
}


@pytest.fixture(scope="module")
def validating(home: Home, tmp_path_factory: pytest.TempPathFactory) -> Terraform:
    work = Terraform(tmp_path_factory.mktemp("validate"), home)
    work.write(EMBEDDED)
    work.init()
    return work


@pytest.mark.parametrize("mistake", WRONG)
def test_a_mistake_is_told_at_its_attribute(validating: Terraform, mistake: str) -> None:
    text, attribute, message = WRONG[mistake]
    validating.write(EMBEDDED + text)
    result = validating.validate()
    assert result["valid"] is False
    found = [each for each in result["diagnostics"] if message in f"{each['summary']} {each['detail']}"]
    assert found, result["diagnostics"]
    assert attribute in found[0]["snippet"]["code"]


def test_what_is_not_known_yet_is_no_mistake(validating: Terraform) -> None:
    validating.write(
        EMBEDDED
        + SPACE
        + """
variable "text" { type = string }
variable "texts" { type = list(string) }
resource "tama_space" "it" {
  name = var.text
  type = tama_space.home.slug
}
resource "tama_class" "it" {
  space_id    = tama_space.home.id
  schema_json = var.text
  dynamic "schema" {
    for_each = var.texts
    content {
      title       = schema.value
      description = schema.value
      type        = schema.value
    }
  }
}
resource "tama_source_identity" "it" {
  specification_id = tama_space.home.id
  identifier       = "ApiKey"
  api_key          = var.text
  client_id        = var.text
  validation {
    path   = var.text
    method = var.text
    codes  = [for each in var.texts : length(each)]
  }
  dynamic "wait_for" {
    for_each = var.texts
    content {
      field {
        name = wait_for.value
        in   = var.texts
      }
    }
  }
  timeouts { create = var.text }
}
data "tama_class" "it" {
  id   = var.text
  name = tama_space.home.slug
}
"""
    )
    assert validating.validate()["diagnostics"] == []


def test_without_a_base_url_both_choices_are_named(terraform: Make) -> None:
    work = terraform(HEAD + SPACE)
    error = work.run("plan", check=False).stderr
    assert "embedded:<folder>" in error
    assert "https://<host>" in error


def test_a_hosted_control_plane_needs_credentials(terraform: Make) -> None:
    work = terraform(HEAD + 'provider "tama" { base_url = "https://tama.invalid" }\n' + SPACE)
    error = work.run("plan", check=False).stderr
    assert "Missing Client ID Configuration" in error
    assert "Missing Client Secret Configuration" in error


def test_the_configuration_wins_over_the_environment(terraform: Make) -> None:
    work = terraform(EMBEDDED + SPACE, TAMA_BASE_URL="embedded:./environment")
    work.apply()
    assert (work.folder / "tama").is_dir()
    assert not (work.folder / "environment").exists()


def test_the_environment_counts_where_nothing_is_configured(terraform: Make) -> None:
    work = terraform(HEAD + SPACE, TAMA_BASE_URL="embedded:./environment")
    work.apply()
    assert (work.folder / "environment").is_dir()


def test_a_base_url_that_is_not_known_yet_is_not_a_missing_one(terraform: Make) -> None:
    work = terraform(
        HEAD + 'resource "terraform_data" "late" { input = "embedded:./late" }\n'
        'provider "tama" { base_url = terraform_data.late.output }\n' + SPACE
    )
    work.apply()
    assert (work.folder / "late").is_dir()
    assert work.changes() == {}


def test_a_plan_contacts_nothing_that_it_does_not_need(terraform: Make) -> None:
    work = terraform(EMBEDDED + SPACE)
    assert work.changes() == {"tama_space.home": ["create"]}
    assert not (work.folder / "tama").exists()


def test_a_refusal_is_told_at_its_attribute(terraform: Make, plane: Plane) -> None:
    bridge = 'resource "tama_space_bridge" "it" {\n space_id = tama_space.home.id\n target_space_id = "nowhere"\n}'
    result = terraform(plane.head + SPACE + bridge).apply(check=False)
    error = " ".join(result.stderr.split())
    assert "Unable to create bridge, got error: API error 422: target_space_id" in error
    assert 'target_space_id = "nowhere"' in error
