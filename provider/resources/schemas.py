"""From declarations to the framework's schemas."""

from __future__ import annotations

from provider.framework.schema import (
    BOOL,
    JSON,
    LIST,
    NUMBER,
    NUMBERS,
    SINGLE,
    STRING,
    STRINGS,
    Attribute,
    Block,
    Schema,
)
from provider.framework.validators import dotted, duration, minimum, non_empty, one_of, whole
from tama.catalog import declaration

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from provider.framework.diagnostics import Diagnostics, Path
    from provider.framework.schema import Field, Validator

_TYPES = {
    "string": STRING,
    "integer": NUMBER,
    "number": NUMBER,
    "boolean": BOOL,
    "json": JSON,
    "strings": STRINGS,
    "integers": NUMBERS,
}
_NESTINGS = {"object": SINGLE, "objects": LIST}

_WAIT_FOR = declaration.Block(
    "wait_for",
    "What to wait for after a create or an update; all conditions must hold.",
    (),
    blocks=(
        declaration.Block(
            "field",
            "A condition.",
            (
                declaration.Text(
                    "name",
                    "The field of the response, e.g. `current_state`; dots descend.",
                    required=True,
                    non_empty=True,
                ),
                declaration.Texts("in", "The values that are waited for.", required=True, non_empty=True),
            ),
            many=True,
        ),
    ),
    many=True,
)


def resource_schema(resource: declaration.Resource) -> Schema:
    """Return the schema of a resource: what is declared, its id, and waits and timeouts where it settles."""
    fields = (
        Attribute("id", STRING, f"The id of the {resource.thing}.", computed=True),
        *_fields(resource.attributes),
        *_fields(resource.blocks),
    )
    if resource.settles:
        fields += (_field(_WAIT_FOR), timeouts())
    return Schema(fields, resource.summary)


def data_source_schema(source: declaration.DataSource) -> Schema:
    """Return the schema of a data source."""
    return Schema(_fields(source.attributes) + _fields(source.blocks), source.summary)


def timeouts(default: str = "10 minutes") -> Block:
    """Return the block `timeouts`, whose description names the default."""
    durations = tuple(
        Attribute(
            operation,
            STRING,
            f"As in `30s` or `10m`; {default} when not given.",
            optional=True,
            validators=(duration,),
        )
        for operation in ("create", "update")
    )
    return Block("timeouts", durations, "How long a create or an update may wait.", nesting=SINGLE)


def _fields(declared: tuple[declaration.Attribute, ...] | tuple[declaration.Block, ...]) -> tuple[Field, ...]:
    return tuple(_field(field) for field in declared)


def _field(field: declaration.Attribute | declaration.Block) -> Field:
    if isinstance(field, declaration.Block):
        inner = _fields(field.attributes) + _fields(field.blocks)
        return Block(
            field.name, inner, field.description, nesting=LIST if field.many else SINGLE, required=field.required
        )
    return Attribute(
        field.name,
        _TYPES.get(field.kind, ""),
        field.description,
        required=field.required,
        optional=field.optional,
        computed=field.computed,
        sensitive=field.sensitive,
        requires_replace=field.replaces,
        default=field.default,
        clears=field.clears,
        follows=field.follows,
        validators=_validators(field),
        attributes=tuple(_field(inner) for inner in field.attributes),  # type: ignore[misc]
        nesting=_NESTINGS.get(field.kind, 0),
        write_only=field.write_only,
    )


def _validators(attribute: declaration.Attribute) -> tuple[Validator, ...]:
    validators: tuple[Validator, ...] = ()
    if attribute.one_of:
        validators += (one_of(attribute.one_of),)
    if attribute.non_empty:
        validators += (non_empty,)
    if attribute.url:
        validators += (_base_url,)
    if attribute.kind in {"integer", "integers"}:
        validators += (whole,)
    if attribute.minimum is not None:
        validators += (minimum(attribute.minimum),)
    return validators


def _base_url(_attribute: Attribute, path: Path, value: Any, diagnostics: Diagnostics) -> None:
    """Refuse what paths cannot be put behind."""
    from tama.catalog.urls import BASE_URL, is_base_url  # noqa: PLC0415 - few resources have one

    if not is_base_url(value):
        diagnostics.error("Invalid Attribute Value", f"Attribute {dotted(path)} value must be {BASE_URL}.", path)
