"""The companion service as a process of this machine: started, found again, stopped."""

from __future__ import annotations

import fcntl
import json
import os
import socket
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from provider.framework.diagnostics import Diagnostic, Failure
from provider.framework.resource import Stop
from provider.resources import processes

HOST = "127.0.0.1"
# What a program needs to run; everything else, Terraform's and the provider's secrets among it, stays here.
_INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR")
_DATABASE, _KEY, _LOG, _RECORD = "personalization.db", "api-key", "service.log", "process.json"
_FREE_SECONDS = 5.0
_POLL_SECONDS = 0.05
_ANSWER_SECONDS = 3.0  # it may take two to find that its database is away
_END_SECONDS = 20.0
_LOG_LINES = 15
_OK, _UNAVAILABLE = b"200", b"503"

Record = dict[str, Any]


class Companion:
    """The service of one data folder.

    Args:
        command: the program and its arguments; the settings are in its environment.
        folder: the data folder, absolute.
    """

    def __init__(self, command: tuple[str, ...], folder: Path) -> None:
        self._command = command
        self._folder = folder
        self.log_file = folder / _LOG

    def record(self) -> Record | None:
        """Return what the last start recorded, finished or not; None when there is nothing."""
        try:
            record: Record = json.loads((self._folder / _RECORD).read_text())
        except (OSError, ValueError):
            return None
        return record

    def api_key(self) -> str | None:
        """Return the key of the last start."""
        try:
            return (self._folder / _KEY).read_text().strip()
        except OSError:
            return None

    def version(
        self, record: Record, seconds: float = _ANSWER_SECONDS, *, without_database: bool = False
    ) -> str | None:
        """Return the version that a recorded process serves; None when it is dead, not that one, or never ready.

        Args:
            record: the process.
            seconds: how long it may take to get ready.
            without_database: whether one is taken as ready that waits for its database.
        """
        statuses = (_OK, _UNAVAILABLE) if without_database else (_OK,)
        deadline = time.monotonic() + seconds
        while _is_alive(record):
            answer = _readiness(record["port"], statuses)
            if answer and answer.get("instance") == record["instance"]:
                return str(answer.get("version"))
            if time.monotonic() > deadline:
                return None
            time.sleep(_POLL_SECONDS)
        return None

    def start(self, port: int | None, api_key: str, seconds: float, stop: Stop, variables: Mapping[str, str]) -> Record:
        """Start the service, in place of one that still runs in this folder, and wait until it is ready.

        Args:
            port: where it is to listen; None takes a free one.
            api_key: the key that it is to accept.
            seconds: how long it may take to get ready.
            stop: ends the start.
            variables: environment variables that it is given besides.

        Raises:
            Failure: it cannot be started, ends at once, or never gets ready; nothing is left running.
        """
        self.stop(self.record())
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            _write(self._folder / _KEY, api_key + "\n")
            chosen = port or _free_port()
            self._await_free(chosen, stop)
            record, start_of_log = self._spawn(chosen, variables)
        except OSError as error:
            raise _failure(f"{error.strerror or error}: {error.filename or self._folder}") from error
        try:
            self._await_ready(record, start_of_log, seconds, api_key, stop)
        except BaseException:
            self.stop(record)
            raise
        return record

    def refuse_taken(self, port: int) -> None:
        """Raise a Failure when a port is not free."""
        if not _is_free(port):
            raise _taken(port)

    def stop(self, record: Record | None) -> None:
        """Stop a recorded process, if it still is that one."""
        if record and _is_alive(record):
            processes.end(record["pid"], record["started"], _END_SECONDS)

    def forget(self) -> None:
        """Remove what a start leaves in the folder; the data and the log stay."""
        for name in (_RECORD, _KEY):
            (self._folder / name).unlink(missing_ok=True)

    def _await_free(self, port: int, stop: Stop) -> None:
        """Wait for what is left of a killed service to let go of the port and of the data file's lock."""
        deadline = time.monotonic() + _FREE_SECONDS
        lock = self._folder / f"{_DATABASE}.lock"
        while (taken := not _is_free(port)) or _is_locked(lock):
            if time.monotonic() > deadline:
                break
            if stop.wait(_POLL_SECONDS):
                raise _failure("interrupted")
        if taken:
            raise _taken(port)

    def _spawn(self, port: int, more: Mapping[str, str]) -> tuple[Record, int]:
        """Start the process and record it, so that it is found again whatever becomes of this one."""
        instance = os.urandom(16).hex()
        variables = {name: os.environ[name] for name in _INHERITED if name in os.environ}
        variables |= {
            "PERSONALIZATION_LISTEN": f"{HOST}:{port}",
            "PERSONALIZATION_STORE": f"sqlite:{self._folder / _DATABASE}",
            "PERSONALIZATION_API_KEY_FILE": str(self._folder / _KEY),
            "PERSONALIZATION_INSTANCE": instance,
            **more,
        }
        log = os.open(self.log_file, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            start_of_log = os.fstat(log).st_size
            pid = processes.spawn(self._command, folder=self._folder, variables=variables, log=log)
        finally:
            os.close(log)
        record = {
            "pid": pid,
            "started": processes.started(pid),
            "boot": processes.boot(),
            "instance": instance,
            "port": port,
        }
        _write(self._folder / _RECORD, json.dumps(record))
        return record, start_of_log

    def _await_ready(self, record: Record, start_of_log: int, seconds: float, api_key: str, stop: Stop) -> None:
        deadline = time.monotonic() + seconds
        while self.version(record, 0) is None:
            if not _is_alive(record):
                raise _failure(f"it ended at once. {self._last_lines(start_of_log, api_key)}")
            if time.monotonic() > deadline:
                raise _failure(f"it was not ready after {seconds:g} s. {self._last_lines(start_of_log, api_key)}")
            if stop.wait(_POLL_SECONDS):
                raise _failure("interrupted")

    def _last_lines(self, start: int, api_key: str) -> str:
        """Return why this start has failed, or else what it has logged last, without the key."""
        with self.log_file.open("rb") as log:
            log.seek(start)
            lines = log.read().decode("utf-8", "replace").replace(api_key, "***").splitlines()
        if not lines:
            return f"Its log, {self.log_file}, is empty."
        if reason := next(filter(None, map(_reason, lines)), None):
            return f"{reason} Its log is {self.log_file}."
        return "\n".join([f"The last lines of its log, {self.log_file}:", *lines[-_LOG_LINES:]])


def _reason(line: str) -> str | None:
    """Return why the service cannot start, where a line of its log says it."""
    try:
        entry = json.loads(line)
    except ValueError:
        return None
    return str(entry["reason"]) if isinstance(entry, dict) and entry.get("level") == "critical" else None


def _is_alive(record: Record) -> bool:
    start = processes.started(record["pid"])
    return start is not None and start == record["started"] and processes.boot() == record["boot"]


def _readiness(port: int, statuses: tuple[bytes, ...]) -> dict[str, Any] | None:
    """Return the body of GET /readyz, or None without an answer of such a status. `http.client` would cost 50 ms."""
    request = f"GET /readyz HTTP/1.0\r\nHost: {HOST}:{port}\r\n\r\n".encode()
    try:
        with socket.create_connection((HOST, port), _ANSWER_SECONDS) as connection:
            connection.sendall(request)
            answer = b"".join(iter(lambda: connection.recv(65536), b""))
        head, _, body = answer.partition(b"\r\n\r\n")
        found = json.loads(body) if head.split(b" ", 2)[1] in statuses else None
    except (OSError, ValueError, IndexError):
        return None
    return found if isinstance(found, dict) else None


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        # Connections that are still closing do not keep the port.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def _is_locked(path: Path) -> bool:
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(descriptor)
    return False


def _write(path: Path, text: str) -> None:
    """Write a file that only its owner may read, whole or not at all."""
    temporary = path.with_name(f"{path.name}.{os.getpid()}")
    temporary.unlink(missing_ok=True)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    temporary.replace(path)


def _taken(port: int) -> Failure:
    return _failure(
        f"port {port} of {HOST} is taken by another process. Stop that process, or set port to another one.", ("port",)
    )


def _failure(text: str, path: tuple[str, ...] = ()) -> Failure:
    return Failure(Diagnostic("Local Service Error", f"Unable to start the local service: {text}", path))
