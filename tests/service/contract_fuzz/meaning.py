"""What a call means by the contract, where a language model did not write it as the contract asks for.

It is told here a second time, from the words of the contract and not from the code that reads bodies: what the service
takes for valid must be valid when it is read like this.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from service.contract import Contract
from tests.service.contract_fuzz.exchanges import Call, Described, Operations

NOUNS = {"profile": "profile", "consent": "consent", "preferences": "preference", "history": "history"}
"""What a member is called that may hold the whole body, by the last literal segment of the path."""

_DROPPED = "".join(
    chr(code)
    for code in range(0x10000)
    if chr(code).isspace()
    or code in {0xAD, 0x180E, 0xFEFF, *range(0x200B, 0x2010), *range(0x202A, 0x202F)}
    or code in range(0x2060, 0x2070)
)
_GONE = object()


@dataclass(frozen=True)
class Meant:
    """A call as the contract asks for it: what stands in its path, its query and its body."""

    path: Mapping[str, object]
    query: Mapping[str, object]
    headers: Mapping[str, str]
    body: object = None
    has_body: bool = False


def as_sent(described: Described, call: Call) -> Meant | None:
    """Return a call as it was sent, None when its body or its query cannot be told.

    Numbers and truth values in the path and the query are those when they are written as JSON writes them.
    """
    path = described.path_of(call)
    if path is None or any(len(values) > 1 for values in call.query.values()):
        return None
    by_name = {(it.location, it.name): it.schema for it in described.parameters}
    return Meant(
        {name: _typed(by_name["path", name], text) for name, text in path.items()},
        {name: _typed(by_name.get(("query", name), {}), texts[0]) for name, texts in call.query.items()},
        {it.name: call.headers[it.name.lower()].strip(" \t") for it in described.parameters
         if it.location == "header" and it.name.lower() in call.headers},
        *_body(described, call),
    )  # fmt: skip


def _typed(schema: Mapping[str, Any], text: str) -> object:
    if schema.get("type") == "integer" and re.fullmatch(r"-?(0|[1-9][0-9]{0,17})", text):
        return int(text)
    return text == "true" if schema.get("type") == "boolean" and text in {"true", "false"} else text


def _body(described: Described, call: Call) -> tuple[object, bool]:
    if not described.bodies or not call.body:
        return None, False
    try:
        return json.loads(call.body), True
    except ValueError:
        return None, False


def is_valid(operations: Operations, described: Described, call: Call, meant: Meant) -> bool:
    """Return whether the contract allows a call."""
    if not knows_query(described, meant):
        return False
    for it in described.parameters:
        values: Mapping[str, object] = {"path": meant.path, "query": meant.query, "header": meant.headers}[it.location]
        if it.name not in values and it.required:
            return False
        if it.name in values and not operations.is_valid(it.schema, values[it.name]):
            return False
    if not described.bodies:
        return True
    schema = described.bodies.get(call.headers.get("content-type", "").partition(";")[0].strip().lower())
    return schema is not None and meant.has_body and operations.is_valid(schema, meant.body)


def knows_query(described: Described, meant: Meant) -> bool:
    """Return whether the contract knows every parameter of a call's query."""
    return meant.query.keys() <= {it.name for it in described.parameters if it.location == "query"}


def read(operations: Operations, described: Described, call: Call, sent: Meant) -> Meant:
    """Return what a call means when it is read as the contract says that calls are read."""
    reader = _Reader(operations)
    by_name = {(it.location, it.name): it.schema for it in described.parameters}
    # An actor id is compared character by character, and is the one text that is not read.
    path = {
        name: value if name == "actor_id" else reader.read(by_name["path", name], value)
        for name, value in sent.path.items()
    }
    query = {
        name: reader.read(by_name["query", name], value)
        for name, value in sent.query.items()
        if ("query", name) in by_name and not _is_absent(value)
    }
    if not sent.has_body:
        return Meant(path, query, sent.headers)
    schema = described.bodies.get(call.headers.get("content-type", "").partition(";")[0].strip().lower(), {})
    return Meant(path, query, sent.headers, reader.read_body(schema, _unwrapped(sent.body, noun_of(described))), True)


def noun_of(described: Described) -> str:
    """Return what a member is called that may hold the whole body of an operation; nothing for none."""
    return NOUNS.get([it for it in described.operation.path.split("/") if "{" not in it][-1], "")


def _unwrapped(body: object, noun: str) -> object:
    for wrapper in ("body", noun):
        if isinstance(body, dict) and not _is_absent(body.get(wrapper)):
            body = body[wrapper]
    return body


