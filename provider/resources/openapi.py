"""The function `openapi`: a document in YAML or JSON becomes the JSON that a specification takes."""

from __future__ import annotations

from provider.framework.function import Function, FunctionFailure
from provider.framework.json_text import JsonError, canonical, parse

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

MOST_VALUES = 1_000_000
"""How many values a document may have, with those that aliases stand for."""


def openapi(text: str) -> str:
    """Return a document, YAML or JSON, as canonical JSON.

    Raises:
        FunctionFailure: it is neither, or no OpenAPI document that yields actions; the text says where.
    """
    from tama.catalog.openapi import BadDocument, describe  # noqa: PLC0415 - few runs call the function

    document = _read(text)
    if not isinstance(document, dict):
        raise FunctionFailure("An OpenAPI document is an object.", 0)
    try:
        describe(document)
    except BadDocument as problem:
        raise FunctionFailure(str(problem), 0) from None
    return canonical(document)


OPENAPI = Function(
    "Reads an OpenAPI document",
    "Takes the text of an OpenAPI document, in YAML or JSON, and returns it as JSON for the `schema` of a "
    "`tama_specification`. A document that cannot be processed is an error that says where in it and why.",
    (("text", 'The document, e.g. `file("api.yaml")`.'),),
    openapi,
)


def _read(text: str) -> Any:
    if text.lstrip().startswith("{"):
        try:
            return parse(text)
        except JsonError as error:
            raise FunctionFailure(f"The text is not JSON: {error}.", 0) from None
    from provider.resources.yaml_text import YamlError, parse_yaml  # noqa: PLC0415 - as above

    try:
        return parse_yaml(text, MOST_VALUES)
    except YamlError as error:
        raise FunctionFailure(f"The text is not YAML: {error}.", 0) from None
