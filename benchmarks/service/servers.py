"""The servers that are measured, each a process of its own on the server's core."""

import http.client
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from benchmarks.service.processes import running_on
from tools.environment import ROOT

KEY: Final = "key-of-the-benchmarks-0123456789-abcdefghij"
_START_TIMEOUT_S = 60.0
_STOP_TIMEOUT_S = 30.0


class ServerError(Exception):
    """A server does not do what is asked of it; the message says what it printed or answered."""


@dataclass(frozen=True, slots=True)
class Server:
    """A running server.

    Attributes:
        url: where it listens, without a path.
        pid: its process, which may have started others.

    """

    url: str
    pid: int

    def call(self, method: str, path: str, headers: Mapping[str, str] | None = None, body: object = None) -> Any:
        """Make one call, with a body as JSON, and return the JSON that is answered with 2xx.

        Raises:
            ServerError: it was answered with another status.
            OSError: it was not answered.

        """
        connection = http.client.HTTPConnection(self.url.removeprefix("http://"), timeout=_START_TIMEOUT_S)
        try:
            sent = None if body is None else json.dumps(body)
            connection.request(method, path, sent, {"Content-Type": "application/json", **(headers or {})})
            answer = connection.getresponse()
            content = answer.read()
        finally:
            connection.close()
        if answer.status // 100 != 2:  # noqa: PLR2004 - the class of the status
            raise ServerError(f"{method} {path} was answered with {answer.status}: {content.decode(errors='replace')}")
        return json.loads(content)


@contextmanager
def bare_view(folder: Path, core: int | None) -> Iterator[Server]:
    """Run the bare view."""
    with _running([sys.executable, "-m", "benchmarks.service.bare"], folder / "bare.log", core) as process:
        yield Server(_said(process, folder / "bare.log"), process.pid)


@contextmanager
def our_service(folder: Path, data: Path, core: int | None) -> Iterator[Server]:
    """Run the service as an operator would, its log in a file, on a copy of a data file that is in `folder`."""
    key = folder / "key"
    key.write_text(KEY)
    store = folder / data.name
    if not store.exists():
        _copy(data, store)
    options = ["--listen", "127.0.0.1:0", "--store", f"sqlite:{store}", "--api-key-file", str(key)]
    log = folder / f"{data.stem}.log"
    with _running([sys.executable, "-m", "service", "serve", *options], log, core) as process:
        yield Server(_said(process, log), process.pid)


def _copy(data: Path, store: Path) -> None:
    with data.open("rb") as source, store.open("wb") as target:
        shutil.copyfileobj(source, target)
        # Else the first writes to it would wait until all of it is on the disk.
        os.fsync(target.fileno())


@contextmanager
def other_server(command: Sequence[str], port: int, log: Path, core: int | None, ready: str) -> Iterator[Server]:
    """Run a server that does not say when it listens: `ready` is a path that it then answers."""
    with _running(command, log, core) as process:
        server = Server(f"http://127.0.0.1:{port}", process.pid)
        deadline = time.monotonic() + _START_TIMEOUT_S
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


@contextmanager
def _running(command: Sequence[str], log: Path, core: int | None) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("ab") as errors, running_on(core):
        process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors, start_new_session=True
        )
    with process:
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(_STOP_TIMEOUT_S)
            finally:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)


def _said(process: subprocess.Popen[bytes], log: Path) -> str:
    """Return the address in the line that a server prints when it listens."""
    assert process.stdout is not None
    readable, _, _ = select.select([process.stdout], [], [], _START_TIMEOUT_S)
    line = process.stdout.readline().decode() if readable else ""
    if not line:
        raise ServerError(f"a server did not start: {log.read_text()}")
    return line.split()[-1]
