"""What thoughts, and what belongs to them, do beyond what their declarations say; see `rules`."""

from __future__ import annotations

from tama.catalog import resource
from tama.catalog.processor_ import TYPES
from tama.control_plane.errors import INVALID, REQUIRED, NotFound
from tama.control_plane.names import new_id
from tama.control_plane.validation import checked

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from tama.control_plane.rules import Errors
    from tama.control_plane.store import Document, Transaction

_DEFAULTS: dict[str, Document] = {
    "completion": {"temperature": 0.8, "tool_choice": "required"},
    "embedding": {"max_tokens": 512},
    "reranking": {},
}


def thought(transaction: Transaction, after: Document, before: Document | None) -> Errors:
    """A thought is carried out by a module, or as one of another chain that is; it has a place in its chain."""
    errors: dict[str, Any] = {}
    module, delegation = after.get("module"), after.get("delegation")
    if isinstance(module, dict) and delegation is not None:
        errors["delegation"] = ["cannot be combined with module"]
    elif isinstance(module, dict):
        errors = _modular(after, module, before)
    elif isinstance(delegation, dict):
        target = transaction.get("thought", str(delegation.get("target_thought_id")))
        if target is not None and target.get("module") is None:
            errors["delegation"] = {"target_thought_id": ["is not a modular thought"]}
        after["relation"] = target["relation"] if target is not None else None
    else:
        errors["module"] = [REQUIRED]
    _place(after, transaction.all("thought", after["chain_id"]))
    return errors


def _modular(after: Document, module: Document, before: Document | None) -> dict[str, Any]:
    errors: dict[str, Any] = {}
    if not isinstance(after.get("relation"), str) or not after["relation"].strip():
        errors["relation"] = [REQUIRED]
    if not isinstance(module.get("parameters", {}), dict):
        errors["module"] = {"parameters": [INVALID]}
    earlier = (before or {}).get("module") or {}
    module["id"] = earlier.get("id") or new_id()
    return errors


def processor(transaction: Transaction, after: Document, before: Document | None) -> Errors:  # noqa: ARG001 - one signature
    """A processor's configuration is that of its type, whole in every body, with Tama's defaults."""
    type_, given = after["type"], after.get("configuration")
    if type_ not in TYPES:
        raise NotFound
    if not isinstance(given, dict):
        return {"configuration": [INVALID]}
    (block,) = (one for one in resource("space_processor").blocks if one.name == type_)
    values, errors = checked(block.attributes, given, transaction.has)
    if not isinstance(values.get("parameters", {}), dict):
        errors["parameters"] = [INVALID]
    after["configuration"] = _DEFAULTS[type_] | values
    return {"configuration": errors} if errors else {}


def module_input(transaction: Transaction, after: Document, before: Document | None) -> Errors:  # noqa: ARG001 - one signature
    """An input is one of the module of its thought."""
    of = transaction.get("thought", after["thought_id"]) or {}
    if of.get("module") is None:
        return {"thought_id": ["is not a modular thought"]}
    after["thought_module_id"] = of["module"]["id"]
    return {}


def initializer(transaction: Transaction, after: Document, before: Document | None) -> Errors:  # noqa: ARG001 - one signature
    """An initializer has a place among those of its thought."""
    _place(after, transaction.all("thought_initializer", after["thought_id"]))
    return _with_object(after)


def tool_initializer(transaction: Transaction, after: Document, before: Document | None) -> Errors:  # noqa: ARG001 - one signature
    """The initializer of a tool comes first where nothing else is said."""
    if after.get("index") is None:
        after["index"] = 0
    return _with_object(after)


def _with_object(after: Document) -> dict[str, Any]:
    return {} if isinstance(after.get("parameters", {}), dict) else {"parameters": [INVALID]}


def _place(after: Document, siblings: list[Document]) -> None:
    if after.get("index") is None:
        places = [one["index"] for one in siblings if one["id"] != after["id"]]
        after["index"] = max(places, default=-1) + 1
