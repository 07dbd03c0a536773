"""What a configuration says of ids that a plan does not know yet: which resources an argument refers to.

Source: developer.hashicorp.com, "JSON Output Format", Configuration Representation. It tells what an expression
refers to, not its value, and nothing of locals.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

    Key = str | int | None
    Step = tuple[str, Key]
    Path = tuple[Step, ...]

_STEP = re.compile(r'(?:^|\.)([^.\[\]]+)(?:\[("(?:[^"\\]|\\.)*"|\d+)\])?')


@dataclass(frozen=True)
class Reference:
    """A resource that is referred to; a key that is None stands for every instance.

    Attributes:
        module: the modules above it.
        resource: its address in its module, e.g. `data.tama_space.given`.
        key: that of its instance.
    """

    module: Path
    resource: str
    key: Key


def steps(address: str) -> list[Step]:
    """The names of an address, each with the key of its instance."""
    return [(name, json.loads(key) if key else None) for name, key in _STEP.findall(address)]


def module_path(address: str) -> Path:
    """The modules of a module's address, e.g. `module.a.module.b["c"]`."""
    return tuple(steps(address)[1::2])


class Configuration:
    """The configuration in a plan.

    Args:
        root: its `root_module`.
    """

    def __init__(self, root: dict[str, Any]) -> None:
        self._root = root

    def referred(self, module: Path, resource: str, argument: str) -> set[Reference]:
        """What an argument of a resource refers to, through variables and outputs of modules."""
        declared = self._module(module).get("resources", ())
        found: dict[str, Any] = next((one for one in declared if one["address"] == resource), {})
        references = found.get("expressions", {}).get(argument, {}).get("references", [])
        if any(one.startswith("each.value") for one in references):
            references = [*references, *found.get("for_each_expression", {}).get("references", ())]
        all_ = set(self._followed(module, references))
        # After `space.a["b"]` stands `space.a` too.
        keyed = {(one.module, one.resource) for one in all_ if one.key is not None}
        return {one for one in all_ if one.key is not None or (one.module, one.resource) not in keyed}

    def _followed(self, module: Path, references: Iterable[str]) -> Iterator[Reference]:
        for reference in references:
            match steps(reference):
                case [("var", _), (name, _), *_] if module:
                    call = self._call(module)
                    inner = call.get("expressions", {}).get(name, {}).get("references", ())
                    yield from self._followed(module[:-1], inner)
                case [("module", _), called, (output, _), *_]:
                    below = (*module, called)
                    inner = self._module(below).get("outputs", {}).get(output, {}).get("expression", {})
                    yield from self._followed(below, inner.get("references", ()))
                case [("data", _), (type_, _), (name, key), *_]:
                    yield Reference(module, f"data.{type_}.{name}", key)
                case [(type_, _), (name, key), *_]:
                    yield Reference(module, f"{type_}.{name}", key)

    def _module(self, path: Path) -> dict[str, Any]:
        found: dict[str, Any] = self._call(path).get("module", {}) if path else self._root
        return found

    def _call(self, path: Path) -> dict[str, Any]:
        found: dict[str, Any] = self._module(path[:-1]).get("module_calls", {}).get(path[-1][0], {})
        return found
