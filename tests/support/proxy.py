"""A proxy between a client and a server of PostgreSQL that fails where it is told to."""

from __future__ import annotations

import select
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from enum import Enum, auto

_COMMIT = b"COMMIT\x00"
_POLL_S = 0.02


class Fault(Enum):
    """What goes wrong, from when it is set until it is set to NONE."""

    NONE = auto()
    CUT_BEFORE_COMMIT = auto()
    """A COMMIT does not reach the server, and the connection is lost."""

    CUT_AFTER_COMMIT = auto()
    """A COMMIT is done, and the connection is lost before its answer."""

    CUT_AFTER_COMMIT_AND_REFUSE = auto()
    """As above, and so is every other connection, and each new one."""

    SILENCE_AT_COMMIT = auto()
    """A COMMIT is done, its answer never comes, and the connection stays."""

    SILENCE = auto()
    """Connections are accepted, and nothing is ever answered."""


_CUTS = (Fault.CUT_BEFORE_COMMIT, Fault.CUT_AFTER_COMMIT, Fault.CUT_AFTER_COMMIT_AND_REFUSE)


class Proxy:
    """Passes on what is sent on a port of its own, each connection in a thread."""

    def __init__(self, port: int) -> None:
        self.fault = Fault.NONE
        self.commits_met = 0
        self._server = ("127.0.0.1", port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._closing = threading.Event()
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def close(self) -> None:
        self._closing.set()
        for thread in self._threads:
            thread.join()
        self._listener.close()

    def _accept(self) -> None:
        while not self._closing.is_set():
            if not select.select([self._listener], [], [], _POLL_S)[0]:
                continue
            client, _ = self._listener.accept()
            self._threads.append(threading.Thread(target=self._pass_on, args=(client,)))
            self._threads[-1].start()

    def _refuses(self) -> bool:
        return self.fault is Fault.CUT_AFTER_COMMIT_AND_REFUSE and self.commits_met > 0

    def _pass_on(self, client: socket.socket) -> None:
        with client, suppress(OSError), socket.create_connection(self._server) as server:
            silent = False
            while not (self._closing.is_set() or self._refuses()):
                for end in select.select([client, server], [], [], _POLL_S)[0]:
                    data = end.recv(1 << 16)
                    if not data:
                        return
                    if end is client and data.endswith(_COMMIT) and self.fault not in (Fault.NONE, Fault.SILENCE):
                        self.commits_met += 1
                        if self.fault is not Fault.CUT_BEFORE_COMMIT:
                            server.sendall(data)
                            server.recv(1 << 16)
                        if self.fault in _CUTS:
                            return
                        silent = True
                    elif not (silent or self.fault is Fault.SILENCE):
                        (server if end is client else client).sendall(data)


@contextmanager
def proxy_to(port: int) -> Iterator[Proxy]:
    """Have a proxy before a server."""
    proxy = Proxy(port)
    try:
        yield proxy
    finally:
        proxy.close()
