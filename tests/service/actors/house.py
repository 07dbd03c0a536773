"""A service on a store whose writes are watched, and whose background work is done when a test says so."""

import time
from pathlib import Path
from typing import Any

from service.contract import Contract
from service.personalization.actors import importing, merging
from service.personalization.actors.merges import Merges
from service.personalization.erasure.tenants import TASKS
from service.personalization.history import retention as histories
from service.personalization.history.retention import Limits, Retention
from service.storage.sqlite import SQLiteStore
from service.web.app import Bounds, create_app
from service.web.credentials import Credential, digest
from tests.service.actors.stores import Watched
from tests.service.client import Client
from tests.service.server import KEY

SLOW_S = 300
"""More than a test takes: the service's own clock goes on meanwhile."""


class House:
    """See the module; `now` is the time of the store."""

    def __init__(
        self,
        contract: Contract,
        folder: Path,
        limits: Limits | None = None,
        bounds: Bounds | None = None,
        max_actors: int | None = None,
    ) -> None:
        self.now = int(time.time())
        retention = Retention(limits or Limits(), lambda: self.now)
        work = {histories.WORK: retention.step, importing.WORK: importing.take_away}
        merges = Merges(contract, retention, clock=lambda: self.now)
        self.file = folder / "data" / "personalization.db"
        self.kept = SQLiteStore(
            self.file,
            work,
            tasks={**TASKS, merging.WORK: merges.complete},
            clock=lambda: self.now,
            sweep_period=3_600,
            max_actors=max_actors,
        )
        self.store = Watched(self.kept)
        credential = Credential(digest(KEY), "default", frozenset(contract.schema("Scope")["enum"]))
        store: Any = self.store
        app = create_app(contract, store, [credential], instance="i", main_pid=1, bounds=bounds, retention=retention)
        self.client = Client(contract, app)

    def sweep(self, seconds: int = 0) -> None:
        self.now += seconds
        self.kept.sweep()

    def items(self, actor: str = "a") -> list[str]:
        return self.kept.read("default", actor, lambda items: [item.key for item in items.scan("", "~", 1_000)])
