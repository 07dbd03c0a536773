"""The document of an actor: everything that is kept of them, in JSON whose bytes depend on nothing else.

The members of every object stand in the order of their names, without white space. The document is made piece by
piece, and its end comes last: what broke off is not JSON.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson

from service.personalization.history.events import shown

FORMAT: Final = 1
"""The version of the form of the document."""
_HISTORY: Final = b',"history":['
"""What stands between the first members and the events; within a string its quotes would be escaped."""


@dataclass(frozen=True, slots=True)
class Frame:
    """What a document says besides the history.

    Attributes:
        actor: the id of the actor.
        aliases: the other ids that lead to the actor.
        consent: what stands of the actor's consent.
        profile: what the actor told, with `meta`; None without a profile.
        preferences: the document of each preference, in the order of their types.

    """

    actor: str
    aliases: Sequence[str]
    consent: Mapping[str, str]
    profile: Mapping[str, Any] | None
    preferences: Sequence[bytes]


def rendered(frame: Frame, pages: Iterable[Sequence[Mapping[str, Any]]]) -> Iterator[bytes]:
    """Return a document piece by piece.

    Args:
        frame: what it says besides the history.
        pages: the stored events in their order, some at a time.

    """
    said = {"actor_id": frame.actor, "aliases": frame.aliases, "consent": frame.consent, "format": FORMAT}
    yield _json(said)[:-1] + _HISTORY
    separator = b""
    for page in pages:
        if page:
            yield separator + b",".join(_json(shown(event)) for event in page)
            separator = b","
    yield b'],"preferences":[' + b",".join(frame.preferences) + b"]"
    yield b"}" if frame.profile is None else b',"profile":' + _json(frame.profile) + b"}"


def beginning(pieces: Iterable[bytes]) -> dict[str, Any]:
    """Return what a document says before the history, `actor_id`, `aliases` and `consent`, and read no further.

    Args:
        pieces: the document, as `rendered` returns it or cut otherwise.

    """
    read = b""
    for piece in pieces:
        read += piece
        if _HISTORY in read:
            break
    said: dict[str, Any] = orjson.loads(read.partition(_HISTORY)[0] + b"}")
    return said


def _json(value: object) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
