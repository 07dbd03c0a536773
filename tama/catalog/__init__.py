"""Tama's resources and data sources, one declaration each; a declaration is read when it is first asked for."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from tama.catalog.declaration import DataSource, Resource

RESOURCES = (
    "action_modifier",
    "chain",
    "class",
    "class_corpus",
    "class_operation",
    "delegated_thought",
    "listener",
    "listener_filter",
    "listener_topic",
    "model",
    "modular_thought",
    "node",
    "prompt",
    "queue",
    "source",
    "source_identity",
    "source_limit",
    "space",
    "space_bridge",
    "space_processor",
    "specification",
    "thought_context",
    "thought_context_input",
    "thought_initializer",
    "thought_module_input",
    "thought_path",
    "thought_path_activation",
    "thought_path_directive",
    "thought_processor",
    "thought_pruning",
    "thought_tool",
    "thought_tool_initializer",
    "thought_tool_input",
    "thought_tool_output",
    "tool_output_option",
)
DATA_SOURCES = (
    "action",
    "actions",
    "chain",
    "class",
    "class_corpus",
    "delegated_thought",
    "listener",
    "model",
    "modular_thought",
    "node",
    "prompt",
    "queue",
    "source",
    "source_identity",
    "source_limit",
    "space",
    "space_bridge",
    "space_processor",
    "specification",
    "thought_context",
    "thought_path",
    "thought_processor",
)


def resource(type_: str) -> Resource:
    """The declaration of a resource type such as `space_bridge`; KeyError when there is none."""
    declaration: Resource = _module(type_, RESOURCES).RESOURCE
    return declaration


def data_source(type_: str) -> DataSource:
    """The declaration of a data source such as `action`; KeyError when there is none."""
    declaration: DataSource = _module(type_, DATA_SOURCES).DATA_SOURCE
    return declaration


def _module(type_: str, declared: tuple[str, ...]) -> Any:
    if type_ not in declared:
        raise KeyError(type_)
    # A word of Python's names no module.
    name = "class_" if type_ == "class" else type_
    return __import__(f"tama.catalog.{name}", fromlist=("*",))
