"""The typed CDKTF constructs in `stack/tama`. A test compares them with the schema that the provider tells."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence

from tama.catalog.declaration import Attribute, Block, DataSource, Resource, Text
from tools import declared
from tools.declared import configurable, configured

FOLDER = "stack/tama"

_WIDTH = 108
_KEYWORDS = frozenset({"class", "from", "in"})
_ARGUMENTS = {
    "string": "str",
    "json": "str",
    "integer": "float",
    "number": "float",
    "boolean": "bool | IResolvable",
    "strings": "Sequence[str]",
    "integers": "Sequence[float]",
}
_PROPERTIES = {
    "string": ("str", "get_string_attribute"),
    "json": ("str", "get_string_attribute"),
    "integer": ("float", "get_number_attribute"),
    "number": ("float", "get_number_attribute"),
    "boolean": ("IResolvable", "get_boolean_attribute"),
    "strings": ("list[str]", "get_list_attribute"),
    "integers": ("list[float]", "get_number_list_attribute"),
}
_PLACE = ("scope: Where the construct hangs in the tree.", "id_: Its name there.")


class _Construct:
    """One class to write: the declaration of a resource or data source in the terms of a construct."""

    def __init__(self, declaration: Resource | DataSource) -> None:
        self.base = "DataSource" if isinstance(declaration, DataSource) else "Resource"
        self.summary = declaration.summary
        self.type = f"tama_{declaration.type}"
        data = self.base == "DataSource"
        self.module = f"data_{self.type}" if data else _python(declaration.type)
        self.name = _camel(self.module.rstrip("_"))
        self.attributes = declared.attributes(declaration)
        self.blocks = declared.blocks(declaration)

    def arguments(self) -> list[Attribute | Block]:
        return [*filter(configurable, self.attributes), *(block for block in self.blocks if configured(block))]

    def computed(self) -> list[Attribute | Block]:
        return [*self.attributes, *(block for block in self.blocks if not configured(block))]


def files() -> dict[str, str]:
    """Return the modules of the constructs: the text by the path below the project's folder."""
    declarations: list[Resource | DataSource] = [*declared.resources(), *declared.data_sources()]
    constructs = [_Construct(each) for each in declarations]
    modules = {f"{FOLDER}/{construct.module}.py": _module(construct) for construct in constructs}
    modules[f"{FOLDER}/provider.py"] = _provider()
    modules[f"{FOLDER}/__init__.py"] = _package({**{c.name: c.module for c in constructs}, "TamaProvider": "provider"})
    return modules


def _package(modules: dict[str, str]) -> str:
    imports = [f"from stack.tama.{module} import {name}" for name, module in modules.items()]
    names = [f'    "{name}",' for name in sorted(modules)]
    return _file(
        ["Typed constructs for the resources and data sources of the provider for Tama."],
        [*sorted(imports), "", "__all__ = [", *names, "]"],
    )


def _module(construct: _Construct) -> str:
    structs = list(_structs(construct.name, construct.arguments()))
    lines = [
        f"from stack.element import {', '.join(sorted({construct.base, 'Meta', *(['Struct'] if structs else [])}))}"
    ]
    for name, nested in structs:
        lines += ["", "", *_struct(name, nested)]
    lines += ["", "", f"class {construct.name}({construct.base}):", *_indent(_documentation(construct))]
    lines += ["", f'    terraform_type = "{construct.type}"']
    lines += [*_indent(_blocks(construct.blocks)), "", *_indent(_constructor(construct.name, construct.arguments()))]
    for computed in construct.computed():
        lines += ["", *_indent(_property(computed))]
    return _file([f"`{construct.type}`."], [*_imports(lines), *lines])


def _provider() -> str:
    arguments = declared.configuration()
    lines = ["from stack.element import Provider", "", "", "class TamaProvider(Provider):"]
    alias = Text("alias", "The name by which resources choose this instance; None for the default one.")
    notes = [*_PLACE, *(_note(attribute) for attribute in (*arguments, alias))]
    lines += _indent(_docstring(["The provider for Tama."], "Args", notes))
    parameters = ["scope: Construct", "id_: str", "/", "*"]
    parameters += [f"{a.name}: {_ARGUMENTS[a.kind]} | None = None" for a in (*arguments, alias)]
    lines += ["", *_indent(_signature(parameters))]
    lines += [
        *_indent(_dictionary([a.name for a in arguments]), 2),
        "        super().__init__(scope, id_, arguments, alias)",
    ]
    return _file(["The provider's configuration."], [*_imports(lines), *lines])


def _imports(lines: Sequence[str]) -> list[str]:
    """The imports that the lines of a module need besides the base classes."""
    text = "\n".join(lines)
    used = [name for name in ("Construct", "IResolvable") if name in text]
    imports = ["from collections.abc import Sequence"] if "Sequence[" in text else []
    imports += ["from dataclasses import dataclass"] if "@dataclass" in text else []
    imports += ["from typing import Unpack"] if "Unpack[" in text else []
    return [*imports, *([""] if imports else []), f"from stack.cdktf_ import {', '.join(used)}"]


