"""Bodies as language models write them, made of bodies as the contract asks for them.

What generators make of a schema is valid or far from it; models come close, and what is close is where a lenient reader
could go wrong.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any


def mistaken(body: dict[str, Any], noun: str, number: int) -> Any:
    """Return a body with one kind of mistake, which the number chooses."""
    kinds: tuple[Callable[[], Any], ...] = (
        lambda: {"next": None, "path": {}, "body": body},
        lambda: {noun: body} if noun else body,
        lambda: {"body": {noun: body}, "query": ""} if noun else body,
        lambda: _each(body, lambda it: f" \u200b{it}\n" if isinstance(it, str) else it),
        lambda: _each(body, lambda it: it.upper() if isinstance(it, str) and len(it) < _LONGEST_CHOICE else it),
        lambda: _each(body, lambda it: str(it) if _is_whole(it) else it),
        lambda: _each(body, lambda it: float(it) if _is_whole(it) else it),
        lambda: _with_nothing(body),
        lambda: next(iter(body.values())) if len(body) == 1 else body,
        lambda: json.dumps(body),
    )
    return kinds[number % len(kinds)]()


_LONGEST_CHOICE = 12


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _each(value: Any, change: Callable[[Any], Any]) -> Any:
    if isinstance(value, dict):
        return {name: _each(it, change) for name, it in value.items()}
    if isinstance(value, list):
        return [_each(it, change) for it in value]
    return change(value)


def _with_nothing(body: dict[str, Any]) -> dict[str, Any]:
    """Add entries that say nothing to lists of entries, and empty what is no list."""
    return {
        name: [None, *it, {**it[0], "value": "  "}] if isinstance(it, list) and it and isinstance(it[0], dict) else it
        for name, it in body.items()
    }
