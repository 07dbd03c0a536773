"""The rules that a declaration states: which values may stand in a request's body, and what they do to an object."""

from __future__ import annotations

import json

from tama.catalog.nesting import deepest
from tama.catalog.urls import is_base_url
from tama.control_plane.errors import INVALID, MISSING, REQUIRED, Invalid

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from tama.catalog.declaration import Attribute, Block, Resource
    from tama.control_plane.kinds import Kind
    from tama.control_plane.store import Document

DEEPEST = 256
"""Levels that a JSON value may be nested; far beyond any document, and far below what a JSON parser can do."""


def wrapped(resource: Resource, body: object) -> dict[str, Any]:
    """What stands in the body below the resource's wrapper key.

    Raises:
        Invalid: the body is no object, or has no such key with an object.
    """
    given = body.get(resource.wrapper) if isinstance(body, dict) else None
    if given is None:
        raise Invalid({resource.wrapper: [REQUIRED]})
    if not isinstance(given, dict):
        raise Invalid({resource.wrapper: [INVALID]})
    return given


def merged(
    kind: Kind, before: Document, given: dict[str, Any], exists: Callable[[str, str], bool]
) -> tuple[Document, dict[str, Any]]:
    """The object with the given values in it, and what is wrong with them.

    Absent keys leave the object as it is; null removes a value.

    Args:
        kind: what the object is.
        before: the object so far; what stands in the collection's path is in it.
        given: what the body holds.
        exists: whether there is an object of a type with an id.

    Returns:
        The object, and the errors by field: lists of messages, nested like the body.
    """
    after = dict(before)
    errors: dict[str, Any] = {}
    _merge(kind.attributes, given, after, errors, exists)
    for block in kind.resource.blocks if kind.resource is not None else ():
        if block.sent:
            _merge_block(block, given, after, errors, exists)
    return after, errors


def checked(
    attributes: Sequence[Attribute], given: dict[str, Any], exists: Callable[[str, str], bool]
) -> tuple[Document, dict[str, Any]]:
    """What is given without what is null, and what is wrong with it, as `merged` answers."""
    values = {key: value for key, value in given.items() if value is not None}
    errors: dict[str, Any] = {}
    _merge(attributes, given, values, errors, exists)
    return values, errors


def _merge(
    attributes: Sequence[Attribute],
    given: dict[str, Any],
    after: Document,
    errors: dict[str, Any],
    exists: Callable[[str, str], bool],
) -> None:
    for attribute in attributes:
        *parents, last = attribute.key.split(".")
        source, target, wrong = given, after, errors
        for parent in parents:
            inner = source.get(parent)
            source = inner if isinstance(inner, dict) else {}
            target = target.setdefault(parent, {})
            wrong = wrong.setdefault(parent, {})
        if last in source:
            if source[last] is None:
                target.pop(last, None)
            else:
                target[last] = source[last]
        if attribute.default is not None:
            target.setdefault(last, _default(attribute))
        problem = _problem(attribute, target.get(last), exists)
        if problem:
            wrong[last] = problem
    for empty in [key for key, value in errors.items() if value == {}]:
        del errors[empty]


def _default(attribute: Attribute) -> Any:
    return json.loads(str(attribute.default)) if attribute.kind == "json" else attribute.default


def _merge_block(
    block: Block, given: dict[str, Any], after: Document, errors: dict[str, Any], exists: Callable[[str, str], bool]
) -> None:
    inner = given.get(block.key, after.get(block.key))
    if inner is None:
        after.pop(block.key, None)
        if block.required:
            errors[block.key] = [REQUIRED]
        return
    if not isinstance(inner, dict):
        errors[block.key] = [INVALID]
        return
    values: Document = dict(after.get(block.key) or {})
    wrong: dict[str, Any] = {}
    _merge(block.attributes, inner, values, wrong, exists)
    after[block.key] = values
    if wrong:
        errors[block.key] = wrong


def _problem(attribute: Attribute, value: Any, exists: Callable[[str, str], bool]) -> list[str] | dict[str, Any]:
    """What is wrong with a value: messages, or for an object messages by member; empty when nothing is."""
    if value is None:
        return [REQUIRED] if attribute.required else []
    if not _IS[attribute.kind](value):
        return [INVALID]
    if attribute.attributes:
        return _inner_problems(attribute, value, exists)
    message = _message(attribute, value, exists)
    return [message] if message else []


def _message(attribute: Attribute, value: Any, exists: Callable[[str, str], bool]) -> str:
    if attribute.non_empty and (not value.strip() if isinstance(value, str) else value == []):
        return REQUIRED
    if attribute.minimum is not None and value < attribute.minimum:
        return f"must be greater than {attribute.minimum - 1}" if attribute.minimum > 0 else "must not be negative"
    if (attribute.one_of and value not in attribute.one_of) or (attribute.url and not is_base_url(value)):
        return INVALID
    ids = value if isinstance(value, list) else [value]
    if attribute.refers_to and not all(exists(attribute.refers_to, str(id_)) for id_ in ids):
        return MISSING
    return ""


def _inner_problems(attribute: Attribute, value: Any, exists: Callable[[str, str], bool]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for one in value if isinstance(value, list) else [value]:
        _merge(attribute.attributes, one, dict(one), found, exists)
    return found


def _is_integer(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


_IS: dict[str, Callable[[Any], bool]] = {
    "string": lambda value: isinstance(value, str),
    "integer": _is_integer,
    "number": lambda value: _is_integer(value) or isinstance(value, float),
    "boolean": lambda value: isinstance(value, bool),
    "json": lambda value: deepest(value) <= DEEPEST,
    "strings": lambda value: isinstance(value, list) and all(isinstance(one, str) for one in value),
    "object": lambda value: isinstance(value, dict),
    "objects": lambda value: isinstance(value, list) and all(isinstance(one, dict) for one in value),
    "integers": lambda value: isinstance(value, list) and all(_is_integer(one) for one in value),
}
