"""`tama show`."""

from __future__ import annotations

from hosting.outcome import FailedError
from hosting.printing import print_json, print_text, table
from tama.commands.reaching import OURS, add_base_url, check_kind, reached

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from typing import Any

    from tama.client import Client

    Object = dict[str, Any]

_LONGEST = 500
_REFERENCES = ("id", "kind", "name", "field")
_DESCRIPTION = """\
Show one object, without secrets: its fields, what it refers to, and what refers to it. A name that several
objects have is refused with their ids; a KIND before it narrows it down."""


def add(commands: Any) -> None:
    """Declare the command."""
    parser: argparse.ArgumentParser = commands.add_parser("show", help="show one object", description=_DESCRIPTION)
    parser.add_argument("kind", metavar="KIND", nargs="?", help="the kind of the object, e.g. space or thought")
    parser.add_argument("name", metavar="NAME", help="its id, slug, name or identifier")
    parser.add_argument("--json", action="store_true", help="print JSON in the place of tables")
    add_base_url(parser)
    parser.set_defaults(command=run)


def run(options: argparse.Namespace) -> None:
    """Print the object."""
    if options.kind is not None:
        check_kind(options.kind)
    with reached(options) as client:
        found = _found(client, options.kind, options.name)
    if options.json:
        print_json(found)
        return
    fields = [{"field": name, "value": _text(value)} for name, value in found["object"].items()]
    fields += [{"field": at.removeprefix("/"), "value": "(a secret)"} for at in found["secrets"]]
    title = f"{found['kind'].replace('_', ' ').capitalize()} {found['object']['id']}"
    tables = [
        table(title, ("field", "value"), fields),
        table("Refers to", _REFERENCES, found["refers_to"]),
        table("Referred to by", _REFERENCES, found["referred_to_by"]),
    ]
    print_text("\n\n".join(tables))


def _found(client: Client, kind: str | None, name: str) -> Object:
    """The object that is meant.

    Raises:
        FailedError: there is none, or more than one.
    """
    from urllib.parse import quote  # noqa: PLC0415 - help needs none

    from tama.client.errors import NotFound  # noqa: PLC0415 - as above

    objects = f"{OURS}/objects"
    try:
        found: Object = client.request("GET", f"{objects}/{quote(name, safe='', errors='replace')}")
    except NotFound:
        entries = client.request("GET", f"{objects}?kind={kind}" if kind else objects)
        fitting = [one for one in entries if name in map(one["object"].get, ("slug", "name", "identifier"))]
        if not fitting:
            raise FailedError(
                f"There is no {kind or 'object'} with the id, slug or name '{name}'."
                f" `tama list {kind or '--all'}` shows those that there are."
            ) from None
        if len(fitting) > 1:
            ids = ", ".join(f"{one['kind']} {one['object']['id']}" for one in fitting)
            raise FailedError(f"'{name}' names {len(fitting)} objects: {ids}. Say by its id which is meant.") from None
        found = client.request("GET", f"{objects}/{fitting[0]['object']['id']}")
    if kind not in (None, found["kind"]):
        raise FailedError(f"{name} is of the kind {found['kind']}, not {kind}.")
    return found


def _text(value: object) -> str:
    import json  # noqa: PLC0415 - help needs none

    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST else f"({len(text)} characters, which --json shows)"
