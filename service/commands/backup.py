"""`personalization backup`."""

import argparse
import os
from pathlib import Path
from typing import Any

from hosting.printing import print_text
from hosting.progress import waiting
from hosting.sqlite_copies import CopyError
from service.commands.outcome import CommandError
from service.settings import add_store_option, read_file
from service.storage.sqlite_copies import back_up


def add(commands: Any) -> None:
    """Declare the command."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "backup",
        help="copy the data file, also while it is served",
        description="Copy the data file as it is at one moment, also while it is served. The copy is checked before "
        "it has its name, and only its owner may read it: it holds all that the service knows.",
    )
    parser.add_argument("file", metavar="FILE", type=Path, help="where the copy goes")
    parser.add_argument("--force", action="store_true", help="replace FILE if it is there")
    add_store_option(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Back up the data file.

    Raises:
        ConfigurationError: the store is not named, or no file.
        CommandError: there is no copy.

    """
    store = read_file(options, os.environ)
    try:
        with waiting(f"copying {store}"):
            back_up(store, options.file, replace=options.force)
    except CopyError as error:
        raise CommandError(str(error)) from None
    print_text(f"backed up to {options.file}")
