"""A service that is killed between acknowledged writes comes back with all of them.

TAMA_KILLS sets how many times it is killed; TAMA_SEED repeats a run.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from contextlib import closing
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from urllib.parse import urlsplit

from tests.e2e.conftest import EMBEDDED
from tests.support.terraform import Terraform

KILLS = int(os.environ.get("TAMA_KILLS", "3"))
SEED = int(os.environ.get("TAMA_SEED", "0")) or random.SystemRandom().randrange(1, 1 << 32)
SERVICE = """
resource "tama_local_service" "it" {
  data_folder = "./service"
}
"""


class Writer(threading.Thread):
    """Writes dates of one actor, one after the other, and remembers which were acknowledged."""

    def __init__(self, url: str, key: str) -> None:
        super().__init__()
        self._address = urlsplit(url).netloc
        self._headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        self._over = threading.Event()
        self.acknowledged: list[int] = []

    def run(self) -> None:
        with closing(HTTPConnection(self._address, timeout=10)) as connection:
            self._write(connection)

    def _write(self, connection: HTTPConnection) -> None:
        self._put(connection, {"names": [{"index": 0, "value": "Actor"}]})
        index = 0
        while not self._over.is_set():
            entry = {"index": index, "significance": "wedding", "value": "2001-02-03"}
            try:
                if self._put(connection, {"dates": [entry]}):
                    self.acknowledged.append(index)
                    index = (index + 1) % 60
            except (OSError, HTTPException):
                connection.close()
                self._over.wait(0.02)

    def stop(self) -> None:
        self._over.set()
        self.join()

    def _put(self, connection: HTTPConnection, body: object) -> bool:
        connection.request("PUT", "/internal/personalization/profile/it", json.dumps(body), self._headers)
        answer = connection.getresponse()
        answer.read()
        return answer.status in (200, 201)

    def stored(self) -> set[int]:
        with closing(HTTPConnection(self._address, timeout=10)) as connection:
            connection.request("GET", "/internal/personalization/profile/it", headers=self._headers)
            dates = json.loads(connection.getresponse().read())["dates"]
        return {entry["index"] for entry in dates}


def processes_of(folder: Path) -> list[int]:
    """Return the processes that have a file of the folder open."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            files = [os.readlink(file) for file in (process / "fd").iterdir()]  # noqa: PTH115 - the target need not exist
        except OSError:
            continue
        if any(file.startswith(f"{folder}/") for file in files):
            found.append(int(process.name))
    return found


def test_a_killed_service_is_healed_and_keeps_what_it_acknowledged(terraform: Callable[..., Terraform]) -> None:
    print(f"TAMA_SEED={SEED}")  # noqa: T201 - repeats a failure
    moments = random.Random(SEED)
    work = terraform(EMBEDDED + SERVICE)
    work.apply()
    try:
        before = work.state()["tama_local_service.it"]
        folder = work.folder / "service"
        for kill in range(KILLS):
            _kill_under_writes(work, before, moments, how=("main", "worker", "group")[kill % 3])
            after = work.state()["tama_local_service.it"]
            assert {**after, "pid": 0} == {**before, "pid": 0}
            assert after["pid"] in processes_of(folder)
            assert len(processes_of(folder)) == 2  # the main process and its one worker
            before = after
    finally:
        work.destroy()
    assert processes_of(folder) == []


def _kill_under_writes(work: Terraform, service: dict[str, str], moments: random.Random, *, how: str) -> None:
    writer = Writer(service["url"], service["api_key"])
    writer.start()
    while len(writer.acknowledged) < 5:
        time.sleep(0.01)
    time.sleep(moments.uniform(0, 0.2))
    pid = int(service["pid"])
    workers = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True, check=True).stdout.split()
    if how == "main":
        os.kill(pid, signal.SIGKILL)
    elif how == "group":
        os.killpg(pid, signal.SIGKILL)
    else:
        for worker in workers:
            os.kill(int(worker), signal.SIGKILL)
    assert work.changes() == {"tama_local_service.it": ["update"]}, how
    work.apply()
    writer.stop()
    lost = set(writer.acknowledged) - writer.stored()
    assert not lost, f"lost after a kill of the {how}: {sorted(lost)}"
    assert work.changes() == {}
