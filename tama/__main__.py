"""The command `tama`: look into a control plane, call the actions that it holds, move it, and serve one."""

from __future__ import annotations

import argparse
import sys

from hosting.help import HelpFormatter
from hosting.outcome import FailedError, carried_out
from tama.commands import backup, call, clients, export, graph, import_, list_, serve, show

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

_OVERVIEW = """\
Look into a control plane of Tama, call the actions that it holds, and move it to another place.

A control plane keeps what a Terraform configuration declared: spaces, the specifications in them, and the actions that
a specification's document yields. It is named by its base URL. The one that the provider runs by itself lies in a
folder, and its base URL is embedded:<folder>; the base URL of one that `tama serve` serves is https://<host>."""

_EXAMPLES = """\
first steps:
  export TAMA_BASE_URL=embedded:./tama
      the control plane that is meant, which --base-url names too
  tama list
      what is there: the ids in its first columns are what others ask for
  tama show movies
      one object, by its id, slug or name, and what it has to do with others
  tama graph --output tama.svg
      a picture of the spaces and bridges, with what is in them
  tama call <specification id>:get-profile '{"path": {"actor_id": "ana"}}'
      call an action as a model would, and print the answer
  tama export --with-secrets > tama.json
      all of it as one document, of which `tama import` makes a control plane

to serve a control plane, and to reach it:
  tama clients add --store sqlite:plane/tama.db
      print a client_id and a client_secret
  tama serve --store sqlite:plane/tama.db
      let the provider and this command reach it over HTTP, as this client
  export TAMA_BASE_URL=http://127.0.0.1:8090 TAMA_CLIENT_ID=…
  TAMA_CLIENT_SECRET=… tama list

TAMA_STORE in the environment stands for --store. A secret is never an argument, which every user of the machine could
see. `tama COMMAND --help` says more of a command.

exit status: 0 done, 1 tried and not done, 2 wrong usage, 130 interrupted, 141 nobody reads the output"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command, and return its exit status (`hosting.outcome`).

    Args:
        arguments: those of the command line, without the program's name; by default the process's.
    """
    return carried_out("tama", lambda: _run(arguments))


def _run(arguments: Sequence[str] | None) -> int | None:
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.version:
        from importlib.metadata import version  # noqa: PLC0415 - it is slow, and seldom asked for

        sys.stdout.write(f"tama {version('memovee-personalization')}\n")
        return None
    if options.command is None:
        parser.print_help()
        return None
    from tama.control_plane.errors import StoreError  # noqa: PLC0415 - help needs no control plane

    try:
        status: int | None = options.command(options)
    except StoreError as error:
        raise FailedError(str(error)) from None
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("tama", description=_OVERVIEW, epilog=_EXAMPLES, formatter_class=HelpFormatter)
    parser.set_defaults(command=None)
    parser.add_argument("--version", action="store_true", help="show the version and exit")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    for command in (list_, show, graph, call, export, import_, serve, clients, backup):
        command.add(commands)
    return parser


if __name__ == "__main__":
    sys.exit(main())
