"""OpenAPI documents: what a specification yields, and how one of its operations is called.

Documents are read with tolerance: of what is not needed here nothing is asked. Nothing is ever fetched.

Source: OpenAPI Specification 3.0.4 and 3.1.1; JSON pointers: RFC 6901.
"""

from __future__ import annotations

from itertools import islice

from tama.catalog.nesting import deepest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

    Object = dict[str, Any]

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
DEEPEST = 100
"""Levels that a document may be nested."""

MOST_PARAMETERS = 250
"""Parameters that an operation may have."""

LONGEST_CHAIN = 20
"""References that may follow on one another."""

_DATA = frozenset({"example", "examples", "default", "enum", "const"})
"""Keywords whose values are data, in which `$ref` means nothing."""

_MAPS = frozenset(
    {"$defs", "callbacks", "content", "definitions", "dependentSchemas", "encoding", "headers", "links", "parameters"}
    | {"pathItems", "paths", "patternProperties", "properties", "requestBodies", "responses", "schemas"}
    | {"securitySchemes", "variables", "webhooks"}
)
"""Keywords whose values are maps by name, in which a key is no keyword."""


class BadDocument(ValueError):  # noqa: N818 - it is the document's fault, and ends in a state of it
    """The document cannot be processed.

    Args:
        pointer: a JSON pointer to where it goes wrong.
        why: what is wrong there.
    """

    def __init__(self, pointer: str, why: str) -> None:
        super().__init__(f"At '{pointer}': {why}" if pointer else f"In the document: {why}")


class Operation:
    """One operation of a document, with what it shares with its path's others.

    Attributes:
        identifier: its `operationId`; without one `get /path`.
        path: as the document writes it.
        method: in lower case.
        summary: what it does, in the document's words; never empty.
        parameters: its parameters, references resolved, in order.
        body: its request body, reference resolved; None without one.
        security: alternatives, each with scopes by security scheme; None when the document says nothing of it.
    """

    __slots__ = ("body", "identifier", "method", "parameters", "path", "security", "summary")

    def __init__(self, document: Object, path: str, method: str, item: Object, pointer: str) -> None:
        own = _object(item[method], pointer)
        identifier = own.get("operationId")
        if identifier is not None and (not isinstance(identifier, str) or not identifier):
            raise BadDocument(f"{pointer}/operationId", "an operationId is a text that is not empty.")
        self.identifier: str = identifier or f"{method} {path}"
        self.path = path
        self.method = method
        self.summary = text(own.get("description")) or text(own.get("summary")) or self.identifier
        self.parameters = _parameters(document, item, own, path, pointer)
        self.body = _body(document, own, pointer)
        security = own.get("security", document.get("security"))
        self.security: list[Object] | None = security if isinstance(security, list) else None


class Description:
    """What a document yields.

    Attributes:
        title: `info.title`.
        operations: its operations, in the order of the document.
        classes: JSON schemas by class name: one per operation (its tool call) and one per component schema.
    """

    __slots__ = ("classes", "operations", "title")

    def __init__(self, title: str, operations: list[Operation], classes: dict[str, Object]) -> None:
        self.title = title
        self.operations = operations
        self.classes = classes


def describe(document: Object) -> Description:
    """Process a document.

    Raises:
        BadDocument: it is not OpenAPI 3, has no paths, refers to nowhere, says an operationId twice, is too deep, or
            yields too much.
    """
    version = document.get("openapi")
    if not isinstance(version, str) or not version.startswith("3."):
        raise BadDocument("/openapi", "this is not an OpenAPI 3 document; the version must be '3.0.…' or '3.1.…'.")
    if deepest(document) > DEEPEST:
        raise BadDocument("", f"it is nested deeper than {DEEPEST} levels.")
    if not isinstance(document.get("paths"), dict):
        raise BadDocument("/paths", "there are no paths, so there is nothing that could be called.")
    _check_references(document)
    # A launch of the provider has this module, and does without that one.
    from tama.catalog.openapi_classes import MOST, classes  # noqa: PLC0415

    found = list(islice(operations(document), MOST + 1))
    info = document.get("info")
    title = text(info.get("title")) if isinstance(info, dict) else ""
    return Description(title, found, classes(document, found))


def operations(document: Object) -> Iterator[Operation]:
    """The operations of a document, in its order.

    Raises:
        BadDocument: one of them cannot be understood, or two have one operationId.
    """
    seen: dict[str, str] = {}
    for path, unresolved in document["paths"].items():
        if path.startswith("x-"):
            continue
        at = f"/paths/{_escaped(path)}"
        if not path.startswith("/"):
            raise BadDocument(at, "a path begins with '/'.")
        item = _resolved(document, unresolved, at)
        for method in METHODS:
            if method not in item:
                continue
            operation = Operation(document, path, method, item, f"{at}/{method}")
            first = seen.setdefault(operation.identifier, f"{at}/{method}")
            if first != f"{at}/{method}":
                raise BadDocument(
                    f"{at}/{method}/operationId", f"'{operation.identifier}' is also the operationId at '{first}'."
                )
            yield operation


def security_schemes(document: Object) -> dict[str, Object]:
    """The document's security schemes by name; those that cannot be understood are left out."""
    components = document.get("components")
    schemes = components.get("securitySchemes") if isinstance(components, dict) else None
    found = {}
    for name, scheme in schemes.items() if isinstance(schemes, dict) else ():
        try:
            found[name] = _resolved(document, scheme, "")
        except BadDocument:
            continue
    return found


