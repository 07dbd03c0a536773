"""JSON that people hand over, read strictly."""

from __future__ import annotations

import json
import sys

from hosting.outcome import UnusableError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def content(file: str) -> bytes:
    """What is in a file, or comes from the standard input where it is named `-`.

    Raises:
        UnusableError: it cannot be read.
    """
    if file == "-":
        return sys.stdin.buffer.read()
    try:
        with open(file, "rb") as opened:  # noqa: PTH123 - the command needs no pathlib
            return opened.read()
    except OSError as error:
        raise UnusableError(f"The file '{file}' cannot be read: {error.strerror}.") from None


def parsed(text: str | bytes, what: str, example: str) -> object:
    """The value of a JSON text.

    Args:
        text: the text; bytes are UTF-8.
        what: how messages begin that are about it, e.g. `The tool call`.
        example: what the message ends with when it is no JSON.

    Raises:
        UnusableError: it is not JSON, or holds a key twice: which of two values is meant, only the caller knows.
    """

    def object_(members: list[tuple[str, Any]]) -> dict[str, Any]:
        made = dict(members)
        if len(made) < len(members):
            names = [name for name, _ in members]
            twice = next(name for name in names if names.count(name) > 1)
            raise UnusableError(f"{what} holds the key {twice!a} twice in one object; give it once.")
        return made

    def no_constant(name: str) -> object:
        raise UnusableError(f"{what} holds {name}, which is not JSON; give a number, or null.")

    try:
        value: object = json.loads(text, object_pairs_hook=object_, parse_constant=no_constant)
    except json.JSONDecodeError as error:
        at = f"line {error.lineno}, column {error.colno}: {error.msg}"
        raise UnusableError(f"{what} is not JSON ({at}); {example}.") from None
    except (ValueError, RecursionError):
        raise UnusableError(f"{what} is not UTF-8, nested too deep, or holds too long a number.") from None
    return value
