import os
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from service.contract import Contract, load_contract
from service.storage import Store
from service.storage.dynamodb import DynamoDBStore
from service.storage.sqlite import SQLiteStore
from service.web.app import create_app
from service.web.credentials import Credential, digest
from tests.service.client import Client
from tests.service.clock import Clock
from tests.service.server import KEY, RunningService
from tests.service.stores import KINDS, SharedStore, database_of
from tests.support.dynamodb import patience
from tests.support.postgresql import PostgreSQL


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give a test each kind of store, with `TAMA_EVERY_STORE=1` also one that its marker leaves out."""
    marker = metafunc.definition.get_closest_marker("every_store")
    if marker and "store" in metafunc.fixturenames:
        but = None if os.environ.get("TAMA_EVERY_STORE") else marker.kwargs.get("but")
        kinds = [kind for kind in KINDS if kind != but]
        metafunc.parametrize("store", kinds, indirect=True)


@pytest.fixture(scope="session")
def contract() -> Contract:
    return load_contract()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def shared_store(postgresql: PostgreSQL) -> Iterator[SharedStore]:
    with closing(SharedStore(postgresql)) as shared:
        yield shared


@pytest.fixture
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """A store on SQLite, or of the kind that a test is parametrized by."""
    kind = getattr(request, "param", "sqlite")
    if kind == "postgresql":
        yield request.getfixturevalue("shared_store").emptied()
    elif kind == "dynamodb":
        with (
            patience(),
            database_of(kind, request) as address,
            closing(DynamoDBStore(address, sweep_period=3_600)) as store,
        ):
            yield store
    else:
        with closing(SQLiteStore(tmp_path / "data" / "personalization.db", sweep_period=3_600)) as store:
            yield store


@pytest.fixture
def make_client(contract: Contract, store: Store) -> Callable[[frozenset[str]], Client]:
    def make(scopes: frozenset[str]) -> Client:
        credentials = [Credential(digest(KEY), "default", scopes)]
        return Client(contract, create_app(contract, store, credentials, instance="this-start", main_pid=1))

    return make


@pytest.fixture
def client(contract: Contract, make_client: Callable[[frozenset[str]], Client]) -> Client:
    return make_client(frozenset(contract.schema("Scope")["enum"]))


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    with RunningService(tmp_path_factory.mktemp("service")) as service:
        yield service
