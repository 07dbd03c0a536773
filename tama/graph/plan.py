"""The graph that a Terraform plan would make.

Nothing is taken from the plan but names, types, states, endpoints and ids: a plan holds secrets in clear text. What
Terraform marks as sensitive is not shown either.

Source: developer.hashicorp.com, "JSON Output Format", Plan Representation.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from tama.graph.actions import actions, described
from tama.graph.model import Change, Class, Graph, Space, Specification, graph
from tama.graph.references import Configuration, module_path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from tama.graph.references import Key, Path, Reference

UNKNOWN = "(known after apply)"
SENSITIVE = "(sensitive value)"


class BadPlan(Exception):  # noqa: N818 - as all of Tama's are named
    """It is not what `terraform show -json` prints of a plan; the text says why."""


@dataclass(frozen=True)
class _Instance:
    """One instance of a resource or data source, before and after.

    Attributes:
        resource: its address in its module, without a key.
    """

    address: str
    module: Path
    resource: str
    key: Key
    type: str
    change: Change
    before: dict[str, Any]
    after: dict[str, Any]
    hidden: frozenset[str]

    def text(self, name: str) -> str:
        """An attribute as a picture may show it, of what will be, or of what was where nothing will be."""
        return _shown(self.before if self.change is Change.REMOVED else self.after, name, self.hidden)

    def is_meant(self, reference: Reference) -> bool:
        """Whether it is one of those that are referred to."""
        return (
            self.resource == reference.resource
            and reference.key in (None, self.key)
            and len(self.module) == len(reference.module)
            and all(
                name == other and (key is None or key == own)
                for (name, own), (other, key) in zip(self.module, reference.module, strict=True)
            )
        )

    def has(self, id_: object) -> bool:
        """Whether that is its id, before or after."""
        return id_ in (self.before.get("id"), self.after.get("id"))

    def keys(self) -> set[Key]:
        """Those of it and of the modules above it."""
        return {self.key, *(key for _, key in self.module)} - {None}


def from_plan(plan: object) -> Graph:
    """Read a plan as `terraform show -json` prints it.

    Raises:
        BadPlan: it is no plan.
    """
    if not isinstance(plan, dict) or not {"format_version", "planned_values"} <= plan.keys():
        raise BadPlan("a plan has format_version and planned_values")
    try:
        return _Reading(plan).graph()
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise BadPlan(f"something in it is not as Terraform writes it ({type(error).__name__})") from None


class _Reading:
    def __init__(self, plan: dict[str, Any]) -> None:
        self._configuration = Configuration(plan.get("configuration", {}).get("root_module", {}))
        changed = [_changed(one) for one in plan.get("resource_changes", ())]
        known = {one.address for one in changed}
        prior = plan.get("prior_state", {}).get("values", {}).get("root_module", {})
        found = [*changed, *(one for one in _read(prior) if one.address not in known)]
        # What is managed stands for all that only look it up.
        self._instances = sorted(found, key=lambda one: one.resource.startswith("data."))
        self._spaces: dict[str, Space] = {}

    def graph(self) -> Graph:
        for one in self._of("tama_space"):
            if self._first(one) is one:
                self._spaces[one.address] = Space(one.text("name"), one.text("type"), change=one.change)
        for one in self._of("tama_specification"):
            self._space(one, "space_id").specifications.append(_specification(one))
        for one in self._of("tama_class"):
            if not one.resource.startswith("data."):
                self._space(one, "space_id").classes.append(Class(_class_name(one), one.change))
        bridges = [bridge for one in self._of("tama_space_bridge") for bridge in self._bridges(one)]
        return graph(self._spaces, bridges, planned=True)

    def _of(self, type_: str) -> list[_Instance]:
        return [one for one in self._instances if one.type == type_]

    def _bridges(self, one: _Instance) -> Iterator[tuple[str, str, Change, str]]:
        """The arrow of a bridge; two where its ends move."""
        before, after = (
            (self._key(one, "space_id", values), self._key(one, "target_space_id", values))
            for values in (one.before, one.after)
        )
        if not one.before or not one.after:
            yield (*(before if one.before else after), one.change, "")
        elif before == after:
            yield (*after, one.change, "")
        else:
            yield (*before, Change.REMOVED, "")
            yield (*after, Change.ADDED, "")

    def _space(self, one: _Instance, argument: str) -> Space:
        return self._spaces[self._key(one, argument, one.after or one.before)]

    def _key(self, one: _Instance, argument: str, values: dict[str, Any]) -> str:
        """The key of a space that is referred to; one that the plan does not hold is made a box of."""
        found = self._found(one, argument, values)
        if found is None:
            found = _shown(values, argument, one.hidden)
            self._spaces.setdefault(found, Space(found, ""))
        return found

    def _found(self, one: _Instance, argument: str, values: dict[str, Any]) -> str | None:
        """The address of the space that is referred to: by its id, and where that is not known by the configuration."""
        id_ = values.get(argument)
        those = self._of("tama_space")
        if id_ is not None:
            return next((other.address for other in those if other.has(id_)), None)
        references = self._configuration.referred(one.module, one.resource, argument)
        meant = [other for other in those if any(other.is_meant(reference) for reference in references)]
        if len(meant) > 1:
            meant = [other for other in meant if other.keys() & one.keys()]
        return self._first(meant[0]).address if len(meant) == 1 else None

    def _first(self, one: _Instance) -> _Instance:
        """The first of those that are the same object."""
        id_ = one.after.get("id") or one.before.get("id")
        return next((other for other in self._of(one.type) if id_ is not None and other.has(id_)), one)


def _shown(values: dict[str, Any], name: str, hidden: frozenset[str]) -> str:
    value = values.get(name)
    return SENSITIVE if name in hidden else value if isinstance(value, str) else UNKNOWN


def _changed(entry: dict[str, Any]) -> _Instance:
    change = entry["change"]
    before, after = change.get("before") or {}, change.get("after") or {}
    hidden = {
        name
        for values in (change.get("before_sensitive"), change.get("after_sensitive"))
        if isinstance(values, dict)
        for name, sensitive in values.items()
        if sensitive is True
    }
    address = f"{entry['address']} {entry['deposed']}" if "deposed" in entry else entry["address"]
    return _Instance(
        address, *_place(entry), entry["type"], _change(change["actions"]), before, after, frozenset(hidden)
    )


def _read(module: dict[str, Any]) -> Iterator[_Instance]:
    """The data sources that were read before the plan was made."""
    for one in module.get("resources", ()):
        if one["mode"] == "data":
            hidden = {name for name, sensitive in one.get("sensitive_values", {}).items() if sensitive is True}
            place = _place({**one, "module_address": module.get("address", "")})
            values = one["values"]
            yield _Instance(one["address"], *place, one["type"], Change.KEPT, values, values, frozenset(hidden))
    for inner in module.get("child_modules", ()):
        yield from _read(inner)


def _place(entry: dict[str, Any]) -> tuple[Path, str, Key]:
    prefix = "data." if entry["mode"] == "data" else ""
    return (
        module_path(entry.get("module_address", "")),
        f"{prefix}{entry['type']}.{entry['name']}",
        entry.get("index"),
    )


def _change(actions: list[str]) -> Change:
    match sorted(actions):
        case ["create"]:
            return Change.ADDED
        case ["update"]:
            return Change.CHANGED
        case ["delete"]:
            return Change.REMOVED
        case ["create", "delete" | "forget"]:
            return Change.REPLACED
    return Change.KEPT


def _specification(one: _Instance) -> Specification:
    before, after = (
        None if "schema" in one.hidden else described(values.get("schema")) for values in (one.before, one.after)
    )
    shown = before if one.change is Change.REMOVED else after
    return Specification(
        one.text("version"),
        one.text("endpoint"),
        "" if one.change is Change.ADDED else one.text("current_state"),
        actions(before, after, one.change),
        len(shown.classes) if shown else 0,
        one.change,
    )


def _class_name(one: _Instance) -> str:
    """The title of the schema, as long as no name is known."""
    values = one.after or one.before
    if one.text("name") != UNKNOWN or {"schema", "schema_json"} & one.hidden:
        return one.text("name")
    if schema := values.get("schema"):
        title = schema[0].get("title")
    else:
        schema = json.loads(values.get("schema_json") or "{}")
        title = schema.get("title") if isinstance(schema, dict) else None
    return title if isinstance(title, str) else UNKNOWN
