"""What the normal form of both twins is made of: names for addresses, and expressions without what says nothing."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

Elements = dict[str, Any]

COMPUTED = "<computed>"
"""A value of the HCL twin that refers to nothing, but that Terraform computes: the plans say what it is."""

ADDRESS = r"(?:data\.)?tama_\w+\.[\w-]+"
_GROUP = re.compile(r"(?<!\w)\(((?:[^()|&?]|\((?:[^()])*\))*)\)")


def address(mode: str, type_: str, name: str) -> str:
    """Return the address of a resource or data source, as references have it."""
    return f"{'data.' if mode == 'data' else ''}{type_}.{name}"


def join(mode: str, type_: str, path: Sequence[str]) -> str:
    """Return the name of a resource or data source in both twins; the path has the modules in it."""
    return f"{mode} {type_} {'/'.join(path)}"


def dependencies(targets: set[str]) -> dict[str, list[str]]:
    """Return the argument `depends_on`, if there is one."""
    return {"depends_on": sorted(targets)} if targets else {}


def is_expression(text: str) -> bool:
    """Tell whether a template is one expression from its beginning to its end."""
    return text.startswith("${") and _is_enclosed(text.replace("${", "{"), "{", "}")


def _is_enclosed(text: str, opening: str, closing: str) -> bool:
    """Tell whether the first bracket is closed by the last character, and not before."""
    depths = [0]
    for character in text:
        depths.append(depths[-1] + (character == opening) - (character == closing))
    return text.startswith(opening) and depths[-1] == 0 and 0 not in depths[1:-1]


def refers(text: str) -> bool:
    """Tell whether a text, written out, refers to anything."""
    return bool(re.search(r"<(?:data|resource) |(?<![\w.])var\.|<folder>", text))


def targets(text: str) -> list[str]:
    """Return the names of what a text, written out, refers to."""
    return re.findall(r"<((?:data|resource) [^>]*)>", text)


def is_one_block(value: list[Any]) -> bool:
    """Tell whether a list is one block, which the twins write with and without the list."""
    return len(value) == 1 and isinstance(value[0], dict)


def compact(text: str) -> str:
    """Return a template without what says nothing in it: white space, and parentheses around a simple condition."""
    if "${" not in text:
        return text
    parts = re.split(r'("(?:\\.|[^"\\])*"|<[^>]*>)', text)
    result = "".join(part if index % 2 else re.sub(r"\s", "", part) for index, part in enumerate(parts))
    before = ""
    while before != result:
        before, result = result, _GROUP.sub(r"\1", result)
    if is_expression(result) and _is_enclosed(result[2:-1], "(", ")"):
        return f"${{{result[3:-2]}}}"
    return result


def variable_of(variable: Mapping[str, Any]) -> dict[str, Any]:
    """Return the normal form of a variable."""
    rules = [{**rule, "condition": compact(rule["condition"])} for rule in variable.get("validation", [])]
    return {**variable, "type": variable["type"].strip("${}"), "validation": rules}


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
    if one == COMPUTED and isinstance(other, str) and not refers(other):
        return []
    return [] if one == other else [f"{path}: {_shown(one)} is not {_shown(other)}"]


def _shown(value: object) -> str:
    return "nothing" if type(value) is object else repr(value)
