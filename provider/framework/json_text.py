"""JSON in attributes: read with its errors' places, compared by meaning, written in one canonical form.

`json` is imported when the first text is read: it costs 8 ms, and most launches read none.
"""

from __future__ import annotations

from provider.protocol.values import Written

_DEEPEST = 200  # what compares and writes documents takes a few calls a level, and Python 1,000 in all

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn


class JsonError(ValueError):
    """A text is not JSON; the message says what is wrong and where, by line and column."""


def parse(text: str) -> Any:
    """Read a JSON text; integers keep every digit, and fractions do where they become a value of Terraform's.

    Raises:
        JsonError: bad syntax (RFC 8259), a key given twice, a number that no double can hold, or nested too deeply.
    """
    import json  # noqa: PLC0415 - see above

    try:
        return json.loads(text, parse_float=_float, parse_constant=_constant, object_pairs_hook=_object)
    except json.JSONDecodeError as error:
        raise JsonError(f"{error.msg} at line {error.lineno}, column {error.colno}") from None
    except JsonError:
        raise
    except ValueError:
        raise JsonError("an integer has too many digits") from None
    except RecursionError:
        raise JsonError("it is nested too deeply") from None


def check_depth(document: object) -> None:
    """Refuse a document that could be read, and not be worked with.

    Raises:
        JsonError: it is nested deeper than 200 levels.
    """
    level = [document]
    for _ in range(_DEEPEST):
        level = [
            inner
            for each in level
            if isinstance(each, (dict, list))
            for inner in (each.values() if isinstance(each, dict) else each)
        ]
        if not level:
            return
    raise JsonError("it is nested too deeply")


def same(one: str, other: str) -> bool:
    """Tell whether two texts mean the same document; a text that is no JSON means nothing, so False."""
    try:
        return equal(parse(one), parse(other))
    except (JsonError, RecursionError):
        return False


def equal(one: Any, other: Any) -> bool:
    """Tell whether two parsed documents are the same."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(equal(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(equal, one, other))
    # In Python true equals 1.
    return isinstance(one, bool) is isinstance(other, bool) and bool(one == other)


def canonical(document: object) -> str:
    """Write a document with sorted keys and without white space."""
    import json  # noqa: PLC0415 - see above

    text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    try:
        text.encode()
    except UnicodeEncodeError:  # an escaped lone surrogate: legal JSON, but no text that could be sent
        text = json.dumps(document, sort_keys=True, separators=(",", ":"))
    return text


def _float(text: str) -> float:
    number = Written.of(text)
    if number - number != 0:
        raise JsonError(f"the number {text[:40]} is too large")
    return number


def _constant(name: str) -> NoReturn:
    raise JsonError(f"{name} is not a JSON value")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise JsonError(f"the key {twice!r} is given twice in one object")
    return members
