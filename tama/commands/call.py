"""`tama call`."""

from __future__ import annotations

import argparse
import sys

from hosting.help import HelpFormatter
from hosting.outcome import FAILED, SUCCESS
from hosting.printing import print_json
from tama.commands.reaching import OURS, add_base_url, reached

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_CALL = """\
Call an action as Tama does for a model: with the specification's endpoint and its source identity. Prints
{"status": …, "body": …} as JSON."""

_CALL_DETAILS = """\
a tool call holds those of these members that the operation has:
  path, query, header   objects with the operation's parameters by name
  body                  the request's body

exit status: 0 when the answer's status is a 2xx, 1 for another answer or none, 2 for a tool call that is not JSON"""


def add(commands: Any) -> None:
    """Declare the command."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "call",
        help="call an action",
        description=_CALL,
        epilog=_CALL_DETAILS,
        formatter_class=HelpFormatter,
    )
    parser.add_argument("action", metavar="ACTION", help="an action's id, or <specification id>:<operationId>")
    parser.add_argument("tool_call", metavar="TOOL_CALL", help="the tool call as JSON; '-' reads it from the input")
    add_base_url(parser)
    parser.set_defaults(command=run)


def run(options: argparse.Namespace) -> int:
    """Call the action, and print what came back."""
    from tama.commands.json_text import parsed  # noqa: PLC0415 - help needs none

    content = sys.stdin.buffer.read() if options.tool_call == "-" else options.tool_call
    tool_call = parsed(content, "The tool call", 'write it like \'{"path": {"actor_id": "ana"}}\'')
    with reached(options) as client:
        answer = client.request("POST", f"{OURS}/calls", {"action": options.action, "tool_call": tool_call})
    print_json(answer)
    return SUCCESS if 200 <= answer["status"] <= 299 else FAILED  # noqa: PLR2004 - HTTP's class 2xx
