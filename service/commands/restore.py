"""`personalization restore`."""

import argparse
import os
from pathlib import Path
from typing import Any

from hosting.printing import print_json, print_text
from hosting.progress import waiting
from hosting.sqlite_copies import CopyError
from service.commands.outcome import CommandError
from service.settings import add_store_option, read_file
from service.storage.sqlite_copies import restore


def add(commands: Any) -> None:
    """Declare the command."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "restore",
        help="make a backup the data file again",
        description="Make a backup the data file again, while it is not served. What it holds begins a new life: an "
        "ETag from before matches nothing. Who was erased after the backup was made, as the log of erasures beside the "
        "data file says, is erased again, and whose consent stands withdrawn by that log has withdrawn it.",
    )
    parser.add_argument("file", metavar="FILE", type=Path, help="the backup; it stays as it is")
    parser.add_argument("--force", action="store_true", help="replace the data file if it is there, with all it holds")
    parser.add_argument("--json", action="store_true", help="print one JSON object with erased_again")
    add_store_option(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Restore a backup.

    Raises:
        ConfigurationError: the store is not named, or no file.
        CommandError: the data file is as it was.

    """
    store = read_file(options, os.environ)
    try:
        with waiting(f"restoring {store}"):
            erased = restore(options.file, store, replace=options.force)
    except CopyError as error:
        raise CommandError(str(error)) from None
    if options.json:
        print_json({"erased_again": erased})
        return
    print_text(
        f"restored from {options.file}\n"
        f"erased again: {erased} {'actor' if erased == 1 else 'actors'}\n"
        "Credentials that were revoked after the backup was made are valid again: see `personalization keys list`."
    )
