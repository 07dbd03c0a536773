"""`personalization serve`."""

import argparse
import os
from typing import Any

from service.commands.outcome import CommandError
from service.settings import add_options, read_settings


def add(commands: Any) -> None:
    """Declare the command."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "serve",
        help="serve profiles over HTTP",
        description="Serve profiles over HTTP. Each setting is an option or an environment variable; the option wins.",
    )
    add_options(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Serve until a signal.

    Raises:
        ConfigurationError: the settings are not usable.
        CommandError: the service cannot start.

    """
    settings = read_settings(options, os.environ)
    # Loading the server takes longer than reading the settings, whose errors should come at once.
    from hosting.server import CannotServeError  # noqa: PLC0415 - the reason stands above
    from service.server import serve  # noqa: PLC0415 - as above

    try:
        serve(settings)
    except CannotServeError as error:
        raise CommandError(str(error)) from None
