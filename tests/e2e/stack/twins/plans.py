"""What both twins plan."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tests.e2e.stack.twins.normal import Elements


def planned(plan: Mapping[str, Any], names: Callable[[Mapping[str, Any]], str], folder: Path) -> Elements:
    """Return what a plan does and which outputs it has, in the names and values that both twins share.

    Args:
        plan: What `terraform show -json` tells of the plan.
        names: Gives the name of a change.
        folder: The folder of the twin's control plane and data.
    """
    changes = {
        names(item): {key: item["change"].get(key) for key in ("actions", "after", "after_unknown", "after_sensitive")}
        for item in plan["resource_changes"]
    }
    outputs = {
        name: {key: change.get(key) for key in ("actions", "after", "after_unknown", "after_sensitive")}
        for name, change in plan["output_changes"].items()
    }
    result: Elements = _by_meaning({"changes": changes, "outputs": outputs}, str(folder))
    return result


def _by_meaning(value: Any, folder: str) -> Any:
    """A value with JSON texts as what they say, and the twin's own folder as `<folder>`."""
    if isinstance(value, dict):
        return {name: _by_meaning(item, folder) for name, item in value.items()}
    if isinstance(value, list):
        return [_by_meaning(item, folder) for item in value]
    if isinstance(value, str) and value.startswith("{"):
        return json.loads(value)
    return value.replace(folder, "<folder>") if isinstance(value, str) else value
