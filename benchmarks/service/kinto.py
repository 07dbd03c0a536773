"""Kinto from PyPI in an environment of its own: what it writes as its own configuration, in memory or on PostgreSQL."""

import hashlib
import subprocess
import sys
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from benchmarks.servers import Server
from benchmarks.service.population import FOLDER, actor, profile
from benchmarks.service.servers import free_port, other_server
from tools import packages

RECORDS: Final = "/v1/buckets/memovee/collections/profiles/records"
_LOCK = packages.LOCKS / "kinto.lock"
_USER, _PASSWORD = "admin", "password-of-the-benchmarks"
HEADERS: Final = {"Authorization": f"Basic {b64encode(f'{_USER}:{_PASSWORD}'.encode()).decode()}"}


def install() -> Path:
    """Return the command `kinto`, installed as its lock asks for.

    Raises:
        StepError: it could not be installed.

    """
    digest = hashlib.sha256(f"{sys.version}\n{_LOCK.read_text('utf-8')}".encode()).hexdigest()[:12]
    folder = FOLDER / f"kinto-{digest}"
    stamp = folder / ".installed"
    if not stamp.exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", "--without-pip", folder], check=True)
        python = str(folder / "bin" / "python")
        packages.uv("install", "--python", python, "--require-hashes", "--requirement", str(_LOCK), log="kinto")
        stamp.touch()
    return folder / "bin" / "kinto"


@contextmanager
def kinto(folder: Path, records: int, core: int | None, database: str | None = None) -> Iterator[Server]:
    """Run Kinto with so many profiles as its records, its log in a file; in memory, or on a PostgreSQL database."""
    command, settings = str(install()), str(folder / "kinto.ini")
    backend = "postgresql" if database else "memory"
    init = ["init", "--ini", settings, "--backend", backend, "--cache-backend", "memory", "--host", "127.0.0.1"]
    log, port = folder / "kinto.log", free_port()
    with log.open("ab") as file:
        subprocess.run([command, *init], check=True, stdout=file, stderr=file)
        if database:
            _use(Path(settings), database)
            subprocess.run([command, "migrate", "--ini", settings], check=True, stdout=file, stderr=file)
    start = [command, "start", "--ini", settings, "--port", str(port)]
    with other_server(start, port, log, core, "/v1/__lbheartbeat__") as server:
        _fill(server, records)
        yield server


def _use(settings: Path, database: str) -> None:
    lines = settings.read_text("utf-8").splitlines()
    urls = ("kinto.storage_url", "kinto.permission_url")
    kept = [line for line in lines if not line.startswith(urls)]
    place = kept.index("[app:main]") + 1
    settings.write_text("\n".join([*kept[:place], *(f"{url} = {database}" for url in urls), *kept[place:]]), "utf-8")


def _fill(server: Server, records: int) -> None:
    server.call("PUT", f"/v1/accounts/{_USER}", body={"data": {"password": _PASSWORD}})
    server.call("PUT", "/v1/buckets/memovee", HEADERS)
    server.call("PUT", "/v1/buckets/memovee/collections/profiles", HEADERS)
    for number in range(records):
        server.call("PUT", f"{RECORDS}/{actor(number)}", HEADERS, {"data": profile(number)})
