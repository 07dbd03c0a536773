"""What is planned from a configuration and a state, so that Terraform finds it valid.

The rules are Terraform's (its `AssertPlanValid`): what is configured is planned as configured, or as in the state where
both mean the same; only computed attributes that are not configured may hold anything else.
"""

from __future__ import annotations

from provider.framework.json_text import same
from provider.framework.schema import JSON, LIST, SINGLE
from provider.framework.values import item_at
from provider.protocol.values import UNKNOWN

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from provider.framework.diagnostics import Path
    from provider.framework.schema import Field
    from provider.framework.values import Fields, Values


def propose(fields: Fields, config: Values, prior: Values | None) -> Values:
    """Return the planned values: of an object to be made when there is no prior state, else of one to be kept.

    A computed attribute that is not configured has its default, else its state, else is unknown. It becomes unknown
    when the object is updated and its state is null, or what it follows changes.
    """
    planned = _object(fields, config, prior)
    if prior is None or planned == prior:
        return planned
    changed = {field.name for field in fields if planned[field.name] != prior[field.name]}
    for field in fields:
        name = field.name
        if not field.computed or config[name] is not None or field.default is not None or field.clears:
            continue
        if prior[name] is None or not changed.isdisjoint(field.follows):
            planned[name] = UNKNOWN
    return planned


def replacements(fields: Fields, planned: Values, prior: Values, path: Path = ()) -> Iterator[Path]:
    """Yield the paths of what cannot change in place and does change.

    A required value that the state lacks is one that an import could not tell. It is taken from the configuration.
    """
    for field in fields:
        new, old, here = planned.get(field.name), prior.get(field.name), (*path, field.name)
        if new == old:
            continue
        if field.requires_replace:
            if old is not None or not field.required:
                yield here
        elif field.nesting == SINGLE:
            yield from replacements(field.fields, _members(new), _members(old), here)
        elif field.nesting == LIST:
            news, olds = _items(new), _items(old)
            for index in range(max(len(news), len(olds))):
                yield from replacements(
                    field.fields, item_at(news, index) or {}, item_at(olds, index) or {}, (*here, index)
                )


def _object(fields: Fields, config: Values, prior: Values | None) -> Values:
    return {
        field.name: _value(field, config[field.name], UNKNOWN if prior is None else prior.get(field.name))
        for field in fields
    }


def _value(field: Field, config: Any, prior: Any) -> Any:
    """Plan one value; `prior` is UNKNOWN where there is no object yet that could have one."""
    if field.write_only:
        return None
    if config is UNKNOWN:
        return UNKNOWN
    if config is not None:
        return _configured(field, config, prior)
    if not field.computed:
        return None
    if field.clears and prior is not UNKNOWN:
        # A state may hold the empty text for what was never configured.
        return None if prior else prior
    return prior if field.default is None else field.default


def _configured(field: Field, config: Any, prior: Any) -> Any:
    if field.nesting == SINGLE:
        return _object(field.fields, config, prior if isinstance(prior, dict) else None)
    if field.nesting == LIST:
        olds = _items(prior)
        return [
            item if item is UNKNOWN else _object(field.fields, item, item_at(olds, index))
            for index, item in enumerate(config)
        ]
    if field.type == JSON and config != prior and isinstance(prior, str) and same(config, prior):
        return prior
    return config


def _members(value: Any) -> Values:
    return value if isinstance(value, dict) else {}


def _items(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
