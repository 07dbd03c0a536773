"""The HCL twin: a configuration with modules and locals written out."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import yaml

from tests.e2e.stack.twins.normal import (
    ADDRESS,
    COMPUTED,
    Elements,
    compact,
    dependencies,
    is_expression,
    is_one_block,
    join,
    refers,
    targets,
    variable_of,
)
from tools import environment

_READER = (
    "const {convertFiles} = require('@cdktf/hcl2json');"
    "Promise.all(process.argv.slice(1).map(convertFiles)).then(all => console.log(JSON.stringify(all)))"
)
_REFERENCE = re.compile(rf"(?<![\w.])(?:{ADDRESS}|module\.\w+(?:\.\w+)?|(?:var|local)\.\w+)")
_CONTRACT = re.compile(r'yamldecode\(file\("\$\{path\.module\}/([^"]+)"\)\)((?:\.\w+)*)')
_MODULES = ("global", "shared_space")


class Hcl:
    """A folder of HCL, with the arguments that a module was called with.

    Args:
        folder: Where the files are.
        read: Gives what `hcl2json` reads in a folder.
        path: The names of the modules that lead here.
        argument: Gives what a variable stands for.
    """

    def __init__(
        self,
        folder: Path,
        read: Callable[[Path], Any],
        path: tuple[str, ...] = (),
        argument: Callable[[str], str] = "var.{}".format,
    ) -> None:
        self.folder = folder
        self.path = path
        self.argument = argument
        self.content = read(folder)
        self.locals: dict[str, Any] = {name: v for block in self.content.get("locals", []) for name, v in block.items()}
        self.modules = {
            name: Hcl(folder / call["source"], read, (*path, name), partial(self._argument, call))
            for name, [call] in self.content.get("module", {}).items()
        }

    def _argument(self, call: Mapping[str, Any], name: str) -> str:
        return self.expression(call[name]) if name in call else "null"

    def elements(self) -> Elements:
        """Return the resources and data sources, also those of the modules, by their names."""
        found: Elements = {}
        for mode in ("data", "resource"):
            for type_, named in self.content.get(mode, {}).items():
                for name, [arguments] in named.items():
                    depends_on = dependencies(self.targets(arguments.get("depends_on", [])))
                    found[join(mode, type_, (*self.path, name))] = self.normal(arguments) | depends_on
        for module in self.modules.values():
            found |= module.elements()
        return found

    def outputs(self) -> Elements:
        """Return the outputs of the root module."""
        return {
            name: self.normal(output) | dependencies(self.targets(output.get("depends_on", [])))
            for name, [output] in self.content["output"].items()
        }

    def targets(self, depends_on: Sequence[str]) -> set[str]:
        """Return what is depended on: every resource and data source that the references reach."""
        return {target for item in depends_on for target in targets(self.expression(item))}

    def normal(self, value: Any) -> Any:
        """Return a value with everything that it refers to written out."""
        if isinstance(value, dict):
            return {name: self.normal(item) for name, item in value.items() if name != "depends_on"}
        if isinstance(value, list):
            return self.normal(value[0]) if is_one_block(value) else [self.normal(item) for item in value]
        if not isinstance(value, str) or "${" not in value:
            return value
        text = self.template(value)
        literal = re.fullmatch(r'\$\{("(?:\\.|[^"\\$])*")\}', text)
        return json.loads(literal[1]) if literal else text if refers(text) else COMPUTED

    def template(self, text: str) -> str:
        """Return a template with everything that it refers to written out."""
        return compact(self.written_out(text.replace("${abspath(path.root)}/.state/terraform", "<folder>")))

    def expression(self, value: Any) -> str:
        """Return a value as an expression that can stand in another one."""
        if not isinstance(value, str):
            return json.dumps(value)
        text = self.template(value)
        if is_expression(text):
            return text[2:-1]
        return f'"{text}"' if "${" in text else json.dumps(text)

    def written_out(self, text: str) -> str:
        """Return a text in which every reference is replaced by what it stands for."""
        return _CONTRACT.sub(self._from_contract, _REFERENCE.sub(lambda match: self._meaning(match[0]), text))

    def _meaning(self, reference: str) -> str:
        kind, _, rest = reference.partition(".")
        if kind == "local":
            return self.expression(self.locals[rest])
        if kind == "var":
            return self.argument(rest)
        if kind == "module":
            module, _, output = rest.partition(".")
            outputs = self.modules[module].content["output"]
            names = [output] if output else sorted(outputs)
            return " ".join(self.modules[module].expression(outputs[name][0]["value"]) for name in names)
        mode = "data" if kind == "data" else "resource"
        type_, name = reference.removeprefix("data.").split(".")
        return f"<{join(mode, type_, (*self.path, name))}>"

    def _from_contract(self, match: re.Match[str]) -> str:
        document: Any = yaml.safe_load((self.folder / match[1]).read_text("utf-8"))
        keys = match[2].split(".")[1:]
        for key in keys:
            document = document[key]
        return json.dumps(document) if keys else match[0]


def configuration(folder: Path) -> Elements:
    """Return the HCL twin in `folder`: its elements, outputs, variables and provider."""
    folders = [folder, *(folder / "modules" / name for name in _MODULES)]
    command = [str(environment.TOOLCHAIN / "node"), "-e", _READER, *map(str, folders)]
    result = subprocess.run(
        command, cwd=environment.ROOT, env=environment.variables(), capture_output=True, text=True, check=True
    )
    contents = dict(zip((path.resolve() for path in folders), json.loads(result.stdout), strict=True))
    root = Hcl(folder, lambda path: contents[path.resolve()])
    variables = {name: variable for name, [variable] in root.content["variable"].items()}
    return {
        "elements": root.elements(),
        "outputs": root.outputs(),
        "variables": {name: variable_of(variable) for name, variable in variables.items()},
        "provider": root.normal(root.content["provider"]["tama"][0]),
        "requires": root.content["terraform"][0]["required_providers"][0],
    }


def name(change: Mapping[str, Any]) -> str:
    """Return the name of a change in a plan of the HCL twin."""
    modules = change.get("module_address", "").replace("module.", "").split(".")
    mode = "data" if change["mode"] == "data" else "resource"
    return join(mode, change["type"], [*filter(None, modules), change["name"]])
