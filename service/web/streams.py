"""Answers that are sent while they are made, in memory that does not grow with them."""

import logging
from collections.abc import Iterator
from typing import Final

from flask import Response, request

from hosting.observing import described
from service.personalization.actors.exporting import ExportBrokenError
from service.personalization.tenants.turns import LostTurnError
from service.storage import StoreUnavailableError
from service.web.answers import unstored

BLOCK_BYTES: Final = 64 * 1_024

_log = logging.getLogger("personalization")


def streamed(pieces: Iterator[bytes], content_type: str) -> Response:
    """Return an answer of pieces; when they break off it ends there, and what it says has to tell that it does.

    Its head is sent already then, and the server would end an answer that raises in the same way, with a stack trace.
    """
    return Response(_blocks(_until_broken(pieces, described(request))), headers=unstored(content_type))


def _until_broken(pieces: Iterator[bytes], said: dict[str, object]) -> Iterator[bytes]:
    try:
        yield from pieces
    except (ExportBrokenError, LostTurnError, StoreUnavailableError) as error:
        _log.error("an answer broke off", extra=said | {"error": type(error).__name__})


def _blocks(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Put small pieces together, since each block that is sent goes from thread to thread."""
    block = bytearray()
    for piece in pieces:
        block += piece
        if len(block) >= BLOCK_BYTES:
            yield bytes(block)
            block.clear()
    if block:
        yield bytes(block)
