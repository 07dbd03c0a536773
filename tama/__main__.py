"""The command `tama`: look into an embedded control plane, and call the actions that it holds."""

from __future__ import annotations

import argparse
import os
import signal
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

    from tama.control_plane import ControlPlane

SUCCESS, REFUSED, UNUSABLE = 0, 1, 2
# What a shell reports of a program that the signal ends.
_INTERRUPTED, _UNREAD = 128 + signal.SIGINT, 128 + signal.SIGPIPE

_OVERVIEW = """\
Look into a control plane of Tama, and call the actions that it holds.

A control plane keeps what a Terraform configuration declared: spaces, the specifications in them, and
the actions that a specification's document yields. It is named by its base URL. The one that the
provider runs by itself lies in a folder, and its base URL is embedded:<folder>."""

_EXAMPLES = """\
first steps:
  tama list --base-url embedded:./tama
      what is there: the ids in its first columns are what other commands ask for
  tama call --base-url embedded:./tama <specification id>:get-profile '{"path": {"actor_id": "ana"}}'
      call an action as a model would, and print the answer
  tama call --help
      what a tool call may hold

TAMA_BASE_URL in the environment stands for --base-url."""

_CALL = """\
Call an action as Tama does for a model: with the specification's endpoint and its source identity.
Prints {"status": …, "body": …} as JSON."""

_CALL_DETAILS = """\
a tool call holds those of these members that the operation has:
  path, query, header   objects with the operation's parameters by name
  body                  the request's body

exit status: 0 when the answer's status is a 2xx, 1 for another answer, 2 when no call was made or no
answer came"""

_TABLES: tuple[tuple[str, str, str, tuple[str, ...]], ...] = (
    ("spaces", "Spaces", "space", ("id", "slug", "type", "name")),
    ("specifications", "Specifications", "specification", ("id", "space_id", "current_state", "version", "endpoint")),
    (
        "source_identities",
        "Source identities",
        "source_identity",
        ("id", "specification_id", "current_state", "identifier"),
    ),
    ("actions", "Actions", "action", ("id", "specification_id", "method", "path", "identifier")),
    ("bridges", "Bridges", "space_bridge", ("id", "space_id", "target_space_id")),
)


class _UnusableError(Exception):
    """The command cannot be carried out; the message says in a sentence what to do."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command.

    Args:
        arguments: those of the command line, without the program's name; by default the process's.

    Returns:
        The exit status: 0 for success, 1 when an action answered with another status than a 2xx, 2 for bad usage and
        for what cannot be reached; 130 and 141, as shells have it, when it is interrupted or nobody reads its output.
    """
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.version:
        from importlib.metadata import version  # noqa: PLC0415 - it is slow, and seldom asked for

        sys.stdout.write(f"tama {version('memovee-personalization')}\n")
        return SUCCESS
    if options.command is None:
        parser.print_help()
        return SUCCESS
    from tama.control_plane.errors import CallError, StoreError  # noqa: PLC0415 - help needs no control plane

    try:
        status: int = options.command(options)
    except (_UnusableError, CallError, StoreError) as error:
        sys.stderr.write(f"tama: {error}\n")
        return UNUSABLE
    except BrokenPipeError:
        # Whoever reads the output has seen enough; Python must not try to write the rest when it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _UNREAD
    except KeyboardInterrupt:
        return _INTERRUPTED
    return status


def _parser() -> argparse.ArgumentParser:
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser("tama", description=_OVERVIEW, epilog=_EXAMPLES, formatter_class=form)
    parser.set_defaults(command=None)
    parser.add_argument("--version", action="store_true", help="show the version and exit")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--base-url", metavar="URL", help="embedded:<folder>; by default the value of TAMA_BASE_URL")

    list_ = commands.add_parser("list", parents=[common], help="show what a control plane holds")
    list_.add_argument("--json", action="store_true", help="print one JSON object in the place of tables")
    list_.set_defaults(command=_list)

    call = commands.add_parser(
        "call",
        parents=[common],
        help="call an action",
        description=_CALL,
        epilog=_CALL_DETAILS,
        formatter_class=form,
    )
    call.add_argument("action", metavar="ACTION", help="an action's id, or <specification id>:<operationId>")
    call.add_argument("tool_call", metavar="TOOL_CALL", help="the tool call as JSON; '-' reads it from the input")
    call.set_defaults(command=_call)
    return parser


