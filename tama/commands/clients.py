"""`tama clients`."""

from __future__ import annotations

from contextlib import closing

from hosting.outcome import FailedError, UnusableError
from hosting.printing import print_json, print_text, table
from tama.commands.opening import add_store_option, opened_store, store_address

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable
    from typing import Any

_ADD = """\
Add a client of a control plane that is served over HTTP, and print its id and its secret.
The secret is shown this once, and is not kept."""

_LIST = "Print the ids of the clients, the oldest first, and what they may do."

_REVOKE = "End a client, and with it the tokens that it was given. A control plane that is being served knows at once."

_SCOPE = """\
what the client may do: provision.all (everything, which is the default), provision.read (read objects, but no
secret), metrics.read (read the metrics); may be repeated"""


def add(commands: Any) -> None:
    """Declare the command."""
    parser: argparse.ArgumentParser = commands.add_parser("clients", help="manage who may use a served control plane")
    actions = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    adding = _declare(actions, "add", _add, "add a client", _ADD)
    adding.add_argument("--scope", action="append", metavar="SCOPE", help=_SCOPE)
    adding.add_argument("--json", action="store_true", help="print one JSON object with client_id and client_secret")
    listing = _declare(actions, "list", _list, "show the clients, without their secrets", _LIST)
    listing.add_argument("--json", action="store_true", help="print one JSON array in the place of a table")
    revoking = _declare(actions, "revoke", _revoke, "end a client", _REVOKE)
    revoking.add_argument("id", metavar="CLIENT_ID", help="the client, as `tama clients list` names it")


def _declare(
    actions: Any, name: str, run: Callable[[argparse.Namespace], None], summary: str, description: str
) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = actions.add_parser(name, help=summary, description=description)
    add_store_option(parser)
    parser.set_defaults(command=run)
    return parser


def _add(options: argparse.Namespace) -> None:
    from tama.control_plane.clients import ALL, SCOPES  # noqa: PLC0415 - help needs none

    scopes = options.scope or [ALL]
    if unknown := [scope for scope in scopes if scope not in SCOPES]:
        raise UnusableError(f"'{unknown[0]}' is no scope; there are {', '.join(SCOPES)}.")
    with closing(opened_store(store_address(options.store))) as plane:
        id_, secret = plane.clients.add(scopes)
    if options.json:
        print_json({"client_id": id_, "client_secret": secret})
    else:
        print_text(f"client_id     {id_}\nclient_secret {secret}")


def _list(options: argparse.Namespace) -> None:
    with closing(opened_store(store_address(options.store), create=False)) as plane:
        clients = plane.clients.listed()
    if options.json:
        print_json(clients)
    else:
        rows = [{"id": one["id"], "scopes": " ".join(one["scopes"])} for one in clients]
        print_text(table("Clients", ("id", "scopes"), rows))


def _revoke(options: argparse.Namespace) -> None:
    with closing(opened_store(store_address(options.store), create=False)) as plane:
        if not plane.clients.revoke(options.id):
            raise FailedError(f"There is no client '{options.id}'. `tama clients list` shows those that there are.")
    print_text(f"revoked {options.id}")
