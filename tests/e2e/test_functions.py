"""The provider's function in the real Terraform, which has functions from 1.8 on."""

from __future__ import annotations

import json
from collections.abc import Callable

from tests.e2e.conftest import HEAD, on_every_terraform
from tests.support.terraform import Terraform

CALL = HEAD + 'output "schema" {\n  value = provider::tama::openapi(file("api.yaml"))\n}\n'
DOCUMENT = "openapi: 3.1.0\ninfo: { title: It, version: '1' }\npaths: {}\n"


@on_every_terraform(since="1.8")
def test_a_document_in_yaml_becomes_a_schema(terraform: Callable[..., Terraform]) -> None:
    work = terraform(CALL)
    work.write(DOCUMENT, "api.yaml")
    work.apply()
    assert json.loads(work.outputs()["schema"]) == {
        "openapi": "3.1.0",
        "info": {"title": "It", "version": "1"},
        "paths": {},
    }
    work.write(DOCUMENT.replace("paths: {}", "paths: {"), "api.yaml")
    error = " ".join(work.apply(check=False).stderr.split())
    assert 'Invalid value for "text" parameter: The text is not YAML:' in error
    assert "at line 4, column 1." in error
    assert ".." not in error
