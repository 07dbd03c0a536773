"""`tama clients`."""

from __future__ import annotations

from tama.commands.opening import add_store_option, opened_store
from tama.commands.outcome import SUCCESS
from tama.commands.printing import print_json, print_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from typing import Any

_ADD = """\
Add a client of a control plane that is served over HTTP, and print its id and its secret.
The secret is shown this once, and is not kept."""


def add(commands: Any, common: argparse.ArgumentParser) -> None:  # noqa: ARG001 - every command is declared alike
    """Declare the command."""
    parser: argparse.ArgumentParser = commands.add_parser("clients", help="manage who may use a served control plane")
    actions = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    adding = actions.add_parser("add", help="add a client", description=_ADD)
    add_store_option(adding)
    adding.add_argument("--json", action="store_true", help="print one JSON object with client_id and client_secret")
    adding.set_defaults(command=run)


def run(options: argparse.Namespace) -> int:
    """Add a client, and print it."""
    plane = opened_store(options.store)
    try:
        id_, secret = plane.clients.add()
    finally:
        plane.close()
    if options.json:
        print_json({"client_id": id_, "client_secret": secret})
    else:
        print_text(f"client_id     {id_}\nclient_secret {secret}")
    return SUCCESS
