"""`personalization keys`."""

import argparse
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson

from service.commands.outcome import CommandError
from service.contract import load_contract
from service.credentials import records
from service.credentials.records import CredentialError, Record
from service.credentials.tokens import rotate_signing_key
from service.settings import add_store_option, read_store
from service.storage import ItemStore
from service.storage.opening import CannotOpenError, open_beside

MAX_OVERLAP_S = 30 * 24 * 60 * 60


def add(commands: Any) -> None:
    """Declare the command."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "keys",
        help="add, list, revoke and rotate credentials, also while the store is served",
        description="Manage the credentials of callers. A running service takes a change up within 5 seconds.",
    )
    kinds = parser.add_subparsers(dest="keys_command", metavar="COMMAND", required=True)
    _declare_add(kinds)
    _declare(kinds, "list", _list, "print each credential as one line of JSON, without its secrets")
    revoke = _declare(kinds, "revoke", _revoke, "end a credential for good, with the tokens it was given")
    revoke.add_argument("id", metavar="ID", help="the credential, as `keys list` names it")
    _declare(
        kinds, "rotate-signing-key", _rotate_signing_key, "sign tokens with another key; the one until now counts on"
    )
    rotate = _declare(kinds, "rotate", _rotate, "give a credential another key and print it, once")
    rotate.add_argument("id", metavar="ID", help="the credential, as `keys list` names it")
    rotate.add_argument(
        "--overlap",
        metavar="SECONDS",
        type=_overlap,
        default=0,
        help="how long the key until now stays valid, at most 30 days. Default: 0, it ends at once.",
    )


def _declare_add(kinds: Any) -> None:
    parser = _declare(kinds, "add", _add, "make a credential and print its key, which is shown this once")
    parser.add_argument(
        "--tenant", metavar="TENANT", default="default", help="whose actors it reaches. Default: %(default)s."
    )
    parser.add_argument(
        "--scope",
        metavar="SCOPE",
        action="append",
        required=True,
        help="what it may do: a scope of the contract. Give the option once for each.",
    )
    parser.add_argument("--label", metavar="TEXT", default="", help="what you call it in lists")


def _declare(
    kinds: Any, name: str, act: Callable[[ItemStore, argparse.Namespace], None], summary: str
) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = kinds.add_parser(name, help=summary, description=f"{summary.capitalize()}.")
    add_store_option(parser)
    parser.set_defaults(run=run, act=act)
    return parser


def run(options: argparse.Namespace) -> None:
    """Do what is asked of the credentials in a store.

    Raises:
        ConfigurationError: the store is not named.
        CommandError: nothing was changed.

    """
    place = read_store(options, os.environ)
    if options.act is not _add and isinstance(place, Path) and not place.exists():
        # Only `keys add` makes a file; any other command on one that is not there has its name wrong.
        raise CommandError(f"There is no file {place}.")
    try:
        with open_beside(place) as store:
            options.act(store, options)
    except (CredentialError, CannotOpenError) as error:
        raise CommandError(str(error)) from None


def _add(store: ItemStore, options: argparse.Namespace) -> None:
    known = load_contract().schema("Scope")["enum"]
    if unknown := sorted(set(options.scope) - set(known)):
        raise CommandError(f"There is no scope {unknown[0]}. There are: {', '.join(known)}.")
    _print(records.add(store, options.tenant, options.scope, options.label, time.time()).text)


def _list(store: ItemStore, _options: argparse.Namespace) -> None:
    now = time.time()
    for record in records.listed(store):
        _print(orjson.dumps(_shown(record, now)).decode())


def _revoke(store: ItemStore, options: argparse.Namespace) -> None:
    records.revoke(store, options.id, time.time())
    _print(f"revoked {options.id}")


def _rotate(store: ItemStore, options: argparse.Namespace) -> None:
    _print(records.rotate(store, options.id, options.overlap, time.time()).text)


def _rotate_signing_key(store: ItemStore, _options: argparse.Namespace) -> None:
    rotate_signing_key(store)
    _print("tokens are signed with another key")


def _shown(record: Record, now: float) -> dict[str, object]:
    return {
        "id": record.id,
        "tenant": record.tenant,
        "scopes": record.scopes,
        "label": record.label,
        "created": record.created,
        "revoked": record.revoked,
        "valid_keys": len(record.valid_secrets(now)),
    }


def _overlap(text: str) -> int:
    seconds = int(text)
    if not 0 <= seconds <= MAX_OVERLAP_S:
        raise argparse.ArgumentTypeError(f"it must be a number of seconds from 0 to {MAX_OVERLAP_S}")
    return seconds


def _print(line: str) -> None:
    sys.stdout.write(line + "\n")
