"""`tama export`."""

from __future__ import annotations

import os
import stat
import sys

from hosting.outcome import FailedError, UnusableError
from hosting.printing import print_json
from tama.commands.reaching import OURS, WHOLE_S, add_base_url, reached

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from typing import Any

_DESCRIPTION = """\
Print a whole control plane as one JSON document, which `tama import` makes a control plane again. The same
objects yield the same bytes. Who may use a served control plane is no part of it."""


def add(commands: Any) -> None:
    """Declare the command."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "export", help="print a control plane as one document", description=_DESCRIPTION
    )
    parser.add_argument(
        "--with-secrets",
        action="store_true",
        help="include credentials, in a file or pipe; a file is made readable for its owner alone",
    )
    add_base_url(parser)
    parser.set_defaults(command=run)


def run(options: argparse.Namespace) -> None:
    """Print the document."""
    if options.with_secrets:
        _keep_private(sys.stdout.fileno())
    with reached(options, timeout=WHOLE_S) as client:
        document = client.request("GET", f"{OURS}/document{'?secrets=included' * options.with_secrets}")
    print_json(document, indent=1)
    if document["secrets"] and not options.with_secrets:
        sys.stderr.write(f"tama: {len(document['secrets'])} secrets are left out, which --with-secrets includes.\n")


def _keep_private(output: int) -> None:
    """Let nobody else read the output.

    Raises:
        UnusableError: it is a terminal.
        FailedError: it is another's file.
    """
    if os.isatty(output):
        raise UnusableError("Secrets are not shown on a terminal: let the output go to a file.")
    if stat.S_ISREG(os.fstat(output).st_mode):
        try:
            os.fchmod(output, 0o600)
        except OSError as error:
            raise FailedError(f"The output's file cannot be made private: {error.strerror}.") from None
