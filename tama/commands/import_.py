"""`tama import`."""

from __future__ import annotations

import sys

from hosting.outcome import FailedError
from hosting.printing import print_json, print_text
from tama.commands.reaching import OURS, WHOLE_S, add_base_url, reached

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from typing import Any

_DESCRIPTION = """\
Make a control plane of a document that `tama export` printed, as a whole or not at all. Objects keep their
ids, so that Terraform's states go on to fit."""

_CONFLICT = 409


def add(commands: Any) -> None:
    """Declare the command."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "import", help="make a control plane of a document", description=_DESCRIPTION
    )
    parser.add_argument("file", metavar="FILE", help="the document; '-' reads it from the input")
    parser.add_argument("--replace", action="store_true", help="delete everything that is there before")
    parser.add_argument("--json", action="store_true", help="print one JSON object with objects and missing")
    add_base_url(parser)
    parser.set_defaults(command=run)


def run(options: argparse.Namespace) -> None:
    """Import the document, and say which secrets it lacks."""
    from tama.client.errors import ResponseError  # noqa: PLC0415 - help needs none
    from tama.commands.json_text import content, parsed  # noqa: PLC0415 - as above

    document = parsed(content(options.file), "The document", "`tama export` prints one")
    with reached(options, create=True, timeout=WHOLE_S) as client:
        try:
            made = client.request("PUT" if options.replace else "POST", f"{OURS}/document", document)
        except ResponseError as error:
            if error.status != _CONFLICT:
                raise
            raise FailedError(
                "The control plane is not empty, and is left as it is. With --replace the document takes the place of"
                " everything in it."
            ) from None
    if options.json:
        print_json(made)
        return
    print_text(f"imported {made['objects']} objects")
    if missing := made["missing"]:
        places = "".join(f"  {one['kind']} {one['id']} {one['at']}\n" for one in missing)
        sys.stderr.write(
            f"tama: {len(missing)} secrets were left out of the document. Set them with Terraform, or export again"
            f" --with-secrets. They are\n{places}"
        )
