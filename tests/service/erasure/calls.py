"""What the tests of erasures have in common."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from service.items import Item
from service.storage.sqlite import SQLiteStore
from tests.service.client import Client, ServiceAnswer
from tests.service.server import BASE
from tests.service.test_consent import NAMES, READS

KEYED = {"Idempotency-Key": "k"}


@dataclass(frozen=True)
class Log:
    """The log of erasures on the disk."""

    path: Path

    @property
    def entries(self) -> list[dict[str, str]]:
        return [json.loads(line) for line in self.path.read_text().splitlines()] if self.path.exists() else []

    @property
    def ids(self) -> list[str]:
        return [entry["erasure"] for entry in self.entries]


def fill(client: Client, actor: str) -> None:
    """Make an actor with something of every kind, or add to one."""
    client.put(actor, NAMES)
    client.call("PUT", f"{BASE}/profile/{actor}/preferences/theme", {"value": "dark"})
    append(client, actor, "e-1")


def append(client: Client, actor: str, *event_ids: str) -> ServiceAnswer:
    events = [{"role": "user", "content": f"This is {each}.", "event_id": each} for each in event_ids]
    return client.call("POST", f"{BASE}/profile/{actor}/history", {"events": events})


def reads(client: Client, actor: str) -> list[tuple[int, bytes, str | None]]:
    answers = [client.call("GET", f"{BASE}/profile/{actor}{path}") for path in READS]
    return [(answer.status_code, answer.data, answer.headers.get("ETag")) for answer in answers]


def erase(client: Client, actor: str, **options: Any) -> ServiceAnswer:
    return client.call("POST", f"{BASE}/profile/{actor}/erasure", **options)


def withdraw(client: Client, actor: str, query: str = "", body: object = None, **options: Any) -> ServiceAnswer:
    path = f"{BASE}/profile/{actor}/consent"
    return client.call("PUT", path, body or {"status": "withdrawn"}, environ={"QUERY_STRING": query}, **options)


def items(store: SQLiteStore, actor: str, tenant: str = "default") -> list[Item]:
    """Return all that lies under an id, but for marks."""
    return store.read(tenant, actor, lambda found: found.scan("", "~", 10_000))


def marks(store: SQLiteStore, actor: str) -> list[str]:
    return [item.key for item in store.read("default", actor, lambda found: found.scan("mark/", "mark0", 10_000))]
