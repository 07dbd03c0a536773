from collections.abc import Iterator
from pathlib import Path

import pytest

from service.personalization.erasure.tenants import TASKS
from service.storage.sqlite import SQLiteStore
from tests.service.erasure.calls import Log


@pytest.fixture
def data_file(tmp_path: Path) -> Path:
    return tmp_path / "data" / "personalization.db"


@pytest.fixture
def log(data_file: Path) -> Log:
    return Log(data_file.with_name(data_file.name + ".erasures"))


@pytest.fixture
def store(data_file: Path) -> Iterator[SQLiteStore]:
    """A store that erases; `sweep` waits until it has done so."""
    store = SQLiteStore(data_file, tasks=TASKS, sweep_period=3_600)
    yield store
    store.close()


@pytest.fixture
def idle(store: SQLiteStore, monkeypatch: pytest.MonkeyPatch) -> SQLiteStore:
    """The store, which does not do what was scheduled, so that an erasure stays under way."""
    monkeypatch.setattr(store._rounds, "tasks", {})
    return store
