from collections.abc import Iterator
from pathlib import Path

import pytest

from service.personalization.erasure.tenants import TASKS
from service.storage.dynamodb import DynamoDBStore
from service.storage.postgresql import PostgreSQLStore
from tests.service.erasure.calls import AnyLog, Log, LogItems, LogTable
from tests.service.stores import AnyStore


@pytest.fixture
def store(store: AnyStore) -> Iterator[AnyStore]:
    """A store that erases; `sweep` waits until it has done so."""
    store._rounds.tasks = TASKS
    yield store
    # Another test may take it on, once it has ended what it was doing.
    with store._sweeping:
        store._rounds.tasks = {}


@pytest.fixture
def idle(store: AnyStore, monkeypatch: pytest.MonkeyPatch) -> AnyStore:
    """The store, which does not do what was scheduled, so that an erasure stays under way."""
    monkeypatch.setattr(store._rounds, "tasks", {})
    return store


@pytest.fixture
def log(store: AnyStore, tmp_path: Path) -> AnyLog:
    """The log of the store."""
    if isinstance(store, PostgreSQLStore):
        return LogTable(store)
    if isinstance(store, DynamoDBStore):
        return LogItems(store)
    return Log(tmp_path / "data" / "personalization.db.erasures")
