from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tama.control_plane import ControlPlane
from tama.control_plane.store.sqlite import SQLiteStore
from tests.tama.control_plane.support import Caller

if TYPE_CHECKING:
    from tama.control_plane.store import Store


@pytest.fixture
def open_store(tmp_path: Path) -> Iterator[Callable[[], Store]]:
    """Opens the store of the test, as another process would, however often."""
    opened: list[Store] = []

    def open_() -> Store:
        opened.append(SQLiteStore(str(tmp_path / "tama")))
        return opened[-1]

    yield open_
    for store in opened:
        store.close()


@pytest.fixture
def store(open_store: Callable[[], Store]) -> Store:
    return open_store()


@pytest.fixture
def plane(store: Store) -> ControlPlane:
    return ControlPlane(store)


@pytest.fixture
def api(plane: ControlPlane) -> Caller:
    return Caller(plane)


@pytest.fixture
def space(api: Caller) -> dict[str, Any]:
    return api.space("Movies")
