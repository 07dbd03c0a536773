"""The command `personalization`."""

import argparse
import sys
from collections.abc import Callable, Sequence
from functools import partial

import service
from hosting.outcome import carried_out
from service.commands import backup, check, keys, migrate, restore, serve, tables

COMMANDS = (serve, keys, backup, restore, check, migrate, tables)


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(prog="personalization", description="The personalization service of Memovee.")
    parser.add_argument("--version", action="version", version=service.__version__)
    commands = parser.add_subparsers(dest="command", title="commands", metavar="COMMAND")
    for command in COMMANDS:
        command.add(commands)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command with these arguments, those of the process by default, and return its exit code."""
    parser = make_parser()
    options = parser.parse_args(arguments)
    if options.command is None:
        parser.print_help()
        return 0
    run: Callable[[], None] = partial(options.run, options)
    return carried_out(parser.prog, run)


if __name__ == "__main__":
    sys.exit(main())
