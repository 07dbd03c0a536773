"""What is wrong with a body, said so that a language model can mend it in one try."""

import re
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from typing import Any

import jsonschema_rs
import orjson

from service.contract import Contract, Schema
from service.personalization.reading import Reading
from service.refusal import Detail, Refused

_WORDS_SHOWN = 8
_LONGEST_STATED = 200
_TYPES = {
    "array": "An array",
    "boolean": "A boolean",
    "integer": "A whole number",
    "null": "Null",
    "number": "A number",
    "object": "An object",
    "string": "A string",
}
_TYPE_OF = {
    bool: "boolean",
    dict: "object",
    int: "integer",
    list: "array",
    str: "string",
    type(None): "null",
}


def check(contract: Contract, validator: jsonschema_rs.Draft202012Validator, reading: Reading) -> None:
    """Check a reading against the contract.

    Raises:
        Refused: the code of the reading's subject, with each place that is wrong.

    """
    if validator.is_valid(reading.value):
        return
    details: dict[str, Detail] = {}
    for error in validator.iter_errors(reading.value):
        for detail in _explain(contract, error, reading):
            # A text without the form of a date fails twice; the first says more.
            details.setdefault(detail.pointer, detail)
    raise Refused(reading.subject.code, details=list(details.values()))


def _explain(contract: Contract, error: jsonschema_rs.ValidationError, reading: Reading) -> Iterator[Detail]:
    path = tuple(error.instance_path)
    kind: Any = error.kind
    if kind.name == "falseSchema":
        yield Detail(reading.pointer(path), "Nothing can stand here.")
        return
    schema = contract.at(error.schema_path[:-1])
    match kind.name:
        case "additionalProperties":
            for name in kind.unexpected:
                yield Detail(reading.pointer((*path, name)), _unknown(name, schema, reading), example=_example(schema))
        case "required":
            missing = contract.resolved(schema.get("properties", {}).get(kind.property, {}))
            detail = f"This is missing. {_described(missing)}"
            yield Detail(reading.pointer((*path, kind.property)), detail, missing.get("enum"), _example(missing))
        case "type":
            asked = " or ".join(_TYPES[name] for name in _listed(schema["type"])).capitalize()
            detail = f"{asked} is asked for, not {_sent(error.instance)}. "
            example = _example_like(schema, error.instance)
            yield Detail(reading.pointer(path), detail + _described(schema), schema.get("enum"), example)
        case "enum":
            detail = (
                f"This is not one of the allowed values.{_meant(error.instance, schema['enum'])} {_described(schema)}"
            )
            yield Detail(reading.pointer(path), detail, schema["enum"], _example(schema))
        case keyword:
            yield Detail(reading.pointer(path), _out_of_bounds(keyword, schema), example=_example(schema))


def _sent(value: object) -> str:
    return "a number with a fraction" if isinstance(value, float) else _TYPES[_TYPE_OF[type(value)]].lower()


def _listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def _unknown(name: str, schema: Schema, reading: Reading) -> str:
    known = schema.get("properties", {})
    noun = reading.subject.noun
    if name in reading.subject.wrappers:
        return f"A body is unwrapped once, and what is in it has no `{name}`. Send the {noun} itself as the body."
    return f"This is not known here.{_meant(name, known)} Known are {', '.join(known)}. {_described(schema)}"


def _meant(sent: object, known: Iterable[object]) -> str:
    texts = [text for text in known if isinstance(text, str)]
    close = get_close_matches(sent.strip().casefold(), texts, n=1, cutoff=0.7) if isinstance(sent, str) else []
    return f" Is `{close[0]}` meant?" if close else ""


def _out_of_bounds(keyword: str, schema: Schema) -> str:
    match keyword:
        case "minimum" | "maximum" if "minimum" in schema and "maximum" in schema:
            return f"This is not between {schema['minimum']} and {schema['maximum']}. {_described(schema)}"
        case "maxLength":
            return f"This is longer than {schema['maxLength']} characters. {_described(schema)}"
        case "maxItems":
            return f"This has more than {schema['maxItems']} entries. Send fewer at a time. {_described(schema)}"
        case "format" if schema["format"] == "date":
            return f"There is no such day in the calendar. {_described(schema)}"
        case _:
            return f"This does not have the form that is asked for. {_described(schema) or _stated(keyword, schema)}"


def _stated(keyword: str, schema: Schema) -> str:
    """Return a keyword as it stands in a schema that says nothing in words."""
    text = orjson.dumps(schema.get(keyword)).decode()
    return f"The schema asks for `{keyword}`: {text}." if len(text) <= _LONGEST_STATED else ""


def _described(schema: Schema) -> str:
    return re.sub(r"\s+", " ", schema.get("description", "")).strip()


def _example(schema: Schema) -> object:
    return schema.get("examples", [None])[0]


def _example_like(schema: Schema, sent: object) -> object:
    """Return the example of a schema; for names that were sent as text, the text's words as entries."""
    example = _example(schema)
    entry = example[0] if isinstance(example, list) else example
    if not isinstance(sent, str) or not isinstance(entry, dict) or "group" not in entry:
        return example
    entries = [{**entry, "index": index, "value": word} for index, word in enumerate(sent.split()[:_WORDS_SHOWN])]
    return entries if isinstance(example, list) else entries[0]
