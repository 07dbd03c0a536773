"""Secrets of objects, taken out of what is shown or exported, and put back where they belong.

A secret is what no answer of the API carries, and what is sensitive to Terraform. Where it stands is told by a JSON
pointer (RFC 6901) into the object.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

    from tama.catalog.declaration import Attribute
    from tama.control_plane.kinds import Kind
    from tama.control_plane.store import Document

    Place = tuple[str, ...]

_ANY = "*"


def take_out(kind: Kind, document: Document) -> dict[str, Any]:
    """Remove an object's secrets from it, and return them by their pointers."""
    taken: dict[str, Any] = {}
    for place in _places(kind):
        for holder, pointer in list(_holders(document, place[:-1], "")):
            if holder.get(place[-1]) is not None:
                taken[f"{pointer}/{place[-1]}"] = holder.pop(place[-1])
    return taken


def put_back(kind: Kind, document: Document, pointer: str, value: object) -> bool:
    """Put a secret where a pointer says; False when no secret of such an object stands there."""
    for place in _places(kind):
        for holder, above in _holders(document, place[:-1], ""):
            if f"{above}/{place[-1]}" == pointer:
                holder[place[-1]] = value
                return True
    return False


def _places(kind: Kind) -> Iterator[Place]:
    """Where secrets may stand: keys from the outermost to the innermost, `*` for every element of a list."""
    if kind.resource is not None:
        yield from _of(kind.resource.attributes, ())
        for block in kind.resource.blocks:
            yield from _of(block.attributes, (block.key, _ANY) if block.many else (block.key,))


def _of(attributes: Iterable[Attribute], above: Place) -> Iterator[Place]:
    for attribute in attributes:
        place = (*above, *attribute.key.split("."))
        if attribute.sent and (attribute.sensitive or not attribute.returned):
            yield place
        else:
            yield from _of(attribute.attributes, (*place, _ANY) if attribute.kind == "objects" else place)


def _holders(value: object, keys: Place, pointer: str) -> Iterator[tuple[Document, str]]:
    """The objects that are reached through some keys, each with its pointer."""
    if not keys:
        if isinstance(value, dict):
            yield value, pointer
    elif keys[0] == _ANY:
        for index, inner in enumerate(value if isinstance(value, list) else ()):
            yield from _holders(inner, keys[1:], f"{pointer}/{index}")
    elif isinstance(value, dict):
        yield from _holders(value.get(keys[0]), keys[1:], f"{pointer}/{keys[0]}")
