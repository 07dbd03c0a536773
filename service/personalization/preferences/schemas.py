"""The JSON Schemas of declared preferences (draft 2020-12), checked and made part of the contract.

A declared schema stands by itself: it refers only to its own parts, so that it can be moved into another document.
"""

from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from typing import Any, Final
from urllib.parse import unquote

import jsonschema_rs

from service.contract import Contract
from service.refusal import pointer

_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_OTHER_DOCUMENTS: Final = frozenset({"$id", "$anchor", "$dynamicRef", "$dynamicAnchor", "$vocabulary"})
_SCHEMA: Final = frozenset(
    {
        "additionalProperties",
        "contains",
        "contentSchema",
        "else",
        "if",
        "items",
        "not",
        "propertyNames",
        "then",
        "unevaluatedItems",
        "unevaluatedProperties",
    }
)
_SCHEMAS: Final = frozenset({"allOf", "anyOf", "oneOf", "prefixItems"})
_NAMED_SCHEMAS: Final = frozenset({"$defs", "definitions", "dependentSchemas", "patternProperties", "properties"})

Steps = tuple[str | int, ...]


def component(name: str) -> str:
    """Return a type as the names of components have it, which know no `:`."""
    return name.replace(":", "_.")


def wrong(schema: Any) -> Sequence[tuple[str, str]]:
    """Return what is wrong with a declared schema, each with its place as a JSON pointer."""
    if not isinstance(schema, dict):
        return [("", "A JSON Schema that says something is asked for: an object.")]
    if schema.get("$schema", _DIALECT) != _DIALECT:
        return [("/$schema", f"Only {_DIALECT} is known here.")]
    try:
        jsonschema_rs.meta.validate(schema)
        if found := list(_wrong_references(schema)):
            return found
        validator = jsonschema_rs.Draft202012Validator(schema, validate_formats=True)
    except jsonschema_rs.ValidationError as error:
        return [(pointer(*error.instance_path), f"{error.message}.")]
    examples = enumerate(schema.get("examples", ()))
    return [
        (f"/examples/{index}", "The schema refuses it.") for index, each in examples if not validator.is_valid(each)
    ]


def _schemas(node: Any, steps: Steps = ()) -> Iterator[tuple[Steps, Any]]:
    """Return each schema of a valid schema, from the outermost, and where it stands."""
    yield steps, node
    for keyword, value in node.items() if isinstance(node, dict) else ():
        if keyword in _SCHEMA:
            yield from _schemas(value, (*steps, keyword))
        elif keyword in _SCHEMAS:
            for index, member in enumerate(value):
                yield from _schemas(member, (*steps, keyword, index))
        elif keyword in _NAMED_SCHEMAS:
            for name, member in value.items():
                yield from _schemas(member, (*steps, keyword, name))


def _wrong_references(schema: Any) -> Iterator[tuple[str, str]]:
    parts = {pointer(*steps): node for steps, node in _schemas(schema)}
    for place, node in parts.items():
        if isinstance(node, bool):
            continue
        for keyword in sorted(_OTHER_DOCUMENTS & node.keys()):
            yield f"{place}/{keyword}", "A declaration has no address: refer to its parts by `$ref` and `#/…`."
        if "$ref" in node and not _leads_somewhere(parts, node):
            yield f"{place}/$ref", "This leads to no schema in this file: `#`, or `#/` and a path, is asked for."


def _leads_somewhere(parts: Mapping[str, Any], node: Any) -> bool:
    for _ in parts:
        if not isinstance(node, dict) or "$ref" not in node:
            return True
        mark, place = node["$ref"][:1], unquote(node["$ref"][1:])
        if mark != "#" or place not in parts:
            return False
        node = parts[place]
    return False


def with_declared(contract: Contract, schemas: Mapping[str, Any]) -> Contract:
    """Return the contract with these types of preferences in it."""
    if not schemas:
        return contract

    def declare(document: dict[str, Any]) -> None:
        components = document["components"]["schemas"]
        for name, schema in sorted(schemas.items()):
            _declare(components, name, schema)

    return contract.changed(declare)


def _declare(components: dict[str, Any], name: str, schema: dict[str, Any]) -> None:
    base = component(name)
    value = f"{base}.Value"
    components[value] = {"title": name, **_embedded(schema, f"#/components/schemas/{value}")}
    kind = {"type": "string", "enum": [name], "description": "The type of the path. It can be left out."}
    properties = {"type": kind, "value": {"$ref": f"#/components/schemas/{value}"}}
    described = schema.get("description", f"The preference `{name}`, which this installation declares.")
    taken: dict[str, Any] = {
        "title": f"{name} preference input",
        "type": "object",
        "description": f"The body for the type `{name}`.",
        "required": ["value"],
        "additionalProperties": False,
        "properties": properties,
    }
    if schema.get("examples"):
        taken["examples"] = [{"value": example} for example in schema["examples"]]
    components[f"{base}.PreferenceInput"] = taken
    components[f"{base}.Preference"] = {
        "title": f"{name} preference",
        "type": "object",
        "description": described,
        "required": ["type", "value"],
        "properties": {**properties, "type": {"type": "string", "enum": [name]}},
    }
    components["PreferenceType"]["enum"].append(name)
    components["PreferenceInput"]["anyOf"].append({"$ref": f"#/components/schemas/{base}.PreferenceInput"})
    components["Preference"]["oneOf"].append({"$ref": f"#/components/schemas/{base}.Preference"})
    components["Preference"]["discriminator"]["mapping"][name] = f"#/components/schemas/{base}.Preference"


def _embedded(schema: dict[str, Any], root: str) -> dict[str, Any]:
    """Return a schema as it stands below `root`: what refers to its parts leads there."""
    embedded = deepcopy(schema)
    embedded.pop("$schema", None)
    for _steps, node in _schemas(embedded):
        if isinstance(node, dict) and "$ref" in node:
            node["$ref"] = root + node["$ref"].removeprefix("#")
    return embedded
