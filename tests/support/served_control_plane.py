"""A control plane that the real command serves, for tests."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

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


@contextmanager
def served(store: Path, *options: str) -> Iterator[Served]:
    """Serve a store on a free port of the loopback interface while this is entered."""
    client = json.loads(tama("clients", "add", "--store", f"sqlite:{store}", "--json"))
    command = [sys.executable, "-m", "tama", "serve", "--store", f"sqlite:{store}", "--listen", "127.0.0.1:0", *options]
    log = store.with_suffix(".log")
    with (
        log.open("w") as errors,
        subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=errors, text=True) as process,
    ):
        try:
            assert process.stdout
            line = process.stdout.readline()
            assert line.startswith("listening on "), log.read_text()
            yield Served(line.split()[-1], **client)
        finally:
            process.terminate()
            assert process.wait(30) == 0
