"""Who waits at a terminal is told so, in a line that is gone afterwards."""

from __future__ import annotations

import os
import sys
import threading
import time
from contextlib import contextmanager

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import TextIO

_PATIENCE_S = 1.0
_USUAL_COLUMNS = 80
_ERASE_LINE = "\r\x1b[K"


@contextmanager
def passing_line(stream: TextIO | None = None) -> Iterator[Callable[[str], None]]:
    """What shows a text in the place of the one before, cut to the terminal; it does nothing where nobody looks on.

    Args:
        stream: where it is shown; by default the standard error.
    """
    stream = stream or sys.stderr
    if not stream.isatty():
        yield lambda _: None
        return
    columns = os.get_terminal_size(stream.fileno()).columns or _USUAL_COLUMNS
    shown = False

    def show(text: str) -> None:
        nonlocal shown
        shown = True
        stream.write(_ERASE_LINE + text[: columns - 1])
        stream.flush()

    try:
        yield show
    finally:
        if shown:
            show("")


@contextmanager
def waiting(text: str, stream: TextIO | None = None) -> Iterator[None]:
    """Say a text with the seconds that passed, each second but the first; see `passing_line`."""
    over = threading.Event()
    with passing_line(stream) as show:
        teller = threading.Thread(target=_tell, args=(text, show, over), daemon=True)
        teller.start()
        try:
            yield
        finally:
            over.set()
            teller.join()


def _tell(text: str, show: Callable[[str], None], over: threading.Event) -> None:
    began = time.monotonic()
    while not over.wait(_PATIENCE_S):
        show(f"{text} ({time.monotonic() - began:.0f} s)")
