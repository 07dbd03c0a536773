"""Tama's resources and data sources, one declaration each; a declaration is read when it is first asked for."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from tama.catalog.declaration import DataSource, Resource

RESOURCES = {
    "action_modifier": "action_modifier",
    "chain": "chain",
    "class": "class_",
    "class_corpus": "class_corpus",
    "listener": "listener",
    "listener_filter": "listener_filter",
    "listener_topic": "listener_topic",
    "model": "model",
    "node": "node",
    "prompt": "prompt",
    "queue": "queue",
    "source": "source",
    "source_identity": "source_identity",
    "source_limit": "source_limit",
    "space": "space",
    "space_bridge": "space_bridge",
    "specification": "specification",
}
DATA_SOURCES = {
    "action": "action",
    "chain": "chain",
    "class": "class_",
    "class_corpus": "class_corpus",
    "model": "model",
    "node": "node",
    "prompt": "prompt",
    "source": "source",
    "source_identity": "source_identity",
    "space": "space",
    "space_bridge": "space_bridge",
    "specification": "specification",
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
