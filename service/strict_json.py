"""JSON without what its parsers pass over in silence (RFC 8259).

orjson holds to the grammar and says where a text leaves it; the standard library is asked in addition because only it
shows a key that is there twice.
"""

import json
import re
from collections.abc import Iterator

import orjson

from service.refusal import Detail, Refused, pointer

MAX_DEPTH = 32
_BOM = "\N{ZERO WIDTH NO-BREAK SPACE}"
# The closing quote is optional so that a string without one is scanned once, not once from each of its quotes.
_STRUCTURE = re.compile(r'"(?:[^"\\]++|\\.)*+"?|[\[{]|[\]}]', re.DOTALL)


def parse(body: bytes, max_depth: int = MAX_DEPTH) -> object:
    """Parse a JSON text in UTF-8, nested at most `max_depth` deep; a byte order mark before it is passed over.

    Raises:
        Refused: `malformed_json` with line and column, `nested_too_deeply`, or `duplicate_key` with pointers.

    """
    text = _decode(body).removeprefix(_BOM)
    if _depth(text, max_depth) > max_depth:
        raise Refused("nested_too_deeply")
    try:
        orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise _malformed(error.msg, error.lineno, error.colno) from None
    try:
        return _STRICT.decode(text)
    except _DuplicateKeyError:
        places = _duplicates(json.loads(text, object_pairs_hook=_Members), ())
        details = [Detail(place, "This key is there more than once.") for place in places]
        raise Refused("duplicate_key", details=details) from None


def _decode(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        before = body[: error.start].decode()
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        raise _malformed("the text is not UTF-8", line, column) from None


def _malformed(reason: str, line: int, column: int) -> Refused:
    return Refused("malformed_json", f"The body is not JSON: {reason} at line {line}, column {column}.")


def _depth(text: str, max_depth: int) -> int:
    if text.count("[") + text.count("{") <= max_depth:
        return 0
    deepest = depth = 0
    for token in _STRUCTURE.finditer(text):
        match token[0]:
            case "[" | "{":
                depth += 1
                deepest = max(deepest, depth)
            case "]" | "}":
                depth -= 1
    return deepest


class _DuplicateKeyError(Exception):
    pass


class _Members(list[tuple[str, object]]):
    """The members of an object, one of each occurrence."""


def _unique(members: list[tuple[str, object]]) -> dict[str, object]:
    unique = dict(members)
    if len(unique) != len(members):
        raise _DuplicateKeyError
    return unique


_STRICT = json.JSONDecoder(object_pairs_hook=_unique)


def _duplicates(value: object, path: tuple[object, ...]) -> Iterator[str]:
    if isinstance(value, _Members):
        seen: set[str] = set()
        for key, member in value:
            if key in seen:
                yield pointer(*path, key)
            seen.add(key)
            yield from _duplicates(member, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _duplicates(item, (*path, index))
