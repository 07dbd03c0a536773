"""A whole control plane as one JSON document, and such a document as a control plane.

The document is the same, byte by byte, for the same objects: they are ordered by id, and each keeps the order of its
fields. Its digest is that of `objects` by meaning, so it is the same with secrets and without, and outlives another
layout. Who may use the control plane (clients, tokens) is no part of it.
"""

from __future__ import annotations

import hashlib
import json
from graphlib import CycleError, TopologicalSorter

from tama.control_plane.errors import INVALID, MISSING, Invalid, Refused
from tama.control_plane.objects import Objects
from tama.control_plane.validation import merged
from tama.control_plane.withholding import put_back, take_out

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from tama.catalog.declaration import Attribute
    from tama.control_plane.kinds import Kind, Kinds
    from tama.control_plane.store import Document, Transaction

    Given = dict[str, tuple[Kind, Document]]

FORMAT = "tama-control-plane"
VERSION = 1
_UNSET = "This credential was left out of what was imported: it has to be set."
_STANDS_FOR_IT = "left out"


def exported(transaction: Transaction, kinds: Kinds, *, with_secrets: bool) -> Document:
    """The document of everything.

    Returns:
        `format`, `version`, `digest`, `objects` (`kind` and `object`) and `secrets`: for each one the `id` and `kind`
        of its object, the JSON pointer `at` into that, and `value` if secrets are asked for.
    """
    found = [(document["id"], kind, document) for kind in kinds.values() for document in transaction.all(kind.type)]
    objects, secrets = [], []
    for id_, kind, document in sorted(found, key=lambda one: one[0]):
        for at, value in take_out(kind, document).items():
            place = {"id": id_, "kind": kind.type, "at": at}
            secrets.append({**place, "value": value} if with_secrets else place)
        objects.append({"kind": kind.type, "object": document})
    sealed = {"format": FORMAT, "version": VERSION, "digest": digest(objects)}
    return {**sealed, "objects": objects, "secrets": secrets}


def parsed(kinds: Kinds, given: object) -> tuple[Given, list[Document]]:
    """The objects of a document by id, with their secrets, and the entries of `secrets` that hold none.

    What lacks its secret holds an empty one, which no change of it will leave in its place; an identity has failed.

    Raises:
        Invalid: it is no such document, or breaks a rule.
    """
    objects, secrets = _read(kinds, given)
    missing = [place for place in secrets if not place.get("value")]
    for place in secrets:
        _put_back(objects, place, place.get("value") or _STANDS_FOR_IT)
    for kind, document in objects.values():
        if wrong := _problems(objects, kind, document):
            raise Invalid({f"{kind.type} {document['id']}": wrong})
    for place in missing:
        _put_back(objects, place, "")
        kind, document = objects[place["id"]]
        if kind.type == "source_identity":
            document.update(current_state="failed", reason=_UNSET)
    return objects, missing


def imported(transaction: Transaction, kinds: Kinds, objects: Given, *, replace: bool) -> None:
    """Store objects with their ids.

    Args:
        transaction: writes the store.
        kinds: those that there are.
        objects: what `parsed` made.
        replace: whether what is there goes; otherwise there must be nothing.

    Raises:
        Refused: 409 when there is something, 422 when two are not to be told apart.
    """
    _make_room(transaction, kinds, replace=replace)
    for kind, documents in _in_order(objects):
        try:
            Objects(kinds, transaction).add(kind.type, documents)
        except Invalid as invalid:
            raise Invalid({kind.type: invalid.errors}) from None
        for document in documents:
            if document.get("current_state") == "pending":
                transaction.add_job(document["id"])


