"""A terminal that nobody sits at."""

from __future__ import annotations

import fcntl
import os
import struct
import termios
import threading
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def terminal(columns: int) -> Iterator[tuple[int, list[bytes]]]:
    """A terminal, and what is shown on it, which is whole once this is left."""
    reader, writer = os.openpty()
    fcntl.ioctl(writer, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    shown: list[bytes] = []

    def read() -> None:
        while True:
            try:
                shown.append(os.read(reader, 65536))
            except OSError:  # what a terminal answers that nobody has open
                return

    reading = threading.Thread(target=read)
    reading.start()
    try:
        yield writer, shown
    finally:
        os.close(writer)
        reading.join()
        os.close(reader)
