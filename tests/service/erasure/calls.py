"""What the tests of erasures have in common."""

import json
from abc import ABC, abstractmethod
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from service.items import Item
from service.storage.dynamodb import DynamoDBStore
from service.storage.dynamodb_rows import whose
from service.storage.postgresql import PostgreSQLStore
from service.storage.sqlite import SQLiteStore
from tests.service.client import Client, ServiceAnswer
from tests.service.server import BASE
from tests.service.stores import AnyStore
from tests.service.test_consent import NAMES, READS

KEYED = {"Idempotency-Key": "k"}


class AnyLog(ABC):
    """The log of erasures, wherever it is kept."""

    @property
    @abstractmethod
    def entries(self) -> list[dict[str, Any]]:
        """Return who was erased by which erasure, the oldest first."""

    @property
    def ids(self) -> list[str]:
        return [entry["erasure"] for entry in self.entries]


@dataclass(frozen=True)
class Log(AnyLog):
    """The log of erasures on the disk."""

    path: Path

    @property
    def entries(self) -> list[dict[str, Any]]:
        lines = self.path.read_text().splitlines() if self.path.exists() else []
        return [entry for entry in map(json.loads, lines) if "erasure" in entry]


@dataclass(frozen=True)
class LogTable(AnyLog):
    """The log of erasures in a database, which knows the latest erasure of each."""

    store: PostgreSQLStore

    @property
    def entries(self) -> list[dict[str, Any]]:
        found = self.store._rows(
            "SELECT erasure, array_agg(pseudonym) FROM personalization.erasure GROUP BY erasure ORDER BY min(at)", ()
        )
        return [{"erasure": erasure, "erased": erased} for erasure, erased in found]


@dataclass(frozen=True)
class LogItems(AnyLog):
    """The log of erasures in a table of DynamoDB, which knows the latest erasure of each."""

    store: DynamoDBStore

    @property
    def entries(self) -> list[dict[str, Any]]:
        found = [row for row in everything(self.store) if row["pk"]["S"].startswith("erasures.")]
        erased: dict[str, list[str]] = {}
        for row in sorted(found, key=lambda row: int(row["at"]["N"])):
            erased.setdefault(row["erasure"]["S"], []).append(row["sk"]["S"])
        return [{"erasure": erasure, "erased": actors} for erasure, actors in erased.items()]


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


def items(store: AnyStore, actor: str, tenant: str = "default") -> list[Item]:
    """Return all that lies under an id, but for marks."""
    return store.read(tenant, actor, lambda found: found.scan("", "~", 10_000))


def marks(store: AnyStore, actor: str) -> list[str]:
    return [item.key for item in store.read("default", actor, lambda found: found.scan("mark/", "mark0", 10_000))]


def owners(store: AnyStore) -> list[tuple[str, str]]:
    """Return of which tenant each item is, and under whose name it lies: an actor's, or that of an actor's marks."""
    if isinstance(store, DynamoDBStore):
        return [whose(row) for row in everything(store) if "life" in row]
    return [(tenant, name) for tenant, name, *_ in rows(store, "item")]


def is_work_left(store: AnyStore) -> bool:
    """Return whether anything is scheduled, be it due or not."""
    if isinstance(store, DynamoDBStore):
        return any("work" in row for row in everything(store))
    return bool(rows(store, "work"))


def everything(store: AnyStore) -> list[Any]:
    """Return all that the database holds, whatever the store would make of it."""
    if isinstance(store, DynamoDBStore):
        return list(chain.from_iterable(store._table.scan(None, 1_000, 30)))
    tables = ("item", "work") if isinstance(store, SQLiteStore) else ("actor", "item", "work", "erasure")
    return [row for table in tables for row in rows(store, table)]


def rows(store: SQLiteStore | PostgreSQLStore, table: str) -> list[Any]:
    if isinstance(store, SQLiteStore):
        return store._writer.execute(f"SELECT * FROM {table}").fetchall()
    return store._rows(f"SELECT * FROM personalization.{table}", ())
