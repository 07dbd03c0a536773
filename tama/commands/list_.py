"""`tama list`."""

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

_SHORT = 80
_DESCRIPTION = """\
Show what a control plane holds, without secrets: the objects that people look for first, or those of one
kind."""

_TABLES: tuple[tuple[str, str, str, tuple[str, ...]], ...] = (
    ("spaces", "Spaces", "space", ("id", "slug", "type", "name")),
    ("specifications", "Specifications", "specification", ("id", "space_id", "current_state", "version", "endpoint")),
    (
        "source_identities",
        "Source identities",
        "source_identity",
        ("id", "specification_id", "current_state", "identifier"),
    ),
    ("actions", "Actions", "action", ("id", "specification_id", "method", "path", "identifier")),
    ("bridges", "Bridges", "space_bridge", ("id", "space_id", "target_space_id")),
)


def add(commands: Any) -> None:
    """Declare the command."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "list", help="show what a control plane holds", description=_DESCRIPTION
    )
    parser.add_argument("kind", metavar="KIND", nargs="?", help="a kind of objects, e.g. space or thought")
    parser.add_argument("--space", metavar="SPACE", help="only what belongs to the space with this id or slug")
    parser.add_argument("--all", action="store_true", help="show objects of every kind, also those that Tama derived")
    parser.add_argument("--json", action="store_true", help="print JSON in the place of tables")
    add_base_url(parser)
    parser.set_defaults(command=run)


def run(options: argparse.Namespace) -> None:
    """Print what there is."""
    if options.kind is not None:
        check_kind(options.kind)
    query = f"?kind={options.kind}" if options.kind else ""
    with reached(options) as client:
        entries = client.request("GET", f"{OURS}/objects{query}")
        if options.space:
            space = _space(client, options.space)
            entries = [entry for entry in entries if entry["space_id"] == space]
    if options.kind:
        _print_kind(options.kind, [entry["object"] for entry in entries], as_json=options.json)
    else:
        _print_all(entries, others=options.all, as_json=options.json)


def _print_all(entries: list[Object], *, others: bool, as_json: bool) -> None:
    found = {name: [one["object"] for one in entries if one["kind"] == kind] for name, _, kind, _ in _TABLES}
    shown = {kind for _, _, kind, _ in _TABLES}
    rest = [
        {"id": one["object"]["id"], "kind": one["kind"], "name": one["object"].get("name") or ""}
        for one in entries
        if one["kind"] not in shown
    ]
    if as_json:
        print_json({**found, "others": rest})
        return
    tables = [table(title, columns, found[name]) for name, title, _, columns in _TABLES]
    if others:
        tables.append(table("Others", ("id", "kind", "name"), rest))
    elif rest:
        # A specification alone yields hundreds of them, which would bury what people look for.
        tables.append(f"Others: {len(rest)}, which --all shows")
    print_text("\n\n".join(tables))


def _print_kind(kind: str, objects: list[Object], *, as_json: bool) -> None:
    if as_json:
        print_json(objects)
        return
    columns = next((columns for _, _, one, columns in _TABLES if one == kind), None) or _columns(objects)
    print_text(table(kind.replace("_", " ").capitalize(), columns, objects))


def _columns(objects: list[Object]) -> tuple[str, ...]:
    """The fields that hold one short value, in the order in which objects have them; all are in one provision_state."""
    fields = dict.fromkeys(name for one in objects for name in one)
    fields.pop("provision_state", None)
    return tuple(name for name in fields if all(_is_short(one.get(name)) for one in objects))


def _is_short(value: object) -> bool:
    return not isinstance(value, (dict, list)) and len(str(value)) <= _SHORT


def _space(client: Client, name: str) -> str:
    from urllib.parse import quote  # noqa: PLC0415 - help needs none

    from tama.client.errors import NotFound  # noqa: PLC0415 - as above

    try:
        space: Object = client.request("GET", f"/provision/neural/spaces/{quote(name, safe='', errors='replace')}")
    except NotFound:
        raise FailedError(f"There is no space '{name}'. `tama list space` shows those that there are.") from None
    return str(space["id"])
