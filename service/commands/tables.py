"""`personalization tables`."""

import argparse
import os
from typing import Any

from hosting.printing import print_text
from hosting.progress import waiting
from service.commands.outcome import CommandError
from service.settings import STORE, ConfigurationError, read_store
from service.storage import StoreUnavailableError
from service.storage.dynamodb_address import FORM, SCHEME


def add(commands: Any) -> None:
    """Declare the command."""
    parser: argparse.ArgumentParser = commands.add_parser("tables", help="make the table of a store on DynamoDB")
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    create = actions.add_parser(
        "create",
        help="make a table, and wait until it can be served",
        description="Make a table of DynamoDB that is charged by request, encrypted, and loses what has expired. What "
        "is there already stays, so a call that was cut off can be made again.",
    )
    create.add_argument("--store", metavar=FORM, help=f"the table. Environment: {STORE.variable}.")
    create.add_argument(
        "--kms-key", metavar="ID", help="the KMS key that encrypts it; without it one that AWS owns, at no cost"
    )
    create.add_argument(
        "--point-in-time-recovery",
        action="store_true",
        help="have it so that it can be restored to any second of the last 35 days, which AWS charges for",
    )
    create.set_defaults(run=run)


def run(options: argparse.Namespace) -> None:
    """Make a table.

    Raises:
        ConfigurationError: the store is not named as a table is.
        CommandError: it was not made, or not all of it.

    """
    place = read_store(options, os.environ)
    if not (isinstance(place, str) and place.startswith(SCHEME)):
        raise ConfigurationError(f"--store: it must have the form {FORM}")
    # Loading its client takes longer than to find out that the address is wrong.
    from service.storage.dynamodb_creating import create_table  # noqa: PLC0415 - the reason stands above

    try:
        with waiting("waiting for the table"):
            create_table(place, kms_key=options.kms_key, recovery=options.point_in_time_recovery)
    except StoreUnavailableError as error:
        raise CommandError(f"The table {place} cannot be made: {error}.") from None
    print_text(f"{place} can be served")