def _structs(owner: str, arguments: Iterable[Attribute | Block]) -> Iterator[tuple[str, Block | Attribute]]:
    """Every nested block and attribute, with the name of its class; what is nested deeper comes first."""
    for nested in arguments:
        if isinstance(nested, Block) or nested.attributes:
            name = f"{owner}{_camel(nested.name)}"
            yield from _structs(name, _inside(nested))
            yield name, nested


def _inside(nested: Block | Attribute) -> list[Attribute | Block]:
    blocks = nested.blocks if isinstance(nested, Block) else ()
    return [*filter(configurable, nested.attributes), *filter(configured, blocks)]


def _struct(name: str, nested: Block | Attribute) -> list[str]:
    inside = sorted(_inside(nested), key=_optional)
    lines = ["@dataclass(frozen=True, kw_only=True)", f"class {name}(Struct):"]
    lines += _indent(_docstring([nested.description], "Attributes", [_note(argument) for argument in inside]))
    lines += ["", *(f"    {_parameter(name, argument)}" for argument in inside)]
    blocks = _indent(_blocks(nested.blocks if isinstance(nested, Block) else ()))
    return [*lines, *([""] if blocks else []), *blocks]


def _blocks(blocks: Iterable[Block]) -> list[str]:
    names = [f'"{block.name}"' for block in blocks if configured(block)]
    return [f"blocks = frozenset({{{', '.join(names)}}})"] if names else []


def _documentation(construct: _Construct) -> list[str]:
    arguments = sorted(construct.arguments(), key=_optional)
    notes = [*_PLACE, *map(_note, arguments), "meta: Terraform's meta-arguments."]
    return _docstring([construct.summary], "Args", notes)


def _constructor(owner: str, arguments: Sequence[Attribute | Block]) -> list[str]:
    ordered = sorted(arguments, key=_optional)
    parameters = ["scope: Construct", "id_: str", "/", "*", *(_parameter(owner, argument) for argument in ordered)]
    lines = [*_signature([*parameters, "**meta: Unpack[Meta]"]), *_indent(_dictionary([a.name for a in arguments]))]
    return [*lines, "    super().__init__(scope, id_, arguments, **meta)"]


def _signature(parameters: Sequence[str]) -> list[str]:
    return ["def __init__(", "    self,", *(f"    {parameter}," for parameter in parameters), ") -> None:"]


def _dictionary(names: Iterable[str]) -> list[str]:
    return ["arguments: dict[str, object] = {", *(f'    "{name}": {_python(name)},' for name in names), "}"]


def _optional(argument: Attribute | Block) -> bool:
    return not argument.required


def _parameter(owner: str, argument: Attribute | Block) -> str:
    if isinstance(argument, Block) or argument.attributes:
        type_ = f"{owner}{_camel(argument.name)}"
        many = argument.many if isinstance(argument, Block) else argument.kind == "objects"
        type_ = f"Sequence[{type_}]" if many else type_
    else:
        type_ = _ARGUMENTS[argument.kind]
    return f"{_python(argument.name)}: {type_}{' | None = None' if _optional(argument) else ''}"


def _property(attribute: Attribute | Block) -> list[str]:
    if isinstance(attribute, Block) or attribute.attributes:
        type_, getter = "IResolvable", "interpolation_for_attribute"
    else:
        type_, getter = _PROPERTIES[attribute.kind]
    lines = [
        "@property",
        f"def {_python(attribute.name)}(self) -> {type_}:",
        *_indent(_docstring([attribute.description])),
    ]
    return [*lines, f'    return self.{getter}("{attribute.name}")']


def _note(argument: Attribute | Block) -> str:
    """What a docstring says of an argument."""
    if isinstance(argument, Block):
        return f"{_python(argument.name)}: {argument.description}"
    sensitive = ["Sensitive."] if argument.sensitive else []
    return f"{_python(argument.name)}: {' '.join([argument.description, *declared.facts(argument), *sensitive])}"


def _docstring(paragraphs: Sequence[str], title: str = "", notes: Sequence[str] = ()) -> list[str]:
    if not notes and len(paragraphs) == 1 and len(paragraphs[0]) < _WIDTH:
        return [f'"""{paragraphs[0]}"""']
    lines = [line for paragraph in paragraphs for line in textwrap.wrap(paragraph, _WIDTH)]
    if notes:
        lines += ["", f"{title}:"]
    for note in notes:
        lines += textwrap.wrap(note, _WIDTH, initial_indent="    ", subsequent_indent="        ")
    return [f'"""{lines[0]}', *lines[1:], '"""']


def _file(documentation: Sequence[str], lines: Sequence[str]) -> str:
    head = ["# Generated by tools/generate.py: change the declaration instead, then run `make generate`.", ""]
    return "\n".join([*head, *_docstring(documentation), "", "from __future__ import annotations", "", *lines, ""])


def _indent(lines: Iterable[str], depth: int = 1) -> list[str]:
    return [f"{'    ' * depth}{line}" if line else "" for line in lines]


def _python(name: str) -> str:
    return f"{name}_" if name in _KEYWORDS else name


def _camel(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("_"))
