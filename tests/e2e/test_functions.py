"""The provider's function in the real Terraform, which has functions from 1.8 on."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.e2e.conftest import HEAD
from tests.support.terraform import Home, Terraform
from tools import toolchain

CALL = HEAD + 'output "schema" {\n  value = provider::tama::openapi(file("api.yaml"))\n}\n'
DOCUMENT = "openapi: 3.1.0\ninfo: { title: It, version: '1' }\npaths: {}\n"


@pytest.mark.parametrize("version", [None, "1.8.4"], ids=lambda version: version or "chosen")
def test_a_document_in_yaml_becomes_a_schema(home: Home, tmp_path: Path, version: str | None) -> None:
    work = Terraform(tmp_path, home, binary=toolchain.terraform(version))
    work.write(CALL)
    work.init()
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
