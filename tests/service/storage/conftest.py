from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from service.storage.sqlite import SQLiteStore
from tests.service.storage.suite import TASKS, WORK, Clock


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "personalization.db"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(path: Path, clock: Clock) -> Iterator[SQLiteStore]:
    """A store that makes no rounds by itself, so that a test decides when."""
    store = SQLiteStore(path, WORK, tasks=TASKS, clock=clock, sweep_period=3_600)
    yield store
    store.close()


@pytest.fixture
def limited_store(tmp_path: Path) -> Iterator[SQLiteStore]:
    store = SQLiteStore(tmp_path / "limited" / "personalization.db", sweep_period=3_600, max_actors=3)
    yield store
    store.close()


@pytest.fixture
def sweep(store: SQLiteStore) -> Callable[[], None]:
    """Make a round of background work, and wait for its end."""
    return store.sweep
