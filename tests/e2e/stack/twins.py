"""Both twins in one normal form, so that they can be compared: as configurations, and as plans.

A configuration shows what a plan hides (`"${x.id}-y"` against `x.id`), a plan what a configuration only computes (the
text of a file). The normal form of a configuration has modules and locals written out, and one name for every address.
"""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import yaml

from tools import environment

Elements = dict[str, Any]
Names = Mapping[str, str]

COMPUTED = "<computed>"
"""A value of the HCL twin that refers to nothing, but that Terraform computes: the plans say what it is."""

_READER = (
    "const {convertFiles} = require('@cdktf/hcl2json');"
    "Promise.all(process.argv.slice(1).map(convertFiles)).then(all => console.log(JSON.stringify(all)))"
)
_ADDRESS = r'(?:data\.)?tama_\w+\.[\w-]+(?:\["[^"]*"\])?'
_REFERENCE = re.compile(rf"(?<![\w.])(?:{_ADDRESS}|module\.\w+(?:\.\w+)?|(?:var|local)\.\w+)")
_CONTRACT = re.compile(r'yamldecode\(file\("\$\{path\.module\}/([^"]+)"\)\)((?:\.\w+)*)')
_GROUP = re.compile(r"(?<!\w)\(((?:[^()|&?]|\((?:[^()])*\))*)\)")
_MODULES = ("global", "shared_space")


