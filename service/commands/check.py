"""`personalization check`."""

import argparse
import os
from typing import Any

from hosting.printing import print_json
from hosting.progress import waiting
from hosting.sqlite_copies import CopyError
from service.commands.outcome import CommandError
from service.settings import add_store_option, read_file
from service.storage.sqlite_copies import inspect


def add(commands: Any) -> None:
    """Declare the command."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "check",
        help="check the data file, also while it is served",
        description="Check that the data file is whole, also while it is served, and print the version of its schema "
        "and how many things of each kind it holds, as JSON. A damaged file ends in exit code 1.",
    )
    add_store_option(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Check the data file.

    Raises:
        ConfigurationError: the store is not named, or no file.
        CommandError: the file is damaged, or cannot be read.

    """
    store = read_file(options, os.environ)
    try:
        with waiting(f"checking {store}"):
            report = inspect(store)
    except CopyError as error:
        raise CommandError(str(error)) from None
    print_json(report, indent=2)
