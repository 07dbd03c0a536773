"""The configurations that Terraform works on: none, many spaces, and the personalization graph."""

from __future__ import annotations

import re
import shutil
from functools import partial
from pathlib import Path
from typing import Any, Final, Protocol

import yaml

from tools.environment import ROOT

_WAITS: Final = re.compile(r"\n\n  wait_for \{.*?\n  \}", re.DOTALL)
_DECLARED: Final = {"get-profile", "create-or-update-profile"}
_REFERENCE: Final = re.compile(r"\$ref['\"]?: ['\"]?#/components/(\w+)/([\w.-]+)")
_KEY: Final = "key-of-the-benchmarks-0123456789-abcdefghij"


class Configure(Protocol):
    """Writes a configuration into a folder."""

    def __call__(self, folder: Path, *, base_url: str, service: str) -> None:
        """Write it, for a provider with this base URL and a service that listens at this URL."""


def nothing(folder: Path, *, base_url: str, service: str) -> None:  # noqa: ARG001 - as the others
    """Write a configuration that needs no provider."""
    (folder / "main.tf").write_text('output "nothing" {\n  value = 1\n}\n')


def spaces(count: int) -> Configure:
    """Return what writes a configuration of so many spaces."""
    return partial(_spaces, count)


def _spaces(count: int, folder: Path, *, base_url: str, service: str) -> None:  # noqa: ARG001 - as the others
    (folder / "main.tf").write_text(
        'terraform {\n  required_providers {\n    tama = { source = "memovee/tama" }\n  }\n}\n'
        f'provider "tama" {{\n  base_url = "{base_url}"\n}}\n'
        f'resource "tama_space" "s" {{\n  count = {count}\n  name = "s-${{count.index}}"\n  type = "root"\n}}\n'
    )


def graph(folder: Path, *, base_url: str, service: str) -> None:
    """Write the personalization graph, with the service running elsewhere."""
    for part in ("modules", "schemas"):
        shutil.copytree(ROOT / part, folder / part)
    shutil.copy(ROOT / "personalization.tf", folder)
    given = {"base_url": base_url, "service_endpoint": service, "service_api_key": _KEY}
    (folder / "terraform.tfvars").write_text("".join(f'{name} = "{value}"\n' for name, value in given.items()))


def graph_of_two_operations(folder: Path, *, base_url: str, service: str) -> None:
    """Write the same graph with no more in its contract than the two operations whose actions it declares."""
    graph(folder, base_url=base_url, service=service)
    contract = folder / "schemas" / "personalization.yaml"
    document = yaml.load(contract.read_text("utf-8"), yaml.CSafeLoader)
    document["paths"] = {
        path: kept
        for path, item in document["paths"].items()
        if len(kept := {key: value for key, value in item.items() if not _is_left_out(value)}) > ("parameters" in item)
    }
    document["components"] = _used_components(document)
    contract.write_text(yaml.safe_dump(document, sort_keys=False, allow_unicode=True), "utf-8")


def _is_left_out(value: Any) -> bool:
    return isinstance(value, dict) and value.get("operationId") not in _DECLARED


def _used_components(document: dict[str, Any]) -> dict[str, Any]:
    components = document["components"]
    used: dict[str, Any] = {"securitySchemes": components["securitySchemes"]}
    found = _REFERENCE.findall(yaml.safe_dump(document["paths"]))
    while found:
        kind, name = found.pop()
        if name not in used.setdefault(kind, {}):
            used[kind][name] = components[kind][name]
            found += _REFERENCE.findall(yaml.safe_dump(used[kind][name]))
    return used


def graph_without_waits(folder: Path, *, base_url: str, service: str) -> None:
    """Write the same graph without its `wait_for` blocks."""
    graph(folder, base_url=base_url, service=service)
    main = folder / "personalization.tf"
    text, waits = _WAITS.subn("", main.read_text("utf-8"))
    assert waits
    main.write_text(text, "utf-8")
