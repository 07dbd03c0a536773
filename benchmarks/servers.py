"""Servers that are measured or stand beside what is measured, each a process of its own."""

import http.client
import json
import os
import select
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from benchmarks.processes import cpu_seconds, family, running_on
from tools.environment import ROOT

START_TIMEOUT_S: Final = 60.0
_STOP_TIMEOUT_S: Final = 30.0


class ServerError(Exception):
    """A server does not do what is asked of it; the message says what it printed or answered."""


@dataclass(frozen=True, slots=True)
class Server:
    """A running server.

    Attributes:
        url: where it listens, without a path.
        pid: its process, which may have started others.
        database: the process of the database server that works for it alone while it is measured, None without one.

    """

    url: str
    pid: int
    database: int | None = None

    def cpu_seconds(self) -> dict[int, float]:
        """Return how much time each of the processes that answer has spent on cores, in seconds, where it is known."""
        return cpu_seconds(family(self.pid, *(() if self.database is None else (self.database,))))

    def call(self, method: str, path: str, headers: Mapping[str, str] | None = None, body: object = None) -> Any:
        """Make one call, with a body as JSON, and return the JSON that is answered with 2xx.

        Raises:
            ServerError: it was answered with another status.
            OSError: it was not answered.

        """
        connection = http.client.HTTPConnection(self.url.removeprefix("http://"), timeout=START_TIMEOUT_S)
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
def running(command: Sequence[str], log: Path, core: int | None = None) -> Iterator[subprocess.Popen[bytes]]:
    """Run a server as a process of its own, its log in a file, for as long as this is entered."""
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


def address(process: subprocess.Popen[bytes], log: Path) -> str:
    """Return the address in the line that a server prints when it listens."""
    assert process.stdout is not None
    readable, _, _ = select.select([process.stdout], [], [], START_TIMEOUT_S)
    line = process.stdout.readline().decode() if readable else ""
    if not line:
        raise ServerError(f"a server did not start: {log.read_text()}")
    return line.split()[-1]
