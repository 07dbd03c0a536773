"""Tama's resources and data sources, one declaration each; a declaration is read when it is first asked for."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from tama.catalog.declaration import DataSource, Resource

RESOURCES = {
    "class": "class_",
    "source_identity": "source_identity",
    "space": "space",
    "space_bridge": "space_bridge",
    "specification": "specification",
}
DATA_SOURCES = {
    "action": "action",
    "class": "class_",
    "space": "space",
}


def resource(type_: str) -> Resource:
    """The declaration of a resource type such as `space_bridge`; KeyError when there is none."""
    declaration: Resource = _module(RESOURCES[type_]).RESOURCE
    return declaration


def data_source(type_: str) -> DataSource:
    """The declaration of a data source such as `action`; KeyError when there is none."""
    declaration: DataSource = _module(DATA_SOURCES[type_]).DATA_SOURCE
    return declaration


def _module(name: str) -> Any:
    return __import__(f"tama.catalog.{name}", fromlist=("*",))
