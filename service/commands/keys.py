"""`personalization keys`."""

import argparse
import os
import time
from collections.abc import Callable
from typing import Any

import orjson

from hosting.outcome import UnusableError
from hosting.printing import print_text, table
from hosting.progress import waiting
from service.commands.outcome import CommandError
from service.contract import load_contract
from service.credentials import records
from service.credentials.records import CredentialError, Record
from service.credentials.tokens import rotate_signing_key
from service.settings import add_store_option, read_store
from service.storage import ItemStore
from service.storage.opening import CannotOpenError, open_beside

MAX_OVERLAP_S = 30 * 24 * 60 * 60
_COLUMNS = ("id", "tenant", "label", "scopes", "created", "revoked", "valid_keys")


def add(commands: Any) -> None:
    """Declare the command."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "keys",
        help="add, list, revoke and rotate credentials, also while the store is served",
        description="Manage the credentials of callers. A running service takes a change up within 5 seconds.",
    )
    kinds = parser.add_subparsers(dest="keys_command", title="commands", metavar="COMMAND", required=True)
    _declare_add(kinds)
    listing = _declare(kinds, "list", _list, "show the credentials, without their secrets")
    listing.add_argument("--json", action="store_true", help="print one JSON array in the place of a table")
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
    parser.add_argument("--json", action="store_true", help="print one JSON object with id and key")


def _declare(
    kinds: Any, name: str, act: Callable[[ItemStore, argparse.Namespace], str], summary: str
) -> argparse.ArgumentParser:
    description = f"{summary[0].upper()}{summary[1:]}."
    parser: argparse.ArgumentParser = kinds.add_parser(name, help=summary, description=description)
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
    # Any other command on a store that is not there has its name wrong.
    is_first = options.act is _add
    if is_first:
        _refuse_wrong(options)
    try:
        with waiting("waiting for the store"), open_beside(place, makes=is_first) as store:
            said = options.act(store, options)
    except (CredentialError, CannotOpenError) as error:
        raise CommandError(str(error)) from None
    print_text(said)


def _add(store: ItemStore, options: argparse.Namespace) -> str:
    key = records.add(store, options.tenant, options.scope, options.label, time.time())
    return _json({"id": key.id, "key": key.text}) if options.json else key.text


def _refuse_wrong(options: argparse.Namespace) -> None:
    """Say what is wrong with a credential before a file is made for it."""
    known = load_contract().schema("Scope")["enum"]
    if unknown := sorted(set(options.scope) - set(known)):
        raise UnusableError(f"There is no scope {unknown[0]}. There are: {', '.join(known)}.")
    try:
        records.refuse_wrong(options.tenant, options.label)
    except CredentialError as error:
        raise UnusableError(str(error)) from None


def _list(store: ItemStore, options: argparse.Namespace) -> str:
    now = time.time()
    shown = [_shown(record, now) for record in records.listed(store)]
    if options.json:
        return _json(shown)
    rows = [{**one, "scopes": " ".join(one["scopes"]), "revoked": one["revoked"] or ""} for one in shown]
    return table("Credentials", _COLUMNS, rows)


def _revoke(store: ItemStore, options: argparse.Namespace) -> str:
    records.revoke(store, options.id, time.time())
    return f"revoked {options.id}"


def _rotate(store: ItemStore, options: argparse.Namespace) -> str:
    return records.rotate(store, options.id, options.overlap, time.time()).text


def _rotate_signing_key(store: ItemStore, _options: argparse.Namespace) -> str:
    rotate_signing_key(store)
    return "tokens are signed with another key"


def _json(value: object) -> str:
    return orjson.dumps(value).decode()


def _shown(record: Record, now: float) -> dict[str, Any]:
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
    if not text.isascii() or not text.isdigit() or int(text) > MAX_OVERLAP_S:
        raise argparse.ArgumentTypeError(f"'{text}' is no number of seconds from 0 to {MAX_OVERLAP_S}")
    return int(text)
