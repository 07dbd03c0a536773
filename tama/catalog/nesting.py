"""How deep a JSON value is."""

from __future__ import annotations


def deepest(value: object) -> int:
    """How many levels of arrays and objects a JSON value has."""
    levels, current = 0, [value]
    while current := [value for value in current if isinstance(value, (dict, list))]:
        levels += 1
        current = [inner for value in current for inner in (value.values() if isinstance(value, dict) else value)]
    return levels
