"""The servers that are measured, on the server's core."""

import os
import shutil
import socket
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from benchmarks.servers import START_TIMEOUT_S, Server, ServerError, address, running

KEY: Final = "key-of-the-benchmarks-0123456789-abcdefghij"


@contextmanager
def bare_view(folder: Path, core: int | None) -> Iterator[Server]:
    """Run the bare view."""
    with running([sys.executable, "-m", "benchmarks.service.bare"], folder / "bare.log", core) as process:
        yield Server(address(process, folder / "bare.log"), process.pid)


@contextmanager
def our_service(folder: Path, data: Path, core: int | None) -> Iterator[Server]:
    """Run the service as an operator would, its log in a file, on a copy of a data file that is in `folder`."""
    store = folder / data.name
    if not store.exists():
        _copy(data, store)
    with service_at(folder, f"sqlite:{store}", core) as server:
        yield server


@contextmanager
def service_at(folder: Path, store: str, core: int | None) -> Iterator[Server]:
    """Run the service on a store, its key and its log in a folder."""
    key = folder / "key"
    key.write_text(KEY)
    options = ["--listen", "127.0.0.1:0", "--store", store, "--api-key-file", str(key)]
    log = folder / "service.log"
    with running([sys.executable, "-m", "service", "serve", *options], log, core) as process:
        yield Server(address(process, log), process.pid)


def _copy(data: Path, store: Path) -> None:
    with data.open("rb") as source, store.open("wb") as target:
        shutil.copyfileobj(source, target)
        # Else the first writes to it would wait until all of it is on the disk.
        os.fsync(target.fileno())


@contextmanager
def other_server(command: Sequence[str], port: int, log: Path, core: int | None, ready: str) -> Iterator[Server]:
    """Run a server that does not say when it listens: `ready` is a path that it then answers."""
    with running(command, log, core) as process:
        server = Server(f"http://127.0.0.1:{port}", process.pid)
        deadline = time.monotonic() + START_TIMEOUT_S
        while True:
            with suppress(OSError):
                server.call("GET", ready)
                break
            if process.poll() is not None or time.monotonic() > deadline:
                raise ServerError(f"a server did not start: {log.read_text()}")
            time.sleep(0.1)
        yield server


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port
