"""The real service as a process, and ways to talk to it: by HTTP, and by bytes on a socket."""

import http.client
import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

KEY = "k3y-of-the-tests-0123456789-abcdefghij"
BASE = "/internal/personalization"
START_TIMEOUT_S = 30.0
STOP_TIMEOUT_S = 30.0


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class RunningService:
    """A start of the service; `folder` holds its data, its key and what it prints, `module` is what is run.

    Its data lie in the database with this address instead, if there is one.
    """

    folder: Path
    port: int = 0
    environment: Mapping[str, str] = field(default_factory=dict)
    key: str | None = KEY
    umask: int = -1
    module: str = "service"
    database: str | None = None

    def __enter__(self) -> Self:
        store = self.database or f"sqlite:{self.store}"
        options = ["--listen", f"127.0.0.1:{self.port}", "--store", store, "--instance", "this-start"]
        if self.key is not None:
            key_file = self.folder / "key"
            key_file.write_text(self.key + "\n")
            options += ["--api-key-file", str(key_file)]
        self.errors = self.folder / "stderr"
        with self.errors.open("ab") as errors:
            self.process = subprocess.Popen(
                [sys.executable, "-m", self.module, "serve", *options],
                stdout=subprocess.PIPE,
                stderr=errors,
                env={**os.environ, **self.environment},
                start_new_session=True,
                umask=self.umask,
            )
        try:
            self.printed = self._first_line()
            self.port = int(self.printed.rpartition(":")[2])
            self.ready = self.call("GET", "/readyz").json
        except BaseException:
            self.kill_group()
            raise
        return self

    def _first_line(self) -> str:
        assert self.process.stdout is not None
        readable, _, _ = select.select([self.process.stdout], [], [], START_TIMEOUT_S)
        line = self.process.stdout.readline().decode() if readable else ""
        assert line, f"the service did not start: {self.errors.read_text()}"
        return line.rstrip("\n")

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.stop()
        with suppress(ProcessLookupError):  # a worker outlives the main process only when the service is broken
            os.killpg(self.process.pid, signal.SIGKILL)
        self._close_output()

    @property
    def store(self) -> Path:
        return self.folder / "data" / "personalization.db"

    @property
    def worker_pid(self) -> int:
        return int(self.store.with_name(self.store.name + ".lock").read_text())

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """End it in good order, and return its exit code."""
        self.process.send_signal(number)
        try:
            return self.process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self.kill_group()
            raise

    def kill_group(self) -> None:
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(STOP_TIMEOUT_S)
        self._close_output()

    def _close_output(self) -> None:
        if self.process.stdout is not None and not self.process.stdout.closed:
            self.rest_of_output = self.process.stdout.read()
            self.process.stdout.close()

    def call(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        headers: Mapping[str, str] | None = None,
        key: str | None = KEY,
    ) -> Answer:
        """Make one call; a body that is not bytes is sent as JSON."""
        sent = dict(headers or {})
        if key is not None:
            sent.setdefault("Authorization", f"Bearer {key}")
        if body is not None:
            sent.setdefault("Content-Type", "application/json")
            body = body if isinstance(body, bytes) else json.dumps(body).encode()
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request(method, path, body, sent)
            answer = connection.getresponse()
            return Answer(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())
        finally:
            connection.close()

    def get(self, actor: str, **options: Any) -> Answer:
        return self.call("GET", f"{BASE}/profile/{actor}", **options)

    def put(self, actor: str, body: object, **options: Any) -> Answer:
        return self.call("PUT", f"{BASE}/profile/{actor}", body, **options)

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=20)

    def exchange(self, request: bytes, *, end: bool = False) -> Answer:
        """Send bytes as they are, `end` says nothing comes after them, and return the first answer."""
        with self.connect() as connection:
            connection.sendall(request)
            if end:
                with suppress(OSError):  # the service may have answered and closed already
                    connection.shutdown(socket.SHUT_WR)
            return receive(connection)


def receive(connection: socket.socket) -> Answer:
    with http.client.HTTPResponse(connection) as answer:
        answer.begin()
        return Answer(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())


def head(method: str, path: str, *lines: str) -> bytes:
    """Return the head of a request that carries the key."""
    return "\r\n".join(
        [f"{method} {path} HTTP/1.1", "Host: x", f"Authorization: Bearer {KEY}", *lines, "", ""]
    ).encode()


def wait_until_gone(pid: int, timeout: float = 10.0) -> bool:
    """Return whether a process that is not our child ended in time; a zombie has ended."""
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        try:
            stat = Path(f"/proc/{pid}/stat").read_text()
        except (FileNotFoundError, ProcessLookupError):
            return True
        if stat.rpartition(")")[2].split()[0] == "Z":
            return True
        os.sched_yield()
    return False
