"""The classes that an OpenAPI document yields: one per operation and one per component schema.

A class is a JSON schema that stands alone, so the components that it refers to are in it. Where all of them refer to
one another, each class would hold the whole document; so a class has room for some, and the others are only named.
"""

from __future__ import annotations

import json

from tama.catalog.openapi import BadDocument, json_media_type, text, unescaped

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from tama.catalog.openapi import Object, Operation

MOST = 10_000
"""Operations and component schemas that a document may have together."""

ROOM = 32 * 1024
"""Characters of JSON that a class may spend on the components that its schema refers to; the rest is only named."""

ROOM_OF_ALL = 16 * 1024 * 1024
"""The same, for all classes of a document together."""

LARGEST = 64 * 1024 * 1024
"""Characters of JSON that the classes of a document may take together."""

_SCHEMAS = "#/components/schemas/"
_PLACES = ("path", "query", "header")


def classes(document: Object, operations: Sequence[Operation]) -> dict[str, Object]:
    """Classes by name. An operation's class is the schema of its tool call; it wins over a component of that name.

    Args:
        document: the document.
        operations: its operations.

    Raises:
        BadDocument: there would be too many, or they would be too large.
    """
    components = document.get("components")
    given = components.get("schemas") if isinstance(components, dict) else None
    schemas: Object = given if isinstance(given, dict) else {}
    count = len(operations) + len(schemas)
    if count > MOST:
        raise BadDocument("", f"it has more than {MOST} operations and component schemas.")
    components = _Components(schemas, min(ROOM, ROOM_OF_ALL // max(count, 1)))
    found: dict[str, Object] = {}
    for name, schema in schemas.items():
        own = schema if isinstance(schema, dict) else {}
        found[name] = components.class_(name, text(own.get("description")) or name, own)
    for operation in operations:
        found[operation.identifier] = components.class_(operation.identifier, operation.summary, _tool_call(operation))
    return found


class _Components:
    """The component schemas of a document, which other schemas refer to.

    Args:
        schemas: by name.
        room: characters of JSON that a class may spend on them.
    """

    def __init__(self, schemas: Object, room: int) -> None:
        self._schemas = schemas
        self._room = room
        self._left = LARGEST
        self._moved: dict[str, tuple[Any, list[str], int]] = {}

    def class_(self, name: str, description: str, schema: Object) -> Object:
        """A schema that stands alone: titled, described, of one type, with the components that it refers to inside.

        Raises:
            BadDocument: the classes so far are too large.
        """
        outer = {"title": name, "description": description, "type": _type(schema.get("type"))}
        own, found, size = self._with_own_references({k: value for k, value in schema.items() if k not in outer})
        inner, size_of_inner = self._inner(found)
        self._left -= len(json.dumps(outer)) + size + size_of_inner
        if self._left < 0:
            raise BadDocument("", f"its classes would be longer than {LARGEST} characters.")
        if inner:
            given = own.get("$defs")
            own["$defs"] = {**(given if isinstance(given, dict) else {}), **inner}
        return {**outer, **own}

    def _inner(self, names: list[str]) -> tuple[Object, int]:
        """The components of these names and those that they refer to, the nearest first, and how long they are."""
        inner: Object = dict.fromkeys(names)
        waiting, spent, named = list(inner), 0, 0
        for name in waiting:
            schema, found, size = self._component(name)
            if spent + size > self._room:
                inner[name] = {"title": name}
                named += 2 * len(name)
                continue
            inner[name] = schema
            spent += size
            new = [one for one in found if one not in inner]
            inner.update(dict.fromkeys(new))
            waiting += new
        return inner, spent + named

    def _component(self, name: str) -> tuple[Any, list[str], int]:
        if name not in self._moved:
            schema = self._schemas[name]
            self._moved[name] = self._with_own_references({} if schema is None else schema)
        return self._moved[name]

    def _with_own_references(self, schema: Any) -> tuple[Any, list[str], int]:
        """A schema whose references lead into its own `$defs`, the names of what they lead to, and how long it is."""
        found: Object = {}
        moved = _moved(schema, self._schemas, found)
        return moved, list(found), len(json.dumps(moved))


def _type(declared: object) -> str:
    """The one type that a class has; of several the first that is not null, without any `object`."""
    names = declared if isinstance(declared, list) else [declared]
    return next((text(name) for name in names if text(name) not in ("", "null")), "object")


def _moved(value: Any, schemas: Object, found: Object) -> Any:
    """A schema whose references to component schemas lead into its own `$defs`; new names are added to `found`."""
    if isinstance(value, list):
        return [_moved(one, schemas, found) for one in value]
    if not isinstance(value, dict):
        return value
    moved = {key: _moved(one, schemas, found) for key, one in value.items()}
    reference = value.get("$ref")
    if isinstance(reference, str) and reference.startswith(_SCHEMAS):
        part, slash, rest = reference.removeprefix(_SCHEMAS).partition("/")
        if (name := unescaped(part)) in schemas:
            found.setdefault(name, None)
            moved["$ref"] = f"#/$defs/{part}{slash}{rest}"
    return moved


def _tool_call(operation: Operation) -> Object:
    """The JSON schema of a model's call of an operation: `path`, `query`, `header` and `body`, those that there are."""
    properties: Object = {}
    required: list[str] = []
    for place in _PLACES:
        here = [parameter for parameter in operation.parameters if parameter["in"] == place]
        needed = [p["name"] for p in here if place == "path" or p.get("required") is True]
        if here:
            properties[place] = {"type": "object", "properties": {p["name"]: _schema(p) for p in here}}
        if needed:
            properties[place]["required"] = needed
            required.append(place)
    if operation.body is not None:
        content = operation.body.get("content")
        media = content.get(json_media_type(content)) if isinstance(content, dict) else None
        schema = media.get("schema") if isinstance(media, dict) else None
        properties["body"] = schema if isinstance(schema, dict) else {}
        if operation.body.get("required") is True:
            required.append("body")
    return {"type": "object", "properties": properties, **({"required": required} if required else {})}


def _schema(parameter: Object) -> Object:
    schema = parameter.get("schema")
    described = {"description": parameter["description"]} if text(parameter.get("description")) else {}
    return {**described, **(schema if isinstance(schema, dict) else {})}
