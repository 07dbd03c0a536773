"""Checks of single attributes. Their texts begin as terraform-plugin-framework's do."""

from __future__ import annotations

from provider.framework.durations import seconds
from provider.framework.json_text import JsonError, check_depth, parse
from provider.framework.schema import JSON, NUMBER
from provider.protocol.values import UNKNOWN, Written

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from provider.framework.diagnostics import Diagnostics, Path
    from provider.framework.schema import Attribute, Validator
    from provider.framework.values import Fields, Values


def validate(fields: Fields, config: Values, diagnostics: Diagnostics, path: Path = ()) -> None:
    """Check every known value of a configuration, at every depth."""
    for field in fields:
        value, here = config[field.name], (*path, field.name)
        if value is None or value is UNKNOWN:
            continue
        if field.type == JSON:
            _json(field, here, value, diagnostics)  # type: ignore[arg-type]
        elif field.type == NUMBER and isinstance(value, Written):
            _carried(here, value, diagnostics)
        for validator in field.validators:
            validator(field, here, value, diagnostics)  # type: ignore[arg-type]
        if field.fields:
            items = enumerate(value) if isinstance(value, list) else ((None, value),)
            for index, item in items:
                if item is not UNKNOWN:
                    validate(field.fields, item, diagnostics, here if index is None else (*here, index))


def refuse_write_only(fields: Fields, config: Values, diagnostics: Diagnostics) -> None:
    """Refuse what is write-only where Terraform is too old to keep it out of its files."""
    for field in fields:
        if field.write_only and config[field.name] is not None:
            detail = f"Attribute {field.name} needs Terraform 1.11 or newer: an older one would write it to its state."
            diagnostics.error("Write-Only Attribute Not Allowed", detail, (field.name,))


def one_of(allowed: tuple[str, ...]) -> Validator:
    """Return a check that a text is one of those allowed."""

    def check(attribute: Attribute, path: Path, value: Any, diagnostics: Diagnostics) -> None:
        if value not in allowed:
            choices = " ".join(f'"{choice}"' for choice in allowed)
            got = "" if attribute.sensitive else f', got: "{value}"'
            detail = f"Attribute {dotted(path)} value must be one of: [{choices}]{got}"
            diagnostics.error("Invalid Attribute Value Match", detail, path)

    return check


def non_empty(_attribute: Attribute, path: Path, value: Any, diagnostics: Diagnostics) -> None:
    """Refuse the empty text and the empty list."""
    if not value:
        what = "string length must be at least 1" if isinstance(value, str) else "list must contain at least 1 element"
        diagnostics.error("Invalid Attribute Value Length", f"Attribute {dotted(path)} {what}, got: 0", path)


def between(low: int, high: int) -> Validator:
    """Return a check that a number lies in a range, both ends included."""

    def check(_attribute: Attribute, path: Path, value: Any, diagnostics: Diagnostics) -> None:
        if not low <= value <= high:
            detail = f"Attribute {dotted(path)} value must be between {low} and {high}, got: {value}"
            diagnostics.error("Invalid Attribute Value", detail, path)

    return check


def minimum(least: int) -> Validator:
    """Return a check that a number is not less."""

    def check(_attribute: Attribute, path: Path, value: Any, diagnostics: Diagnostics) -> None:
        if value < least:
            detail = f"Attribute {dotted(path)} value must be at least {least}, got: {value}"
            diagnostics.error("Invalid Attribute Value", detail, path)

    return check


def whole(_attribute: Attribute, path: Path, value: Any, diagnostics: Diagnostics) -> None:
    """Refuse fractions, in a number or a list of numbers."""
    for number in value if isinstance(value, list) else (value,):
        if isinstance(number, float) and not number.is_integer():
            detail = f"Attribute {dotted(path)} value must be a whole number, got: {number}"
            diagnostics.error("Invalid Attribute Value", detail, path)


def duration(_attribute: Attribute, path: Path, value: Any, diagnostics: Diagnostics) -> None:
    """Refuse what is no duration."""
    if seconds(value) is None:
        detail = f'Attribute {dotted(path)} value must be a duration such as "30s", "10m" or "1h30m", got: "{value}"'
        diagnostics.error("Invalid Attribute Value", detail, path)


def dotted(path: Path) -> str:
    """Write a path as terraform-plugin-framework does: `wait_for[0].field`."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).removeprefix(".")


def _carried(path: Path, value: Written, diagnostics: Diagnostics) -> None:
    """Refuse a fraction that Terraform takes for another one at apply than at plan.

    In between it keeps what a double holds exactly as that double, and it compares numbers by their shortest texts, in
    which a double may have fewer digits than were written. Source: cty's msgpack.Marshal and Value.RawEquals.
    """
    from fractions import Fraction  # noqa: PLC0415 - hardly a number has so many digits

    if Fraction(value.text) == value:
        detail = f"Attribute {dotted(path)} value has more digits than Terraform can apply, write: {float(value)}"
        diagnostics.error("Invalid Attribute Value", detail, path)


def _json(attribute: Attribute, path: Path, value: str, diagnostics: Diagnostics) -> None:
    what = str(path[-1]).removesuffix("_json")
    summary = f"Invalid {what.capitalize()}"
    try:
        document = parse(value)
        check_depth(document)
    except JsonError as error:
        advice = "Write JSON by jsonencode(…), and YAML by jsonencode(yamldecode(…))."
        diagnostics.error(summary, f"Unable to parse {what} JSON: {error}. {advice}", path)
        return
    if document is None and (attribute.required or attribute.default is not None):
        diagnostics.error(summary, f"Attribute {dotted(path)} must not be the JSON document null.", path)
