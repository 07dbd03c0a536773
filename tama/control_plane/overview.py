"""What a control plane holds, seen from above: Tama's own API has no lists, and answers an object by its id."""

from __future__ import annotations

from tama.control_plane.errors import NotFound
from tama.control_plane.withholding import take_out

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tama.control_plane.kinds import Kind, Kinds
    from tama.control_plane.store import Document, Transaction


def listed(transaction: Transaction, kinds: Kinds, kind: str = "") -> list[Document]:
    """Every object, by kind and then by age, without secrets and without JSON documents, which are long.

    Args:
        transaction: reads the store.
        kinds: those that there are.
        kind: the only kind that is wanted; empty for all.

    Returns:
        Objects with `kind`, `space_id` (the space that it belongs to, if any) and `object`.

    Raises:
        NotFound: there is no such kind.
    """
    if kind and kind not in kinds:
        raise NotFound
    spaces: dict[str, str | None] = {}
    found = []
    for one in [kinds[kind]] if kind else kinds.values():
        long = {attribute.key for attribute in one.attributes if attribute.kind == "json"}
        for document in transaction.all(one.type):
            space = _space(transaction, kinds, one, document, spaces)
            take_out(one, document)
            short = {key: value for key, value in document.items() if key not in long}
            found.append({"kind": one.type, "space_id": space, "object": short})
    return found


def shown(transaction: Transaction, kinds: Kinds, id_: str) -> Document:
    """One object without its secrets, what it refers to, and what refers to it.

    Returns:
        An object with `kind`, `space_id`, `object`, `secrets` (JSON pointers to what was left out), `refers_to` and
        `referred_to_by`: lists of `kind`, `id`, `name`, and `field`, which holds the reference.

    Raises:
        NotFound: there is no object with that id.
    """
    kind, document = _found(transaction, kinds, id_)
    space = _space(transaction, kinds, kind, document, {})
    to = [_reference(*_found(transaction, kinds, target), field) for field, target in kind.referred(document)]
    by = [
        _reference(other, one, field)
        for other in kinds.values()
        for one in transaction.all(other.type, id_)
        for field, target in other.referred(one)
        if target == id_
    ]
    secrets = [*take_out(kind, document)]
    return {
        "kind": kind.type,
        "space_id": space,
        "object": document,
        "secrets": secrets,
        "refers_to": to,
        "referred_to_by": by,
    }


def _found(transaction: Transaction, kinds: Kinds, id_: str) -> tuple[Kind, Document]:
    for kind in kinds.values():
        if (document := transaction.get(kind.type, id_)) is not None:
            return kind, document
    raise NotFound


def _reference(kind: Kind, document: Document, field: str) -> Document:
    name = document.get("name") or document.get("identifier") or document.get("version") or ""
    return {"field": field, "kind": kind.type, "id": document["id"], "name": name}


def _space(
    transaction: Transaction, kinds: Kinds, kind: Kind, document: Document, known: dict[str, str | None]
) -> str | None:
    """The id of the space that an object belongs to, if it does; `known` are those of the ids that were asked for."""
    if kind.type == "space":
        return str(document["id"])
    declared = [*kind.parents, *(kind.data_source.attributes if kind.data_source is not None else ())]
    owner = next((attribute for attribute in declared if attribute.refers_to), None)
    if owner is None:
        return None
    id_ = document[owner.key]
    if id_ not in known:
        above = kinds[owner.refers_to]
        known[id_] = _space(transaction, kinds, above, transaction.get(above.type, id_) or {}, known)
    return known[id_]
