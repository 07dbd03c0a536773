"""A control plane that the real command serves, for tests."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import Any

from tama.client import Client, connect
from tools.environment import ROOT


@dataclass(frozen=True)
class Served:
    """Where it is, and a client of it.

    Attributes:
        url: its base URL.
        client_id: the id of the client.
        client_secret: the client's secret.
    """

    url: str
    client_id: str
    client_secret: str = field(repr=False)

    def connect(self) -> Client:
        """Return a client of it."""
        return connect(self.url, client_id=self.client_id, client_secret=self.client_secret)

    def provider(self) -> str:
        """Return the configuration of a provider that uses it."""
        return (
            f'provider "tama" {{\n  base_url = "{self.url}"\n  client_id = "{self.client_id}"\n'
            f'  client_secret = "{self.client_secret}"\n}}\n'
        )


def tama(*arguments: str) -> str:
    """Run the command, and return what it prints."""
    command = [sys.executable, "-m", "tama", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=60).stdout


class Service:
    """`tama serve` on a store while it is entered, which can be killed and started again.

    Args:
        store: the file, beside which its log lies.
        options: of the command.
        database: the address of the database that is the store in the place of the file.

    Attributes:
        plane: where it is, with a client that was added for it; every start takes the same port.
    """

    def __init__(self, store: Path, *options: str, database: str = "") -> None:
        self._store = database or f"sqlite:{store}"
        self._options = options
        self._log = store.with_suffix(".log")
        self._process: subprocess.Popen[str] | None = None
        client = json.loads(tama("clients", "add", "--store", self._store, "--json"))
        self.plane = Served("http://127.0.0.1:0", **client)

    def start(self) -> None:
        """Start it, and wait until it listens."""
        address = self.plane.url.removeprefix("http://")
        command = [sys.executable, "-m", "tama", "serve", "--store", self._store, "--listen", address, *self._options]
        with self._log.open("a") as log:
            self._process = subprocess.Popen(
                command, cwd=ROOT, stdout=subprocess.PIPE, stderr=log, text=True, start_new_session=True
            )
        assert self._process.stdout
        line = self._process.stdout.readline()
        assert line.startswith("listening on "), self._log.read_text()
        self.plane = replace(self.plane, url=line.split()[-1])

    def kill(self, whom: str) -> None:
        """Kill the `main` process, its `worker` or the `group` of both, and wait until nothing is left of them."""
        assert self._process
        main = self._process.pid
        if whom == "group":
            os.killpg(main, signal.SIGKILL)
        else:
            children = Path(f"/proc/{main}/task/{main}/children").read_text().split()
            os.kill(main if whom == "main" else int(children[-1]), signal.SIGKILL)
        # The worker holds the other end until it is gone too.
        self._process.communicate(timeout=30)

    def __enter__(self) -> Service:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stop it as an operator does, unless it was killed."""
        assert self._process
        if self._process.poll() is None:
            self._process.terminate()
            self._process.communicate(timeout=30)
            assert self._process.returncode == 0


def settled(client: Client, path: str, seconds: float = 10) -> dict[str, Any]:
    """Return the object at a path, once it is pending no more."""
    ends = time.monotonic() + seconds
    while True:
        found: dict[str, Any] = client.request("GET", path)
        if found.get("current_state") != "pending":
            return found
        assert time.monotonic() < ends, found
        time.sleep(0.02)


@contextmanager
def served(store: Path, *options: str, database: str = "") -> Iterator[Served]:
    """Serve a store on a free port of the loopback interface while this is entered; see `Service`."""
    with Service(store, *options, database=database) as service:
        yield service.plane
