"""Runs of the client against a server, and what makes one worth nothing."""

import json
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, Any, Final

from benchmarks.processes import running_on
from benchmarks.servers import Server
from tools import environment

CLIENT = Path(__file__).with_name("client.cjs")
SATURATED: Final = 0.95
"""The share of its core from which on a side counts as the one that the other waits for."""


class LoadError(Exception):
    """The client did not measure; the message says what it said."""


@dataclass(frozen=True, slots=True)
class Request:
    """What is sent, each time to another actor.

    Attributes:
        method: the method.
        path: the path; `{actor}` stands for the seven digits of an actor's number, `{budget}` for a budget in which a
            context with all events fits.
        actors: among how many actors the client chooses.
        headers: the header fields.
        body: the body; `{value}` stands for a text of 12 digits that no other request has.
        share: how many of the requests of a mixed run are of this kind, in proportion to the others.

    """

    method: str
    path: str
    actors: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""
    share: int = 1


@dataclass(frozen=True, slots=True)
class Run:
    """What a run of the client saw.

    Attributes:
        requests: how many were answered with 2xx.
        failures: how many were not, by what came instead; those of the warm-up are among them.
        seconds: how long it took.
        client_share: how much of a core the client used.
        server_share: how much of a core the server used, with its database, None where that is not known.

    """

    requests: int
    failures: Mapping[str, int]
    seconds: float
    client_share: float
    server_share: float | None

    @property
    def rate(self) -> float:
        """Return the answered requests a second."""
        return self.requests / self.seconds

    @property
    def core_rate(self) -> float | None:
        """Return the answered requests by second of core time that the server had, None where that is not known."""
        return self.rate / self.server_share if self.server_share else None

    def why_void(self) -> str | None:
        """Return why the run says nothing about the server, None when it does."""
        if self.failures:
            return f"not everything was answered with 2xx: {self.failures}"
        if not self.requests:
            return "nothing was answered"
        if self.client_share >= SATURATED and (self.server_share is None or self.server_share < SATURATED):
            server = "unknown" if self.server_share is None else f"{self.server_share:.0%}"
            return f"the client was the limit: it used {self.client_share:.0%} of its core, the server {server}"
        return None


@dataclass(slots=True)
class Client:
    """The client on its core.

    Attributes:
        core: the core, None when nothing is pinned.
        connections: how many connections it keeps busy.
        warm_up_s: how many seconds it sends before it measures, at each run.

    """

    core: int | None
    connections: int
    warm_up_s: float
    _runs: int = 0

    def run(self, server: Server, requests: Sequence[Request], limit: Mapping[str, float]) -> Run:
        """Send requests to a server.

        Args:
            server: the server.
            requests: what to send.
            limit: when to end: `duration` in seconds, or the `amount` of requests.

        Raises:
            LoadError: the client did not measure.

        """
        self._runs += 1
        plan = {
            "url": server.url,
            "requests": [asdict(request) for request in requests],
            "connections": self.connections,
            "warm_up_s": 0 if "amount" in limit else self.warm_up_s,
            "limit": limit,
            "values": f"{self._runs:04d}",
        }
        with (
            running_on(self.core),
            subprocess.Popen(
                ["node", CLIENT],
                env=environment.variables(),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            ) as process,
        ):
            try:
                return _measured(process, plan, server)
            finally:
                process.kill()


def _measured(process: subprocess.Popen[str], plan: Mapping[str, Any], server: Server) -> Run:
    assert process.stdin is not None
    assert process.stdout is not None
    with process.stdin:
        json.dump(plan, process.stdin)
    _line(process.stdout, process)
    before = server.cpu_seconds()
    said = _line(process.stdout, process)
    after = server.cpu_seconds()
    seconds = said["seconds"]
    share = sum(used - before.get(pid, 0.0) for pid, used in after.items()) / seconds if after else None
    return Run(said["requests"], said["failures"], seconds, said["cpu_seconds"] / seconds, share)


def _line(stdout: IO[str], process: subprocess.Popen[str]) -> dict[str, Any]:
    line = stdout.readline()
    if not line:
        assert process.stderr is not None
        raise LoadError(process.stderr.read())
    said: dict[str, Any] = json.loads(line)
    return said
