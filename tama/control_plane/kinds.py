"""What the control plane knows of each kind of object, read from the catalog's declarations.

A kind that no declaration has is derived from a specification and cannot be asked for yet; of it only the references
are known.
"""

from __future__ import annotations

from tama.catalog import DATA_SOURCES, RESOURCES, data_source, resource
from tama.catalog.declaration import Json
from tama.control_plane.keys import Key

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from tama.catalog.declaration import Attribute, DataSource, Resource
    from tama.control_plane.store import Document

_IN_BODIES: dict[str, tuple[Attribute, ...]] = {"class": (Json("schema", "The JSON schema.", required=True),)}
"""What bodies hold that Terraform has in another form, so that no declared attribute stands for it."""

_DERIVED_REFERENCES = {"source": ("space_id", "specification_id"), "class_corpus": ("class_id",)}


class Kind:
    """A kind of object: what the store needs of it, and what an answer shows.

    Args:
        type: its name in the catalog.
        resource: how it is made and changed; None when it is derived.
        data_source: how it is looked up; None when it is not.

    Attributes:
        parents: the attributes that stand in the path of the collection, and so in no body.
        attributes: those that stand in a request's body.
        references: the keys whose values are ids of other objects.
    """

    __slots__ = ("_hidden", "attributes", "data_source", "parents", "references", "resource", "type")

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
        self.references = _DERIVED_REFERENCES.get(type_) or tuple(
            dict.fromkeys(attribute.key for attribute in declared if attribute.refers_to)
        )
        self._hidden = frozenset(a.key.partition(".")[0] for a in declared if a.sent and not a.returned)
        own = resource.attributes if resource is not None else ()
        collection = resource.collection if resource is not None else ""
        self.parents = [attribute for attribute in own if "{" + attribute.name + "}" in collection]
        in_body = [attribute for attribute in own if attribute.sent and attribute not in self.parents]
        self.attributes = [*in_body, *_IN_BODIES.get(type_, ())]

    def answer(self, document: Document) -> Document:
        """The object as responses show it: without its secrets."""
        return {key: value for key, value in document.items() if key not in self._hidden}

    def targets(self, document: Document) -> list[str]:
        """The ids of the objects that it refers to."""
        return [document[name] for name in self.references if document.get(name) is not None]

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


class Kinds(dict[str, Kind]):
    """The kinds of the catalog and those that are derived, by name."""

    def __init__(self) -> None:
        super().__init__()
        for type_ in sorted({*RESOURCES, *DATA_SOURCES, *_DERIVED_REFERENCES}):
            self[type_] = Kind(
                type_,
                resource(type_) if type_ in RESOURCES else None,
                data_source(type_) if type_ in DATA_SOURCES else None,
            )
