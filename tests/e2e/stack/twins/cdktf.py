"""The CDKTF twin: what `cdktf synth` writes, under the names that the HCL twin has."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tests.e2e.stack.twins.normal import (
    ADDRESS,
    Elements,
    address,
    compact,
    dependencies,
    is_one_block,
    join,
    targets,
    variable_of,
)


class Synthesized:
    """What `cdktf synth` has written."""

    def __init__(self, text: str, folder: Path) -> None:
        self.content = json.loads(text.replace(str(folder), "<folder>"))
        self.names = names_of(self.content)

    def elements(self) -> Elements:
        """Return the resources and data sources by their names."""
        return {
            self.names[address(mode, type_, name)]: self.normal(arguments)
            for mode in ("data", "resource")
            for type_, named in self.content[mode].items()
            for name, arguments in named.items()
        }

    def outputs(self) -> Elements:
        """Return the outputs."""
        return {name: self.normal(output) for name, output in self.content["output"].items()}

    def normal(self, value: Any) -> Any:
        """Return a value with the names of both twins in it."""
        if isinstance(value, dict):
            depends_on = {target for item in value.get("depends_on", []) for target in targets(self.renamed(item))}
            arguments = {name: self.normal(item) for name, item in value.items() if name not in ("//", "depends_on")}
            return arguments | dependencies(depends_on)
        if isinstance(value, list):
            return self.normal(value[0]) if is_one_block(value) else [self.normal(item) for item in value]
        return compact(self.renamed(value)) if isinstance(value, str) and "${" in value else value

    def renamed(self, text: str) -> str:
        """Return a text with the names of both twins in the place of this one's addresses."""
        return re.sub(ADDRESS, lambda match: f"<{self.names[match[0]]}>", text.replace(".*.", "[*]."))


def names_of(content: Mapping[str, Any]) -> dict[str, str]:
    """The names by the addresses: the construct's path is what the HCL twin says with modules and names."""
    return {
        address(mode, type_, name): join(mode, type_, _hcl_path(arguments["//"]["metadata"]["path"]))
        for mode in ("data", "resource")
        for type_, named in content[mode].items()
        for name, arguments in named.items()
    }


def _hcl_path(path: str) -> tuple[str, ...]:
    inside = path.partition("/")[2]
    inside = re.sub(
        "^personalization/(?:space|specification|actions|source_identity|local_service)$", "personalization", inside
    )
    return tuple(re.sub("^personalization/(?:action|bridge)_", "", inside).split("/"))


def configuration(folder: Path) -> Elements:
    """Return the CDKTF twin that was synthesised in `folder`, in the form of the HCL twin's."""
    text = (folder / "cdktf.out" / "stacks" / "personalization" / "cdk.tf.json").read_text("utf-8")
    twin = Synthesized(text, folder / ".state" / "cdktf")
    return {
        "elements": twin.elements(),
        "outputs": twin.outputs(),
        "variables": {name: variable_of(variable) for name, variable in twin.content["variable"].items()},
        "provider": twin.normal(twin.content["provider"]["tama"][0]),
        "requires": twin.content["terraform"]["required_providers"],
    }


def names(folder: Path) -> Callable[[Mapping[str, Any]], str]:
    """Return the function that names a change in a plan of the CDKTF twin that was synthesised in `folder`."""
    text = (folder / "cdktf.out" / "stacks" / "personalization" / "cdk.tf.json").read_text("utf-8")
    names = names_of(json.loads(text))
    return lambda change: names[address(change["mode"], change["type"], change["name"])]