def _is_absent(value: object) -> bool:
    return value in (None, []) or (isinstance(value, str) and not value.strip(_DROPPED))


class _Reader:
    """Reads values by the schemas of a contract."""

    def __init__(self, operations: Operations) -> None:
        self._operations = operations
        self._contract: Contract = operations.contract

    def read_body(self, schema: Any, value: object) -> object:
        schema = self._contract.resolved(schema)
        listed = [name for name in schema.get("required", ()) if self._is_list(schema["properties"][name])]
        if len(listed) == 1 == len(schema["properties"]):
            (name,) = listed
            if isinstance(value, list):
                value = {name: value}
            elif isinstance(value, dict) and name not in value and value:
                value = {name: [value]}
        read = self.read(schema, {} if _is_absent(value) and value != [] else value, is_entry=False)
        return {} if read is _GONE else read

    def _is_list(self, schema: Any) -> bool:
        return bool(self._contract.resolved(schema).get("type") == "array")

    def read(self, schema: Any, value: object, *, is_entry: bool = True) -> object:
        schema = self._contract.resolved(schema) if isinstance(schema, dict) else {}
        for choice in ("anyOf", "oneOf"):
            if choice in schema:
                return self._read_one(schema[choice], value, is_entry)
        if "enum" in schema:
            return self._read_choice(schema["enum"], value)
        reader = self._READERS.get(self._type(schema, value))
        return reader(self, schema, value, is_entry) if reader else value

    @staticmethod
    def _type(schema: Any, value: object) -> str:
        """Return what a value is read as; nothing when it is left as it is."""
        types = schema.get("type", ())
        asked = {types} if isinstance(types, str) else set(types)
        kinds = {str: ("string", "integer", "boolean"), float: ("integer",), list: ("array",), dict: ("object",)}
        return next((it for it in kinds.get(type(value), ()) if it in asked), "")

    def _read_integer(self, _schema: Any, value: Any, _is_entry: bool) -> object:
        number = re.fullmatch(r"(-?[0-9]{1,18})(\.0+)?", value.strip(_DROPPED)) if isinstance(value, str) else None
        if number:
            return int(number[1])
        return int(value) if isinstance(value, float) and value.is_integer() else value

    def _read_truth(self, _schema: Any, value: Any, _is_entry: bool) -> object:
        return {"true": True, "false": False}.get(value.strip(_DROPPED).casefold(), value)

    def _read_text(self, _schema: Any, value: Any, _is_entry: bool) -> object:
        return unicodedata.normalize("NFC", value).strip(_DROPPED)

    def _read_list(self, schema: Any, value: Any, _is_entry: bool) -> object:
        items = [self.read(schema.get("items", {}), it) for it in value if not _is_absent(it)]
        return [it for it in items if it is not _GONE] or _GONE

    def _read_one(self, schemas: list[Any], value: object, is_entry: bool) -> object:
        """Read a value by the first of these schemas that it fits then; where `null` is one, it says something."""
        if value in (None, []) and {"type": "null"} in schemas:
            return value
        readings = [self.read(schema, value, is_entry=is_entry) for schema in schemas]
        for schema, reading in zip(schemas, readings, strict=True):
            if reading is not _GONE and self._operations.is_valid(schema, reading):
                return reading
        return readings[0]

    def _read_choice(self, choices: list[Any], value: object) -> object:
        if not isinstance(value, str):
            return value
        meant = [it for it in choices if str(it).casefold() == value.strip(_DROPPED).casefold()]
        return meant[0] if len(meant) == 1 else value

    def _read_object(self, schema: Any, value: Any, is_entry: bool) -> object:
        known = schema.get("properties", {})
        read: dict[str, object] = {}
        for name, it in value.items():
            keeps_null = {"type": "null"} in known.get(name, {}).get("oneOf", ()) and it in (None, [])
            member = _GONE if _is_absent(it) and not keeps_null else self.read(known.get(name, {}), it)
            if member is not _GONE and (keeps_null or not _is_absent(member)):
                read[name] = member
            elif name in schema.get("required", ()) and self._is_list(known.get(name, {})):
                read[name] = []
        is_nothing = is_entry and "value" in schema.get("required", ()) and "value" not in read
        return _GONE if is_nothing and read.keys() <= known.keys() else read

    _READERS: ClassVar = {
        "integer": _read_integer,
        "boolean": _read_truth,
        "string": _read_text,
        "array": _read_list,
        "object": _read_object,
    }
