"""All actors of a tenant in JSON Lines: a document an actor, marks in between at which it can go on, and a last line.

A server may end a stream that broke off as if it were complete, so it is the last line that says that it is.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, Final

import orjson

from service.items import Items
from service.personalization.actors.exporting import export
from service.personalization.tenants.listing import is_listed, make_cursor

PAGE: Final = 100
"""How many actors stand between two marks at most."""

MARK_BYTES: Final = 4 * 1_024 * 1_024
"""After how many bytes a mark comes, once an actor is complete."""

Actors = Callable[[str | None, int], list[str]]
"""Returns ids of a tenant's actors; see `Store.actors`."""

Read = Callable[[str, Callable[[Items], Any]], Any]
"""Returns what a view makes of the items of one of a tenant's actors; see `ItemStore.read`."""


def export_tenant(tenant: str, after: str | None, actors: Actors, read: Read) -> Iterator[bytes]:
    """Return the actors of a tenant piece by piece, once the store could be read.

    Each document is one of a moment of its own. Who was there all the time has one.

    Args:
        tenant: whose actors.
        after: the id after which to begin, None for all.
        actors: lists the tenant's actors.
        read: reads the items of one of them, whatever the actor consents to.

    Raises:
        ExportBrokenError: an actor was erased or merged in the middle of their document.
        StoreUnavailableError: the store could not be read.

    """
    return _lines(tenant, actors(after, PAGE), actors, read)


def _lines(tenant: str, ids: Sequence[str], actors: Actors, read: Read) -> Iterator[bytes]:
    exported = since_mark = 0
    while ids:
        for actor in ids:
            size = 0
            for piece in _document(actor, read):
                size += len(piece)
                yield piece
            exported += size > 0
            since_mark += size
            if since_mark >= MARK_BYTES or actor == ids[-1]:
                yield _line({"next": make_cursor(tenant, actor)})
                since_mark = 0
        ids = actors(ids[-1], PAGE)
    yield _line({"actors": exported, "end": True})


def _document(actor: str, read: Read) -> Iterator[bytes]:
    document = export(actor, partial(read, actor))
    # Looked up after the document was begun: who is listed now was not being erased then.
    if read(actor, is_listed):
        yield from document
        yield b"\n"


def _line(said: dict[str, object]) -> bytes:
    return orjson.dumps(said, option=orjson.OPT_APPEND_NEWLINE)
