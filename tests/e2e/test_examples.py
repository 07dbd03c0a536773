"""Every example of the reference: applied, planned empty, imported and destroyed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from provider.resources import local_service
from tama import catalog
from tama.catalog.declaration import Resource
from tests.e2e.conftest import HEAD, has_functions
from tests.support.terraform import Terraform
from tools.environment import ROOT

EXAMPLES = ROOT / "examples"
PROVIDER = (EXAMPLES / "provider" / "provider.tf").read_text("utf-8")
RESOURCES = sorted((EXAMPLES / "resources").glob("*/resource.tf"))
DATA_SOURCES = sorted((EXAMPLES / "data-sources").glob("*/data-source.tf"))
FUNCTIONS = sorted((EXAMPLES / "functions").glob("*/function.tf"))
NOWHERE = "http://127.0.0.1:9"
"""Stands for the hosts of the examples, which a test must not call."""


def test_every_example_is_applied_planned_empty_imported_and_destroyed(terraform: Callable[..., Terraform]) -> None:
    """Each in a module of its own, all at once, beside the example of the provider's configuration."""
    work = terraform(PROVIDER)
    examples = [*RESOURCES, *DATA_SOURCES, *(FUNCTIONS if has_functions(None) else ())]
    work.write(PROVIDER + "".join(_module(example, work.folder) for example in examples))
    work.init()
    try:
        work.apply()
        assert work.changes() == {}
        whole = work.state()
        told = {address: _is_told(address, values) for address, values in whole.items() if _is_subject(address)}
        assert {address.split(".")[2] for address in told} == {example.parent.name for example in RESOURCES}
        with _kept(work.folder / "terraform.tfstate"):
            work.run("state", "rm", *told)
            work.write("".join(_import(address, whole[address]) for address in told), "imports.tf")
            assert work.changes() == {address: ["update"] for address in told if not told[address]}
            work.apply()
        state = work.state()
        assert {address: state[address]["id"] for address in told} == {
            address: whole[address]["id"] for address in told
        }
        assert work.changes() == {}
    finally:
        work.destroy()
    assert work.state() == {}


@contextmanager
def _kept(state: Path) -> Iterator[None]:
    """Put a state back when its test fails, so that what it knows, a service among others, can be destroyed."""
    whole = state.read_bytes()
    try:
        yield
    except BaseException:
        state.write_bytes(whole)
        raise
    finally:
        (state.parent / "imports.tf").unlink(missing_ok=True)


def _module(example: Path, root: Path) -> str:
    """Lay an example below the root as a module, and return the call of it, with a value for each variable."""
    name = "_".join(example.relative_to(EXAMPLES).parts[:-1]).replace("-", "_")
    text = example.read_text("utf-8")
    (root / name).mkdir()
    (root / name / "main.tf").write_text(HEAD + re.sub(r"https://\w+\.example\.com", NOWHERE, text), "utf-8")
    variables = re.findall(r'^variable "(\w+)"', text, re.MULTILINE)
    values = "".join(f'  {variable} = "a value of this test"\n' for variable in variables)
    return f'module "{name}" {{\n  source = "./{name}"\n{values}}}\n'


def _is_subject(address: str) -> bool:
    """Whether an address is of what its example is about."""
    _, module, type_, *_ = address.split(".")
    return module == f"resources_{type_}"


def _declaration(address: str) -> Resource:
    type_ = address.split(".")[2].removeprefix("tama_")
    return local_service.RESOURCE if type_ == local_service.RESOURCE.type else catalog.resource(type_)


def _import(address: str, values: dict[str, Any]) -> str:
    id_ = _declaration(address).import_id.format_map(values)
    return f'import {{\n  to = {address}\n  id = "{id_}"\n}}\n'


def _is_told(address: str, values: dict[str, Any]) -> bool:
    """Whether an import finds all that is configured: no secret can be read back, and no block stands in an answer."""
    declared = _declaration(address)
    secrets = [one.name for one in declared.attributes if one.sent and not one.returned]
    blocks = ["wait_for", "timeouts", *(block.name for block in declared.blocks if not block.returned and block.many)]
    return not any(values.get(name) for name in (*secrets, *blocks))
