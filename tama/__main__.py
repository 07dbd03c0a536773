"""The command `tama`: look into a control plane, and call the actions that it holds."""

from __future__ import annotations

import argparse
import os
import sys

from tama.commands import call, clients, list_, serve
from tama.commands.outcome import INTERRUPTED, SUCCESS, UNREAD, UNUSABLE, UnusableError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

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
  tama clients add --store sqlite:plane/tama.db
  tama serve --store sqlite:plane/tama.db
      let the provider reach a control plane over HTTP, as this client

TAMA_BASE_URL in the environment stands for --base-url, TAMA_STORE for --store."""


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
    except (UnusableError, CallError, StoreError) as error:
        sys.stderr.write(f"tama: {error}\n")
        return UNUSABLE
    except BrokenPipeError:
        # Whoever reads the output has seen enough; Python must not try to write the rest when it ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return UNREAD
    except KeyboardInterrupt:
        return INTERRUPTED
    return status


def _parser() -> argparse.ArgumentParser:
    form = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser("tama", description=_OVERVIEW, epilog=_EXAMPLES, formatter_class=form)
    parser.set_defaults(command=None)
    parser.add_argument("--version", action="store_true", help="show the version and exit")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--base-url", metavar="URL", help="embedded:<folder>; by default the value of TAMA_BASE_URL")

    for command in (list_, call, serve, clients):
        command.add(commands, common)
    return parser


if __name__ == "__main__":
    sys.exit(main())
