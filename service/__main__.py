"""The command `personalization`."""

import argparse
import sys
from collections.abc import Sequence

import service
from service.commands import backup, check, keys, restore, serve
from service.commands.outcome import EXIT_CONFIGURATION, EXIT_FAILED, CommandError
from service.settings import ConfigurationError

COMMANDS = (serve, keys, backup, restore, check)


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(prog="personalization", description="The personalization service of Memovee.")
    parser.add_argument("--version", action="version", version=service.__version__)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
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
    try:
        options.run(options)
    except ConfigurationError as error:
        for problem in error.problems:
            _say(problem)
        return EXIT_CONFIGURATION
    except CommandError as error:
        _say(str(error))
        return EXIT_FAILED
    return 0


def _say(sentence: str) -> None:
    sys.stderr.write(f"personalization: {sentence}\n")


if __name__ == "__main__":
    sys.exit(main())