class Hcl:
    """A folder of HCL, with the arguments that a module was called with.

    Args:
        folder: Where the files are.
        read: Gives what `hcl2json` reads in a folder.
        keys: The keys of what has a `for_each`, by its address.
        path: The names of the modules that lead here.
        argument: Gives what a variable stands for.
    """

    def __init__(
        self,
        folder: Path,
        read: Callable[[Path], Any],
        keys: Mapping[str, Sequence[str]],
        path: tuple[str, ...] = (),
        argument: Callable[[str], str] = "var.{}".format,
    ) -> None:
        self.folder = folder
        self.path = path
        self.argument = argument
        self.keys = keys
        self.content = read(folder)
        self.locals: dict[str, Any] = {name: v for block in self.content.get("locals", []) for name, v in block.items()}
        self.modules = {
            name: Hcl(folder / call["source"], read, keys, (*path, name), partial(self._argument, call))
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
                    for key in self._instances(mode, type_, name):
                        full = _join(mode, type_, (*self.path, name, *key))
                        found[full] = self._instance(arguments, key)
        for module in self.modules.values():
            found |= module.elements()
        return found

    def _instances(self, mode: str, type_: str, name: str) -> Iterator[tuple[str, ...]]:
        address = f"{'data.' if mode == 'data' else ''}{type_}.{name}"
        yield from ((key,) for key in self.keys[address]) if address in self.keys else [()]

    def _instance(self, arguments: Mapping[str, Any], key: tuple[str, ...]) -> dict[str, Any]:
        text = json.dumps({name: value for name, value in arguments.items() if name != "for_each"})
        normal: dict[str, Any] = self.normal(json.loads(text.replace("${each.key}", key[0]) if key else text))
        return normal | _dependencies(self.targets(arguments.get("depends_on", [])))

    def outputs(self) -> Elements:
        """Return the outputs of the root module."""
        return {
            name: self.normal(output) | _dependencies(self.targets(output.get("depends_on", [])))
            for name, [output] in self.content["output"].items()
        }

    def targets(self, depends_on: Sequence[str]) -> set[str]:
        """Return what is depended on: every resource and data source that the references reach."""
        return {target for item in depends_on for target in _targets(self.expression(item))}

    def normal(self, value: Any) -> Any:
        """Return a value with everything that it refers to written out."""
        if isinstance(value, dict):
            return {name: self.normal(item) for name, item in value.items() if name != "depends_on"}
        if isinstance(value, list):
            return self.normal(value[0]) if _is_one_block(value) else [self.normal(item) for item in value]
        if not isinstance(value, str) or "${" not in value:
            return value
        text = self.template(value)
        literal = re.fullmatch(r'\$\{("(?:\\.|[^"\\$])*")\}', text)
        return json.loads(literal[1]) if literal else text if _refers(text) else COMPUTED

    def template(self, text: str) -> str:
        """Return a template with everything that it refers to written out."""
        return _compact(self.written_out(text.replace("${abspath(path.root)}/.state/terraform", "<folder>")))

    def expression(self, value: Any) -> str:
        """Return a value as an expression that can stand in another one."""
        if not isinstance(value, str):
            return json.dumps(value)
        text = self.template(value)
        if _is_expression(text):
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
        type_, name, key = re.fullmatch(r'(?:data\.)?(\w+)\.([\w-]+)(?:\["(.*)"\])?', reference).groups()  # type: ignore[union-attr]
        return f"<{_join(mode, type_, (*self.path, name, *([key] if key else [])))}>"

    def _from_contract(self, match: re.Match[str]) -> str:
        document: Any = yaml.safe_load((self.folder / match[1]).read_text("utf-8"))
        keys = match[2].split(".")[1:]
        for key in keys:
            document = document[key]
        return json.dumps(document) if keys else match[0]


class Synthesized:
    """What `cdktf synth` has written."""

    def __init__(self, text: str, folder: Path) -> None:
        self.content = json.loads(text.replace(str(folder), "<folder>"))
        self.names = _names(self.content)

    def elements(self) -> Elements:
        """Return the resources and data sources by their names."""
        return {
            self.names[_address(mode, type_, name)]: self.normal(arguments)
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
            depends_on = {target for item in value.get("depends_on", []) for target in _targets(self.renamed(item))}
            arguments = {name: self.normal(item) for name, item in value.items() if name not in ("//", "depends_on")}
            return arguments | _dependencies(depends_on)
        if isinstance(value, list):
            return self.normal(value[0]) if _is_one_block(value) else [self.normal(item) for item in value]
        return _compact(self.renamed(value)) if isinstance(value, str) and "${" in value else value

    def renamed(self, text: str) -> str:
        """Return a text with the names of both twins in the place of this one's addresses."""
        return re.sub(_ADDRESS, lambda match: f"<{self.names[match[0]]}>", text.replace(".*.", "[*]."))


def _names(content: Mapping[str, Any]) -> dict[str, str]:
    """The names by the addresses: the construct's path is what the HCL twin says with modules and names."""
    return {
        _address(mode, type_, name): _join(mode, type_, _hcl_path(arguments["//"]["metadata"]["path"]))
        for mode in ("data", "resource")
        for type_, named in content[mode].items()
        for name, arguments in named.items()
    }


def _hcl_path(path: str) -> tuple[str, ...]:
    inside = path.partition("/")[2]
    inside = re.sub(
        "^personalization/(?:space|specification|source_identity|local_service)$", "personalization", inside
    )
    inside = re.sub("^personalization/action_", "personalization/", inside)
    return tuple(re.sub("^personalization/bridge_", "", inside).split("/"))


def _address(mode: str, type_: str, name: str) -> str:
    return f"{'data.' if mode == 'data' else ''}{type_}.{name}"


def _join(mode: str, type_: str, path: Sequence[str]) -> str:
    return f"{mode} {type_} {'/'.join(path)}"


def _dependencies(targets: set[str]) -> dict[str, list[str]]:
    return {"depends_on": sorted(targets)} if targets else {}


def _is_expression(text: str) -> bool:
    """Tell whether a template is one expression from its beginning to its end."""
    depths = [0]
    for character in text.replace("${", "{"):
        depths.append(depths[-1] + {"{": 1, "}": -1}.get(character, 0))
    return text.startswith("${") and depths[-1] == 0 and 0 not in depths[1:-1]


def _refers(text: str) -> bool:
    return bool(re.search(r"<(?:data|resource) |(?<![\w.])var\.|<folder>", text))


def _targets(text: str) -> list[str]:
    return re.findall(r"<((?:data|resource) [^>]*)>", text)


def _is_one_block(value: list[Any]) -> bool:
    return len(value) == 1 and isinstance(value[0], dict)


def _compact(text: str) -> str:
    """Return a template without what says nothing in it: white space, and parentheses around a simple condition."""
    parts = re.split(r'("(?:\\.|[^"\\])*"|<[^>]*>)', text)
    if "${" not in text:
        return text
    compact = "".join(part if index % 2 else re.sub(r"\s", "", part) for index, part in enumerate(parts))
    before = ""
    while before != compact:
        before, compact = compact, _GROUP.sub(r"\1", compact)
    return re.sub(r"^\$\{\((.*)\)\}$", r"${\1}", compact)


def hcl(folder: Path, keys: Mapping[str, Sequence[str]]) -> Elements:
    """Return the HCL twin in `folder`: its elements, outputs, variables and provider."""
    folders = [folder, *(folder / "modules" / name for name in _MODULES)]
    command = [str(environment.TOOLCHAIN / "node"), "-e", _READER, *map(str, folders)]
    result = subprocess.run(
        command, cwd=environment.ROOT, env=environment.variables(), capture_output=True, text=True, check=True
    )
    contents = dict(zip((path.resolve() for path in folders), json.loads(result.stdout), strict=True))
    root = Hcl(folder, lambda path: contents[path.resolve()], keys)
    variables = {name: variable for name, [variable] in root.content["variable"].items()}
    return {
        "elements": root.elements(),
        "outputs": root.outputs(),
        "variables": {name: _variable(variable) for name, variable in variables.items()},
        "provider": root.normal(root.content["provider"]["tama"][0]),
        "requires": root.content["terraform"][0]["required_providers"][0],
    }


def cdktf(folder: Path) -> Elements:
    """Return the CDKTF twin that was synthesised in `folder`, in the form of `hcl`."""
    text = (folder / "cdktf.out" / "stacks" / "personalization" / "cdk.tf.json").read_text("utf-8")
    twin = Synthesized(text, folder / ".state" / "cdktf")
    return {
        "elements": twin.elements(),
        "outputs": twin.outputs(),
        "variables": {name: _variable(variable) for name, variable in twin.content["variable"].items()},
        "provider": twin.normal(twin.content["provider"]["tama"][0]),
        "requires": twin.content["terraform"]["required_providers"],
    }


def _variable(variable: Mapping[str, Any]) -> dict[str, Any]:
    rules = variable.get("validation", [])
    compact = [{**rule, "condition": _compact(rule["condition"])} for rule in rules]
    return {**variable, "type": variable["type"].strip("${}"), "validation": compact}


def differences(one: Any, other: Any, path: str = "") -> list[str]:
    """Return where two normal forms differ, one line each; `one` is the HCL twin's."""
    if isinstance(one, dict) and isinstance(other, dict):
        names = sorted(one.keys() | other.keys())
        absent = object()
        return [
            line
            for name in names
            for line in differences(one.get(name, absent), other.get(name, absent), f"{path}/{name}")
        ]
    if one == COMPUTED and isinstance(other, str) and not _refers(other):
        return []
    return [] if one == other else [f"{path}: {_shown(one)} is not {_shown(other)}"]


def _shown(value: object) -> str:
    return "nothing" if type(value) is object else repr(value)


def planned(plan: Mapping[str, Any], names: Callable[[Mapping[str, Any]], str], folder: Path) -> Elements:
    """Return what a plan does and which outputs it has, in the names and values that both twins share.

    Args:
        plan: What `terraform show -json` tells of the plan.
        names: Gives the name of a change.
        folder: The folder of the twin's control plane and data.
    """
    changes = {
        names(item): {key: item["change"].get(key) for key in ("actions", "after", "after_unknown", "after_sensitive")}
        for item in plan["resource_changes"]
    }
    outputs = {
        name: {key: change.get(key) for key in ("actions", "after", "after_unknown", "after_sensitive")}
        for name, change in plan["output_changes"].items()
    }
    result: Elements = _by_meaning({"changes": changes, "outputs": outputs}, str(folder))
    return result


def _by_meaning(value: Any, folder: str) -> Any:
    """A value with JSON texts as what they say, and the twin's own folder as `<folder>`."""
    if isinstance(value, dict):
        return {name: _by_meaning(item, folder) for name, item in value.items()}
    if isinstance(value, list):
        return [_by_meaning(item, folder) for item in value]
    if isinstance(value, str) and value.startswith("{"):
        return json.loads(value)
    return value.replace(folder, "<folder>") if isinstance(value, str) else value


def hcl_name(change: Mapping[str, Any]) -> str:
    """Return the name of a change in a plan of the HCL twin."""
    modules = change.get("module_address", "").replace("module.", "").split(".")
    key = [change["index"]] if isinstance(change.get("index"), str) else []
    mode = "data" if change["mode"] == "data" else "resource"
    return _join(mode, change["type"], [*filter(None, modules), change["name"], *key])


def cdktf_name(folder: Path) -> Callable[[Mapping[str, Any]], str]:
    """Return the function that names a change in a plan of the CDKTF twin that was synthesised in `folder`."""
    text = (folder / "cdktf.out" / "stacks" / "personalization" / "cdk.tf.json").read_text("utf-8")
    names = _names(json.loads(text))
    return lambda change: names[_address(change["mode"], change["type"], change["name"])]
