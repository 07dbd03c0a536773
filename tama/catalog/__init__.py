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
    "class_operation": "class_operation",
    "delegated_thought": "delegated_thought",
    "listener": "listener",
    "listener_filter": "listener_filter",
    "listener_topic": "listener_topic",
    "model": "model",
    "modular_thought": "modular_thought",
    "node": "node",
    "prompt": "prompt",
    "queue": "queue",
    "source": "source",
    "source_identity": "source_identity",
    "source_limit": "source_limit",
    "space": "space",
    "space_bridge": "space_bridge",
    "space_processor": "space_processor",
    "specification": "specification",
    "thought_context": "thought_context",
    "thought_context_input": "thought_context_input",
    "thought_initializer": "thought_initializer",
    "thought_module_input": "thought_module_input",
    "thought_path": "thought_path",
    "thought_path_activation": "thought_path_activation",
    "thought_path_directive": "thought_path_directive",
    "thought_processor": "thought_processor",
    "thought_pruning": "thought_pruning",
    "thought_tool": "thought_tool",
    "thought_tool_initializer": "thought_tool_initializer",
    "thought_tool_input": "thought_tool_input",
    "thought_tool_output": "thought_tool_output",
    "tool_output_option": "tool_output_option",
}
DATA_SOURCES = {
    "action": "action",
    "actions": "actions",
    "chain": "chain",
    "class": "class_",
    "class_corpus": "class_corpus",
    "delegated_thought": "delegated_thought",
    "listener": "listener",
    "model": "model",
    "modular_thought": "modular_thought",
    "node": "node",
    "prompt": "prompt",
    "queue": "queue",
    "source": "source",
    "source_identity": "source_identity",
    "source_limit": "source_limit",
    "space": "space",
    "space_bridge": "space_bridge",
    "space_processor": "space_processor",
    "specification": "specification",
    "thought_context": "thought_context",
    "thought_path": "thought_path",
    "thought_processor": "thought_processor",
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
