"""What a specification's document yields: its actions, its classes with their corpora, and its source."""

from __future__ import annotations

from tama.catalog import openapi
from tama.control_plane.names import new_id, slug

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from tama.control_plane.objects import Objects
    from tama.control_plane.store import Document

_CORPUS = {
    "name": "Entity JSON Schema",
    "slug": "entity-json-schema",
    "main": True,
    "template": "{{ schema }}",
    "provision_state": "active",
}
_IDENTIFIED_BY: dict[str, tuple[tuple[str, ...], ...]] = {
    "action": (("identifier",), ("path", "method")),
    "class": (("name",),),
    "source": (("specification_id",),),
}


def settle(specification: Document) -> Callable[[Objects], None]:
    """Take a specification to the state that its document deserves.

    Args:
        specification: becomes `completed`, or `failed` with a `reason`.

    Returns:
        What stores that which the document yields, in the transaction in which the specification is stored.
    """
    specification.pop("reason", None)
    derived: dict[str, list[Document]] = {kind: [] for kind in _IDENTIFIED_BY}
    try:
        derived |= _derived(specification, openapi.describe(specification["schema"]))
    except openapi.BadDocument as problem:
        specification["current_state"], specification["reason"] = "failed", str(problem)
    else:
        specification["current_state"] = "completed"
    return lambda objects: _replace(objects, specification["id"], derived)


def _derived(of: Document, description: openapi.Description) -> dict[str, list[Document]]:
    """The actions, classes and source that a specification's document yields, still without ids."""
    common = {"specification_id": of["id"], "provision_state": "active"}
    placed = {"space_id": of["space_id"], **common}
    title = description.title or "Specification"
    actions = [{"identifier": o.identifier, "path": o.path, "method": o.method} for o in description.operations]
    return {
        "action": [{**action, **common} for action in actions],
        "class": [
            {"name": name, "description": schema["description"], "schema": schema, **placed}
            for name, schema in description.classes.items()
        ],
        "source": [
            {
                "name": title,
                "slug": slug(title, "specification"),
                "type": "specification",
                "endpoint": of["endpoint"],
                **placed,
            }
        ],
    }


def _replace(objects: Objects, specification_id: str, derived: dict[str, list[Document]]) -> None:
    """Store what a document yields in the place of what the one before it did; what is still there keeps its id."""
    transaction = objects.transaction
    for kind, wanted in derived.items():
        there = {document["id"]: document for document in transaction.all(kind, specification_id)}
        made = _with_ids(there.values(), wanted, _IDENTIFIED_BY[kind])
        for gone in there.keys() - {document["id"] for document in made}:
            transaction.delete(kind, gone)
        new = [document for document in made if document["id"] not in there]
        objects.replace(kind, [document for document in made if there.get(document["id"], document) != document])
        objects.add(kind, new)
        if kind == "class":
            objects.add("class_corpus", [{"id": new_id(), "class_id": one["id"], **_CORPUS} for one in new])


def _with_ids(
    there: Collection[Document], wanted: Sequence[Document], identified_by: Sequence[tuple[str, ...]]
) -> list[Document]:
    """The wanted objects with ids: each takes that of an old one, by the first fields first, or a new one."""
    ids: dict[int, str] = {}
    for fields in identified_by:
        by_value = {tuple(old[field] for field in fields): old["id"] for old in there}
        taken = set(ids.values())
        for index, document in enumerate(wanted):
            old = by_value.get(tuple(document[field] for field in fields))
            if index not in ids and old is not None and old not in taken:
                ids[index] = old
    return [{"id": ids.get(index) or new_id(), **document} for index, document in enumerate(wanted)]