def _list(options: argparse.Namespace) -> int:
    plane = _opened(options.base_url)
    found = {name: _listed(plane, kind) for name, _, kind, _ in _TABLES}
    if options.json:
        _print_json(found)
        return SUCCESS
    tables = [_table(title, columns, found[name]) for name, title, _, columns in _TABLES]
    _print("\n\n".join(tables))
    return SUCCESS


def _listed(plane: ControlPlane, kind: str) -> list[dict[str, Any]]:
    """The objects of a kind, without the OpenAPI documents, which are long."""
    if kind != "specification":
        return plane.objects(kind)
    return [{key: value for key, value in one.items() if key != "schema"} for one in plane.objects(kind)]


def _call(options: argparse.Namespace) -> int:
    from tama.control_plane.call import parsed_body  # noqa: PLC0415 - requests comes with it, which costs 190 ms

    tool_call = _parsed(sys.stdin.buffer.read() if options.tool_call == "-" else options.tool_call)
    response = _opened(options.base_url).call(options.action, tool_call)
    _print_json({"status": response.status, "body": parsed_body(response)})
    return SUCCESS if 200 <= response.status <= 299 else REFUSED  # noqa: PLR2004 - HTTP's class 2xx


def _parsed(text: str | bytes) -> object:
    import json  # noqa: PLC0415 - help needs none

    try:
        parsed: object = json.loads(text, object_pairs_hook=_object, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        raise _UnusableError(
            f"The tool call is not JSON (line {error.lineno}, column {error.colno}: {error.msg}); write it like"
            ' \'{"path": {"actor_id": "ana"}}\'.'
        ) from None
    except (ValueError, RecursionError):
        raise _UnusableError("The tool call is not UTF-8, nested too deep, or holds too long a number.") from None
    return parsed


def _object(members: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose keys are there once: which of two values is meant, only the caller knows."""
    made = dict(members)
    if len(made) < len(members):
        names = [name for name, _ in members]
        twice = next(name for name in names if names.count(name) > 1)
        raise _UnusableError(f"The tool call holds the key {twice!a} twice in one object; give it once.")
    return made


def _no_constant(name: str) -> object:
    raise _UnusableError(f"The tool call holds {name}, which is not JSON; give a number, or null.")


def _opened(base_url: str | None) -> ControlPlane:
    from tama.control_plane import ControlPlane  # noqa: PLC0415 - help needs none

    base_url = base_url or os.environ.get("TAMA_BASE_URL")
    if not base_url:
        raise _UnusableError("Say which control plane is meant: --base-url embedded:<folder>, or set TAMA_BASE_URL.")
    scheme, colon, folder = base_url.partition(":")
    if scheme.lower() in ("http", "https"):
        raise _UnusableError(
            "Over HTTP this command is not available yet; it works on a control plane in a folder:"
            " --base-url embedded:<folder>."
        )
    if scheme != "embedded" or not colon or not folder:
        raise _UnusableError(f"'{base_url}' is no base URL of a control plane; write embedded:<folder>.")
    return ControlPlane(folder, create=False)


def _table(title: str, columns: tuple[str, ...], rows: Iterable[dict[str, Any]]) -> str:
    heading = [column.removesuffix("_state").replace("_id", "").replace("_", " ").upper() for column in columns]
    lines = [heading, *([_cell(row, column) for column in columns] for row in rows)]
    if len(lines) == 1:
        return f"{title}: none"
    widths = [max(len(line[index]) for line in lines) for index in range(len(columns))]
    padded = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines]
    return "\n  ".join([title, *padded])


def _cell(row: dict[str, Any], column: str) -> str:
    text = str(row.get(column, ""))
    if column == "current_state" and "reason" in row:
        text = f"{text}: {row['reason']}"
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)


def _print_json(value: object) -> None:
    import json  # noqa: PLC0415 - help needs none

    _print(json.dumps(value, ensure_ascii=False))


def _print(text: str) -> None:
    # Half a surrogate pair has no UTF-8 form; the escape that takes its place is the one of JSON.
    sys.stdout.buffer.write(text.encode(errors="backslashreplace") + b"\n")
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    sys.exit(main())
