"""`tama list`."""

from __future__ import annotations

from tama.commands.opening import opened, opened_store
from tama.commands.outcome import SUCCESS
from tama.commands.printing import print_json, print_text, table

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from typing import Any

    from tama.control_plane import ControlPlane

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


def add(commands: Any, common: argparse.ArgumentParser) -> None:
    """Declare the command."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "list", parents=[common], help="show what a control plane holds"
    )
    parser.add_argument("--store", metavar="sqlite:PATH", help="the store of a served one, in the place of --base-url")
    parser.add_argument("--all", action="store_true", help="show objects of every kind, also those that Tama derived")
    parser.add_argument("--json", action="store_true", help="print all as one JSON object in the place of tables")
    parser.set_defaults(command=run)


def run(options: argparse.Namespace) -> int:
    """Print what there is."""
    plane = opened_store(options.store, create=False) if options.store else opened(options.base_url)
    found = {name: _listed(plane, kind) for name, _, kind, _ in _TABLES}
    found["others"] = _others(plane)
    if options.json:
        print_json(found)
        return SUCCESS
    tables = [table(title, columns, found[name]) for name, title, _, columns in _TABLES]
    if options.all:
        tables.append(table("Others", ("id", "kind", "name"), found["others"]))
    elif found["others"]:
        # A specification alone yields hundreds of them, which would bury what people look for.
        tables.append(f"Others: {len(found['others'])}, which --all shows")
    print_text("\n\n".join(tables))
    return SUCCESS


def _others(plane: ControlPlane) -> list[dict[str, Any]]:
    """Which objects there are of the kinds that have no table of their own."""
    from tama.catalog import RESOURCES  # noqa: PLC0415 - help needs none

    kinds = set(RESOURCES).difference(kind for _, _, kind, _ in _TABLES)
    return [
        {"id": one["id"], "kind": kind, "name": one.get("name") or ""}
        for kind in sorted(kinds)
        for one in plane.objects(kind)
    ]


def _listed(plane: ControlPlane, kind: str) -> list[dict[str, Any]]:
    """The objects of a kind, without the OpenAPI documents, which are long."""
    if kind != "specification":
        return plane.objects(kind)
    return [{key: value for key, value in one.items() if key != "schema"} for one in plane.objects(kind)]
