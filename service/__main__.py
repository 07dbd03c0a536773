"""The command `personalization`."""

import argparse
import os
import sys
from collections.abc import Sequence

import service
from service.settings import ConfigurationError, add_options, read_settings

EXIT_CANNOT_SERVE = 1
EXIT_CONFIGURATION = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command with these arguments, those of the process by default, and return its exit code."""
    parser = argparse.ArgumentParser(prog="personalization", description="The personalization service of Memovee.")
    parser.add_argument("--version", action="version", version=service.__version__)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    serving = commands.add_parser(
        "serve",
        help="serve profiles over HTTP",
        description="Serve profiles over HTTP. Each setting is an option or an environment variable; the option wins.",
    )
    add_options(serving)
    options = parser.parse_args(arguments)
    try:
        settings = read_settings(options, os.environ)
    except ConfigurationError as error:
        for problem in error.problems:
            _say(problem)
        return EXIT_CONFIGURATION
    # Loading the server takes longer than reading the settings, whose errors should come at once.
    from service.server import CannotServeError, serve  # noqa: PLC0415 - the reason stands above

    try:
        serve(settings)
    except CannotServeError as error:
        _say(str(error))
        return EXIT_CANNOT_SERVE
    return 0


def _say(sentence: str) -> None:
    sys.stderr.write(f"personalization: {sentence}\n")


if __name__ == "__main__":
    sys.exit(main())
