"""What the control plane knows of each kind of object, read from the catalog's declarations.

A kind that no declaration has is derived from a specification and cannot be asked for yet; of it only the references
are known.
"""

from __future__ import annotations

from copy import copy

from tama.catalog import DATA_SOURCES, RESOURCES, data_source, resource
from tama.catalog.declaration import Json, Resource
from tama.control_plane.keys import Key

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any, TypeVar

    from tama.catalog.declaration import Attribute, Block, DataSource
    from tama.control_plane.store import Document

    _Field = TypeVar("_Field", Attribute, Block)

_CONFIGURATION = Json("configuration", "The block that the type names.", required=True)
_IN_BODIES: dict[str, tuple[Attribute, ...]] = {
    "class": (Json("schema", "The JSON schema.", required=True),),
    "space_processor": (_CONFIGURATION,),
    "thought_processor": (_CONFIGURATION,),
}
"""What bodies hold that Terraform has in another form, so that no declared attribute stands for it."""

_DERIVED_REFERENCES: dict[str, tuple[tuple[str, ...], ...]] = {
    "source": (("space_id",), ("specification_id",)),
    "class_corpus": (("class_id",),),
}


class Kind:
    """A kind of object: what the store needs of it, and what an answer shows.

    Args:
        type: its name in the catalog.
        resource: how it is made and changed; None when it is derived.
        data_source: how it is looked up; None when it is not.

    Attributes:
        parents: the attributes that stand in the path of the collection, and so in no body.
        attributes: those that stand in a request's body.
        references: where the ids of other objects stand: keys, from the outermost to the innermost.
        computed: what Tama always says of it in the same words.
    """

    __slots__ = ("_hidden", "attributes", "computed", "data_source", "parents", "references", "resource", "type")

    def __init__(self, type_: str, resource: Resource | None = None, data_source: DataSource | None = None) -> None:
        self.type = type_
        self.resource = resource
        self.data_source = data_source
        declared = [
            attribute
            for declaration in (resource, data_source)
            if declaration is not None
            for attribute in declaration.attributes
        ]
        self.references = _DERIVED_REFERENCES.get(type_) or _references(declared, resource.blocks if resource else ())
        self._hidden = frozenset(a.key.partition(".")[0] for a in declared if a.sent and not a.returned)
        self.computed = {"provision_state": "active"} if any(a.name == "provision_state" for a in declared) else {}
        own = resource.attributes if resource is not None else ()
        collection = resource.collection if resource is not None else ""
        self.parents = [attribute for attribute in own if "{" + attribute.name + "}" in collection]
        in_body = [attribute for attribute in own if attribute.sent and attribute not in self.parents]
        self.attributes = [*in_body, *_IN_BODIES.get(type_, ())]

    def answer(self, document: Document) -> Document:
        """The object as responses show it: without its secrets."""
        return {key: value for key, value in document.items() if key not in self._hidden}

    def without_given(self, document: Document) -> Document:
        """What is left of the object when all that requests' bodies hold is taken away."""
        given = {attribute.key.partition(".")[0] for attribute in self.attributes}
        given.update(block.key for block in (self.resource.blocks if self.resource is not None else ()) if block.sent)
        return {key: value for key, value in document.items() if key not in given}

    def targets(self, document: Document) -> list[str]:
        """The ids of the objects that it refers to."""
        return [id_ for _, id_ in self.referred(document)]

    def referred(self, document: Document) -> Iterator[tuple[str, str]]:
        """The fields that refer to other objects, with the ids in them."""
        for keys in self.references:
            value: Any = document
            for key in keys:
                value = value.get(key) if isinstance(value, dict) else None
            for id_ in value if isinstance(value, list) else [value]:
                if id_ is not None:
                    yield ".".join(keys), id_

    def keys(self, document: Document) -> Iterator[Key]:
        """What it is found by and what it is unique by."""
        unique = self.resource.unique if self.resource is not None else ()
        lookups = self.data_source.lookups if self.data_source is not None else ()
        for fields in {*unique, *(lookup.arguments for lookup in lookups)}:
            if fields != ("id",) and all(document.get(field) is not None for field in fields):
                yield self.key(fields, document, exclusive=fields in unique)

    def key(self, fields: tuple[str, ...], values: dict[str, Any], *, exclusive: bool = False) -> Key:
        """The key of this kind made of some fields' values."""
        return Key(self.type, fields, [values[field] for field in fields], exclusive=exclusive)


def _references(attributes: Iterable[Attribute], blocks: Iterable[Block]) -> tuple[tuple[str, ...], ...]:
    own = [(attribute.key,) for attribute in attributes if attribute.refers_to]
    nested = [(block.key, inner.key) for block in blocks for inner in block.attributes if inner.refers_to]
    return tuple(dict.fromkeys([*own, *nested]))


class Kinds(dict[str, Kind]):
    """The kinds of the catalog and those that are derived, by name."""

    def __init__(self) -> None:
        super().__init__()
        resources: dict[str, list[Resource]] = {}
        for type_ in RESOURCES:
            declared = resource(type_)
            resources.setdefault(declared.kind, []).append(declared)
        found = [data_source(type_) for type_ in DATA_SOURCES]
        data_sources = {source.kind: source for source in found if source.gather is None}
        for name in sorted({*resources, *data_sources, *_DERIVED_REFERENCES}):
            self[name] = Kind(name, _united(resources.get(name, [])), data_sources.get(name))


def _united(resources: list[Resource]) -> Resource | None:
    """What stands for all resources whose objects are of one kind: what not all of them require is optional."""
    if len(resources) < 2:  # noqa: PLR2004 - one, or none
        return resources[0] if resources else None
    first = resources[0]
    attributes: dict[str, list[Attribute]] = {}
    blocks: dict[str, list[Block]] = {}
    for one in resources:
        for attribute in one.attributes:
            attributes.setdefault(attribute.key, []).append(attribute)
        for block in one.blocks:
            blocks.setdefault(block.key, []).append(block)
    return Resource(
        first.kind,
        thing=first.kind,
        summary=first.summary,
        collection=first.collection,
        member=first.member,
        wrapper=first.wrapper,
        attributes=tuple(_common(those, len(resources)) for those in attributes.values()),
        blocks=tuple(_common(those, len(resources)) for those in blocks.values()),
        unique=first.unique,
    )


def _common(those: list[_Field], resources: int) -> _Field:
    """The first that requests carry, required only where each resource requires it."""
    found = copy(next((one for one in those if one.sent), those[0]))
    found.required = len(those) == resources and all(one.required for one in those)
    return found
