"""Who waits at a terminal is told so, in a line that is gone afterwards."""

from __future__ import annotations

import os
import sys
import threading
import time
from contextlib import contextmanager

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TextIO

_PATIENCE_S = 1.0
_ERASE_LINE = "\r\x1b[K"
_USUAL_COLUMNS = 80


def show(text: str, stream: TextIO | None = None) -> None:
    """Show a text in the place of the one before, cut to the terminal; do nothing where nobody looks on.

    Args:
        text: the text; empty to leave nothing.
        stream: where it is shown; by default the standard error.
    """
    stream = stream or sys.stderr
    if stream.isatty():
        columns = os.get_terminal_size(stream.fileno()).columns or _USUAL_COLUMNS
        stream.write(_ERASE_LINE + text[: columns - 1])
        stream.flush()


@contextmanager
def waiting(text: str, stream: TextIO | None = None) -> Iterator[None]:
    """Show a text with the seconds that passed, each second but the first; see `show`."""
    over = threading.Event()
    teller = threading.Thread(target=_tell, args=(text, stream, over), daemon=True)
    teller.start()
    try:
        yield
    finally:
        over.set()
        teller.join()


def _tell(text: str, stream: TextIO | None, over: threading.Event) -> None:
    began, told = time.monotonic(), False
    while not over.wait(_PATIENCE_S):
        told = True
        show(f"{text} ({time.monotonic() - began:.0f} s)", stream)
    if told:
        show("", stream)
