"""Values between the wire, the state and the plan, by their schema."""

from __future__ import annotations

from provider.framework.json_text import parse, same
from provider.framework.schema import BOOL, JSON, LIST, NUMBER, NUMBERS, SINGLE, STRING, STRINGS, Block
from provider.protocol.values import UNKNOWN, Written, pack, unpack

_NULL = pack(None)
_WITHOUT_NUMBERS = frozenset((STRING, STRINGS, BOOL, JSON))

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from provider.framework.schema import Field

    Fields = tuple[Field, ...]
    Values = dict[str, Any]


def from_wire(fields: Fields, dynamic: dict[str, bytes] | None) -> Values | None:
    """Read a DynamicValue; what was not sent, and null, is None.

    Raises:
        WireError: malformed data, or a value that no schema of ours describes.
    """
    if not dynamic or is_null(dynamic):
        return None
    return _numbers_in(fields, unpack(dynamic["msgpack"]))  # type: ignore[no-any-return]


def is_null(dynamic: dict[str, bytes]) -> bool:
    """Tell whether a DynamicValue is null, without reading it."""
    return dynamic["msgpack"] == _NULL


def to_wire(values: Values | None) -> dict[str, bytes]:
    """Write a DynamicValue."""
    return {"msgpack": pack(values)}


def from_state(fields: Fields, text: bytes) -> Values:
    """Read a state as Terraform's file keeps it, in JSON; what the schema does not know is left out.

    Raises:
        JsonError: it is not JSON.
    """
    return complete(fields, parse(text.decode()))


def complete(fields: Fields, values: Values) -> Values:
    """Return values that hold every attribute and block, and nothing unknown: what is missing is null or empty."""
    return {field.name: _complete(field, values.get(field.name)) for field in fields}


def settle(fields: Fields, kept: Values | None, new: Values) -> Values:
    """Return `new`, with the value of `kept` wherever the two mean the same: JSON by meaning, no list as an empty one.

    An API answers in its own writing; this is what keeps a plan empty when nothing has changed.
    """
    kept = kept or {}
    return {field.name: _settle(field, kept.get(field.name), new.get(field.name)) for field in fields}


def conform(fields: Fields, planned: Values, new: Values) -> Values:
    """Return the planned values, with those of `new` where the plan says unknown.

    Terraform accepts nothing else after an apply. What the API made of a planned value is seen by the next read.
    """
    return {field.name: _conform(field, planned.get(field.name), new.get(field.name)) for field in fields}


def _numbers_in(fields: Fields, values: Any) -> Any:
    if not isinstance(values, dict):
        return values
    for field in fields:
        if field.type in _WITHOUT_NUMBERS:
            continue
        value = values.get(field.name)
        if value is None or value is UNKNOWN:
            continue
        if field.type == NUMBER:
            values[field.name] = _number(value)
        elif field.type == NUMBERS:
            values[field.name] = [_number(item) for item in value]
        elif field.nesting == LIST:
            values[field.name] = [_numbers_in(field.fields, item) for item in value]
        elif field.nesting == SINGLE:
            values[field.name] = _numbers_in(field.fields, value)
    return values


def _number(value: Any) -> Any:
    """Read a number that came as text: fractions, and integers of more than 64 bits."""
    if not isinstance(value, str):
        return value
    try:
        return int(value)
    except ValueError:
        return Written.of(value)


def _complete(field: Field, value: Any) -> Any:
    if value is None or value is UNKNOWN:
        return field.empty()
    if field.nesting == SINGLE:
        return complete(field.fields, value)
    if field.nesting == LIST:
        return [complete(field.fields, item) for item in value if item is not UNKNOWN]
    return value


def _settle(field: Field, kept: Any, new: Any) -> Any:
    if new == kept:
        return kept
    if field.type == JSON and isinstance(kept, str):
        # To an API, the document `null` is nothing.
        return kept if same(kept, new or "null") else new
    if new is None or new == []:
        return kept if kept == [] or (kept is None and not isinstance(field, Block)) else new or field.empty()
    if field.nesting == SINGLE and isinstance(new, dict):
        return settle(field.fields, kept if isinstance(kept, dict) else None, new)
    if field.nesting == LIST and isinstance(new, list):
        olds = kept if isinstance(kept, list) else []
        return [settle(field.fields, item_at(olds, index), item) for index, item in enumerate(new)]
    return new


def _conform(field: Field, planned: Any, new: Any) -> Any:
    if planned is UNKNOWN:
        return _complete(field, new)
    if field.nesting == SINGLE and isinstance(planned, dict):
        return conform(field.fields, planned, new if isinstance(new, dict) else {})
    if field.nesting == LIST and isinstance(planned, list):
        news = new if isinstance(new, list) else []
        return [conform(field.fields, item, item_at(news, index) or {}) for index, item in enumerate(planned)]
    return planned


def item_at(items: list[Any], index: int) -> Values | None:
    """Return the object at `index`, or None when the list ends before it or what stands there is no object."""
    item = items[index] if index < len(items) else None
    return item if isinstance(item, dict) else None
