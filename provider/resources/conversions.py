"""Values between Terraform and the API, by their declaration.

"Plain" values are what a declaration's functions see: as Terraform's, but a JSON attribute is the parsed document.
"""

from __future__ import annotations

from provider.framework.diagnostics import Diagnostic, Failure
from provider.framework.json_text import JsonError, canonical, parse
from provider.protocol.values import UNKNOWN
from provider.resources.paths import placeholders
from tama.catalog.declaration import Block, Unfit

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeGuard

    from tama.catalog.declaration import Attribute, DataSource, Problem, Resource

    Field = Attribute | Block
    Fields = tuple[Field, ...]
    Values = dict[str, Any]


def fields_of(declared: Resource | DataSource | Block) -> Fields:
    """Return attributes and blocks in one."""
    return (*declared.attributes, *declared.blocks)


def diagnostic(problem: Problem) -> Diagnostic:
    """Return a problem that a declaration found as the user is told of it."""
    return Diagnostic(problem.summary, problem.detail, problem.path)


def plain(fields: Fields, values: Values) -> Values:
    """Return plain values; a text that is no JSON, which its validator tells of, is as good as unknown."""
    return values | {field.name: _plain(field, values.get(field.name)) for field in fields}


def textual(fields: Fields, values: Values) -> Values:
    """Return plain values as Terraform's."""
    return values | {field.name: _textual(field, values.get(field.name)) for field in fields}


def request_body(resource: Resource, planned: Values, prior: Values | None = None) -> Values:
    """Return the wrapped body of a POST or PATCH from plain values; what was set and no longer is, is sent as null."""
    in_path = placeholders(resource.collection)
    body: Values = {}
    for field in fields_of(resource):
        value = planned[field.name]
        if not field.sent or field.name in in_path:
            continue
        if value is not None and value is not UNKNOWN:
            _put(body, field.key, _outgoing(field, value, prior and prior[field.name]))
        elif value is None and prior is not None and prior[field.name] is not None:
            _put(body, field.key, None)
    if resource.to_body:
        body = resource.to_body(_known(planned), body)
    return {resource.wrapper: body}


def response_values(declared: Resource | DataSource, response: Values, prior: Values) -> Values:
    """Return plain values from a response; what it does not carry keeps the plain value of `prior`.

    Raises:
        Failure: the declaration does not stand for such an object.
    """
    values = {field.name: _incoming(field, response, prior) for field in fields_of(declared)}
    if declared.from_response is None:
        return values
    try:
        return declared.from_response(response, prior, values)
    except Unfit as unfit:
        raise Failure(diagnostic(unfit.problem)) from unfit


def _plain(field: Field, value: Any) -> Any:
    if value is None or value is UNKNOWN:
        return value
    if _is_json(field):
        try:
            return parse(value)
        except JsonError:
            return UNKNOWN
    return _descend(field, value, plain)


def _textual(field: Field, value: Any) -> Any:
    if value is None or value is UNKNOWN:
        return value
    return canonical(value) if _is_json(field) else _descend(field, value, textual)


def _is_json(field: Field) -> TypeGuard[Attribute]:
    return not isinstance(field, Block) and field.kind == "json"


def _descend(field: Field, value: Any, convert: Any) -> Any:
    """Convert what is nested in a field, one object or a list of them."""
    inner = _inner(field)
    if not inner:
        return value
    if isinstance(value, list):
        return [item if item is UNKNOWN else convert(inner, item) for item in value]
    return convert(inner, value)


def _inner(field: Field) -> Fields:
    return fields_of(field) if isinstance(field, Block) else field.attributes


def _outgoing(field: Field, value: Any, prior: Any = None) -> Any:
    """Name what is nested as the API does, without what is not set; what is removed from one object is null there."""
    inner = _inner(field)
    if not inner:
        return value
    if isinstance(value, list):
        return [_outgoing_object(inner, item, {}) for item in value]
    return _outgoing_object(inner, value, prior or {})


def _outgoing_object(fields: Fields, values: Values, prior: Values) -> Values:
    body: Values = {}
    for field in fields:
        value, before = values[field.name], prior.get(field.name)
        if value is not None and value is not UNKNOWN:
            _put(body, field.key, _outgoing(field, value, before))
        elif value is None and before is not None and not isinstance(field, Block) and field.clears:
            _put(body, field.key, None)
    return body


def _known(value: Any) -> Any:
    """Return a value with None for all that is not known."""
    if isinstance(value, dict):
        return {key: _known(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_known(inner) for inner in value]
    return None if value is UNKNOWN else value


def _put(body: Values, key: str, value: object) -> None:
    *parents, last = key.split(".")
    for parent in parents:
        body = body.setdefault(parent, {})
    body[last] = value


def _incoming(field: Field, response: Values, prior: Values) -> Any:
    kept = prior.get(field.name)
    if not field.returned:
        return kept
    value: Any = response
    for key in field.key.split("."):
        if not isinstance(value, dict) or key not in value:
            return kept
        value = value[key]
    if (
        _is_json(field)
        and field.optional
        and field.default is None
        and value in (None, {}, [], "")
        and kept in (None, UNKNOWN)
    ):
        # An API may show that there is nothing as something empty.
        return None
    inner = _inner(field)
    if not inner or value is None:
        return value
    if isinstance(value, list):
        olds = kept if isinstance(kept, list) else []
        return [
            {each.name: _incoming(each, item, olds[index] if index < len(olds) else {}) for each in inner}
            for index, item in enumerate(value)
        ]
    return {each.name: _incoming(each, value, kept if isinstance(kept, dict) else {}) for each in inner}
