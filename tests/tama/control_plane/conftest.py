from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from tama.control_plane import ControlPlane
from tama.control_plane.store.addresses import opened
from tests.support.postgresql import PostgreSQL
from tests.tama.control_plane.support import Caller

if TYPE_CHECKING:
    from tama.control_plane.store import Store


@pytest.fixture(scope="session")
def shared_database(postgresql: PostgreSQL) -> Iterator[str]:
    """The address of a database that tests use in turn, as to make one takes longer than most of them."""
    with postgresql.database() as name:
        address = postgresql.address(name)
        opened(address).close()
        yield address


@pytest.fixture(params=["sqlite", "postgresql"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty store."""
    if request.param == "sqlite":
        return f"sqlite:{tmp_path}/tama/tama.db"
    database: str = request.getfixturevalue("shared_database")
    with closing(psycopg.connect(database, autocommit=True)) as connection:
        connection.execute("DELETE FROM tama.objects; DELETE FROM tama.creates")
    return database


@pytest.fixture
def open_store(address: str) -> Iterator[Callable[[], Store]]:
    """Opens the store of the test, as another process would, however often."""
    stores: list[Store] = []

    def open_() -> Store:
        stores.append(opened(address))
        return stores[-1]

    yield open_
    for store in stores:
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