def _read(kinds: Kinds, given: object) -> tuple[Given, list[Document]]:
    """The document's objects by id, and its secrets.

    Raises:
        Refused: it is not whole.
    """
    if not isinstance(given, dict) or given.get("format") != FORMAT:
        raise _unusable(f'it has no "format": "{FORMAT}"; `tama export` writes such a document')
    if given.get("version") != VERSION:
        raise _unusable(f"its version is {given.get('version')!r}, and this program reads {VERSION}")
    entries, secrets = given.get("objects"), given.get("secrets")
    if not isinstance(entries, list) or not isinstance(secrets, list):
        raise _unusable("objects and secrets are lists")
    if given.get("digest") != digest(entries):
        raise _unusable("its digest is not that of its objects: it was cut off or changed")
    objects: Given = {}
    for index, entry in enumerate(entries):
        match entry:
            case {"kind": str(type_), "object": {"id": str(id_)}} if (
                type_ in kinds and id_ not in objects and id_.isascii() and id_.isprintable()
            ):
                objects[id_] = kinds[type_], entry["object"]
            case _:
                raise _unusable(f"objects[{index}] is no object of a known kind with an id of its own")
    for index, place in enumerate(secrets):
        if not isinstance(place, dict) or place.get("id") not in objects or not isinstance(place.get("at"), str):
            raise _unusable(f"secrets[{index}] has no id of an object, or no pointer")
    return objects, secrets


def _put_back(objects: Given, place: Document, value: object) -> None:
    kind, document = objects[place["id"]]
    if not put_back(kind, document, place["at"], value):
        raise _unusable(f"the {kind.type} {document['id']} has no place for a secret at {place['at']!r}")


def _problems(objects: Given, kind: Kind, document: Document) -> dict[str, Any]:
    """What is wrong with an object by its declaration."""

    def exists(type_: str, id_: str) -> bool:
        return id_ in objects and objects[id_][0].type == type_

    # What a specification yields is not what people may declare.
    derived = "specification_id" in document and all(one.key != "specification_id" for one in kind.parents)
    wrong = {} if derived else merged(kind, document, {}, exists)[1]
    for field, id_ in kind.referred(document):
        if id_ not in objects:
            wrong[field] = [MISSING]
    for attribute in _told(kind):
        value = document.get(attribute.key)
        if not isinstance(value, str) or (attribute.refers_to and not exists(attribute.refers_to, value)):
            wrong[attribute.key] = [MISSING if attribute.refers_to else INVALID]
    return wrong


def _told(kind: Kind) -> Iterable[Attribute]:
    """What no body of a request holds, and every object does: what it belongs to, and its state if it has one."""
    if kind.resource is None:
        return kind.data_source.attributes if kind.data_source is not None else ()
    settles = kind.resource.settles.attribute if kind.resource.settles is not None else ""
    return [*kind.parents, *(one for one in kind.resource.attributes if one.name == settles)]


def _make_room(transaction: Transaction, kinds: Kinds, *, replace: bool) -> None:
    """Delete every object, those that others belong to first.

    Raises:
        Refused: there are some, and they are not to be replaced.
    """
    for type_ in sorted(kinds, key=lambda type_: type_ != "space"):
        for document in transaction.all(type_):
            if not replace:
                raise Refused(409, {"detail": "The control plane is not empty, and is left as it is."})
            transaction.delete(type_, document["id"])


def _in_order(objects: Given) -> list[tuple[Kind, list[Document]]]:
    """The objects by kind, each kind after those that it refers to."""
    by_kind: dict[Kind, list[Document]] = {}
    graph: dict[Kind, set[Kind]] = {}
    for kind, document in objects.values():
        by_kind.setdefault(kind, []).append(document)
        graph.setdefault(kind, set()).update({objects[id_][0] for id_ in kind.targets(document)} - {kind})
    try:
        return [(kind, by_kind[kind]) for kind in TopologicalSorter(graph).static_order()]
    except CycleError:
        raise _unusable("some of its objects refer to each other in a circle") from None


def digest(objects: object) -> str:
    """The digest of `objects` in a document: SHA-256 of their JSON with sorted keys and nothing between its tokens."""
    canonical = json.dumps(objects, sort_keys=True, separators=(",", ":"))
    return f"sha256:{hashlib.sha256(canonical.encode()).hexdigest()}"


def _unusable(why: str) -> Invalid:
    return Invalid({"detail": f"The document cannot be imported: {why}."})
