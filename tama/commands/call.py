"""`tama call`."""

from __future__ import annotations

import argparse
import sys

from tama.commands.opening import opened
from tama.commands.outcome import REFUSED, SUCCESS, UnusableError
from tama.commands.printing import print_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_CALL = """\
Call an action as Tama does for a model: with the specification's endpoint and its source identity.
Prints {"status": …, "body": …} as JSON."""

_CALL_DETAILS = """\
a tool call holds those of these members that the operation has:
  path, query, header   objects with the operation's parameters by name
  body                  the request's body

exit status: 0 when the answer's status is a 2xx, 1 for another answer, 2 when no call was made or no
answer came"""


def add(commands: Any, common: argparse.ArgumentParser) -> None:
    """Declare the command."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "call",
        parents=[common],
        help="call an action",
        description=_CALL,
        epilog=_CALL_DETAILS,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("action", metavar="ACTION", help="an action's id, or <specification id>:<operationId>")
    parser.add_argument("tool_call", metavar="TOOL_CALL", help="the tool call as JSON; '-' reads it from the input")
    parser.set_defaults(command=run)


def run(options: argparse.Namespace) -> int:
    """Call the action, and print what came back."""
    from tama.control_plane.call import parsed_body  # noqa: PLC0415 - requests comes with it, which costs 190 ms

    tool_call = _parsed(sys.stdin.buffer.read() if options.tool_call == "-" else options.tool_call)
    response = opened(options.base_url).call(options.action, tool_call)
    print_json({"status": response.status, "body": parsed_body(response)})
    return SUCCESS if 200 <= response.status <= 299 else REFUSED  # noqa: PLR2004 - HTTP's class 2xx


def _parsed(text: str | bytes) -> object:
    import json  # noqa: PLC0415 - help needs none

    try:
        parsed: object = json.loads(text, object_pairs_hook=_object, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        raise UnusableError(
            f"The tool call is not JSON (line {error.lineno}, column {error.colno}: {error.msg}); write it like"
            ' \'{"path": {"actor_id": "ana"}}\'.'
        ) from None
    except (ValueError, RecursionError):
        raise UnusableError("The tool call is not UTF-8, nested too deep, or holds too long a number.") from None
    return parsed


def _object(members: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose keys are there once: which of two values is meant, only the caller knows."""
    made = dict(members)
    if len(made) < len(members):
        names = [name for name, _ in members]
        twice = next(name for name in names if names.count(name) > 1)
        raise UnusableError(f"The tool call holds the key {twice!a} twice in one object; give it once.")
    return made


def _no_constant(name: str) -> object:
    raise UnusableError(f"The tool call holds {name}, which is not JSON; give a number, or null.")
