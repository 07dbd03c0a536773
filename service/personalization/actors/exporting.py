"""How the document of an actor is read from the store: page by page, since a history can be long."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, Final

import orjson

from service.items import CONSENT, Item, Items
from service.personalization.actors.document import Frame, rendered
from service.personalization.consent import stated
from service.personalization.history.layout import Head, place_of, scan_events
from service.personalization.preferences.rules import stored_preferences
from service.personalization.profile import PROFILE_KEY, told_with_meta
from service.personalization.standing import Standing, aliases

PAGE: Final = 64
"""How many events are read at once."""

Read = Callable[[Callable[[Items], Any]], Any]
"""Returns what a view makes of the actor's items as they were at one moment; see `ItemStore.read`."""


class ExportBrokenError(Exception):
    """The actor was erased or merged while the document was made."""


def export(actor: str, read: Read) -> Iterator[bytes]:
    """Return the document of an actor piece by piece, once the store could be read.

    Profile, preferences and consent are those of one moment, and the history ends where it ended then. An event that is
    deleted while the document is made may be in it or not. An actor nobody knows has a document too.

    Args:
        actor: the id of the actor, no alias.
        read: reads the actor's items, whatever the actor consents to.

    Raises:
        ExportBrokenError: the document cannot be finished.
        StoreUnavailableError: the store could not be read.

    """
    frame, head = read(lambda items: _beginning(actor, items))
    return rendered(frame, _pages(head, read))


def _beginning(actor: str, items: Items) -> tuple[Frame, Head]:
    consent = stated(items.get(CONSENT))
    if not Standing.of(items).is_shown:
        return Frame(actor, [], consent, None, []), Head()
    profile = items.get(PROFILE_KEY)
    told = told_with_meta(profile.document) if profile else None
    preferences = [item.document for item in stored_preferences(items)]
    return Frame(actor, aliases(items), consent, told, preferences), Head.of(items)


def _pages(head: Head, read: Read) -> Iterator[Sequence[dict[str, Any]]]:
    after = 0
    while after < head.last:
        page: list[Item] = read(partial(_page, head, after))
        yield [orjson.loads(item.document) for item in page]
        if len(page) < PAGE:
            return
        after = place_of(page[-1].key)


def _page(begun: Head, after: int, items: Items) -> list[Item]:
    head = Head.of(items)
    if head.life != begun.life or not Standing.of(items).is_shown:
        raise ExportBrokenError
    return scan_events(items, head, after + 1, begun.last + 1, PAGE)
