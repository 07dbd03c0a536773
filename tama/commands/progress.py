"""Who waits at a terminal is told so."""

from __future__ import annotations

import sys
import threading
import time
from contextlib import contextmanager

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_PATIENCE_S = 1.0
_ERASE_LINE = "\r\x1b[K"


@contextmanager
def waiting(text: str) -> Iterator[None]:
    """Say a text with the seconds that passed, each second but the first; only where somebody looks on."""
    if not sys.stderr.isatty():
        yield
        return
    over = threading.Event()
    teller = threading.Thread(target=_tell, args=(text, over), daemon=True)
    teller.start()
    try:
        yield
    finally:
        over.set()
        teller.join()


def _tell(text: str, over: threading.Event) -> None:
    began, told = time.monotonic(), False
    while not over.wait(_PATIENCE_S):
        told = True
        sys.stderr.write(f"{_ERASE_LINE}{text} ({time.monotonic() - began:.0f} s)")
        sys.stderr.flush()
    if told:
        sys.stderr.write(_ERASE_LINE)
        sys.stderr.flush()