def path_names(path: str) -> list[str]:
    """The names in the braces of a path, in its order."""
    return [part.partition("}")[0] for part in path.split("{")[1:] if "}" in part]


def json_media_type(content: object) -> str:
    """The media type among those of a `content` map that is JSON, the plain one first; empty when none is."""
    names = list(content) if isinstance(content, dict) else []
    for name in sorted(names, key=lambda name: _essence(name) != "application/json"):
        if _essence(name) == "application/json" or _essence(name).endswith("+json") or _essence(name) == "*/*":
            return "application/json" if "*" in name else str(name)
    return ""


def _essence(media_type: str) -> str:
    return media_type.partition(";")[0].strip().lower()


def _parameters(document: Object, item: Object, own: Object, path: str, pointer: str) -> list[Object]:
    """The path's parameters and the operation's own, which win; a name in the path's braces is always one."""
    found: dict[tuple[str, str], Object] = {}
    shared = pointer.rpartition("/")[0]
    for holder, at in ((item, shared), (own, pointer)):
        given = holder.get("parameters") or []
        if not isinstance(given, list):
            raise BadDocument(f"{at}/parameters", "parameters are a list.")
        for index, unresolved in enumerate(given):
            where = f"{at}/parameters/{index}"
            parameter = _resolved(document, unresolved, where)
            name, place = parameter.get("name"), parameter.get("in")
            if not isinstance(name, str) or not isinstance(place, str):
                raise BadDocument(where, "a parameter has a 'name' and says where it is 'in'.")
            found[place, name] = parameter
            if len(found) > MOST_PARAMETERS:
                raise BadDocument(f"{at}/parameters", f"an operation has at most {MOST_PARAMETERS} parameters.")
    for name in path_names(path):
        found.setdefault(("path", name), {"name": name, "in": "path", "schema": {"type": "string"}})
    return list(found.values())


def _body(document: Object, own: Object, pointer: str) -> Object | None:
    given = own.get("requestBody")
    return None if given is None else _resolved(document, given, f"{pointer}/requestBody")


def _check_references(document: Object) -> None:
    """Every reference leads somewhere within the document, which is no deeper than DEEPEST."""
    followed: set[str] = set()

    def check(value: Any, at: tuple[Any, ...], *, is_map: bool) -> None:
        # Where a value stands is a chain of keys, the innermost first: pointers for all would outgrow the document.
        members: Iterable[tuple[Any, Any]] = value.items() if isinstance(value, dict) else enumerate(value)
        holds_keywords = isinstance(value, dict) and not is_map
        if holds_keywords:
            reference = value.get("$ref")
            if isinstance(reference, str) and reference not in followed:
                try:
                    _followed(document, reference)
                except LookupError as error:
                    raise BadDocument(_pointer(("$ref", at)), str(error)) from None
                followed.add(reference)
        for key, inner in members:
            is_data = holds_keywords and (key in _DATA or key.startswith("x-"))
            if isinstance(inner, (dict, list)) and not is_data:
                check(inner, (key, at), is_map=holds_keywords and key in _MAPS)

    check(document, (), is_map=False)


def _pointer(at: tuple[Any, ...]) -> str:
    keys = []
    while at:
        key, at = at
        keys.append(_escaped(str(key)))
    return "".join(f"/{key}" for key in reversed(keys))


def _resolved(document: Object, value: Any, pointer: str) -> Object:
    """The object that stands there, or that the reference there leads to."""
    seen: list[str] = []
    while isinstance(value, dict) and isinstance(value.get("$ref"), str):
        reference = value["$ref"]
        if reference in seen:
            raise BadDocument(f"{pointer}/$ref", f"the reference '{reference}' leads back to itself.")
        seen.append(reference)
        if len(seen) > LONGEST_CHAIN:
            raise BadDocument(f"{pointer}/$ref", f"more than {LONGEST_CHAIN} references follow on one another.")
        try:
            value = _followed(document, reference)
        except LookupError as error:
            raise BadDocument(f"{pointer}/$ref", str(error)) from None
    return _object(value, pointer)


def _followed(document: Object, reference: str) -> Any:
    """What a reference leads to. One to an anchor within the document is not followed: it is only of use in schemas.

    Raises:
        LookupError: it leads to nothing in the document.
    """
    if not reference.startswith("#"):
        raise LookupError(f"'{reference}' is outside the document, and nothing is fetched.")
    if not reference.startswith("#/"):
        return document
    value: Any = document
    for part in reference[2:].split("/"):
        key = unescaped(part)
        if isinstance(value, dict) and key in value:
            value = value[key]
        elif isinstance(value, list) and key.isdecimal() and int(key) < len(value):
            value = value[int(key)]
        else:
            raise LookupError(f"'{reference}' leads nowhere.")
    return value


def _object(value: Any, pointer: str) -> Object:
    if not isinstance(value, dict):
        raise BadDocument(pointer, "an object is expected here.")
    return value


def text(value: object) -> str:
    """The value where it is a text that says something, an empty one where it is not."""
    return value if isinstance(value, str) and value.strip() else ""


def _escaped(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")


def unescaped(part: str) -> str:
    """A part of a JSON pointer, as the key that it stands for."""
    if "%" in part:
        from urllib.parse import unquote  # noqa: PLC0415 - it costs milliseconds, and hardly a name is written so

        part = unquote(part)
    return part.replace("~1", "/").replace("~0", "~")
