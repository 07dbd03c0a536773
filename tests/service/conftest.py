from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from service.contract import Contract, load_contract
from service.storage.sqlite import SQLiteStore
from service.web.app import create_app
from service.web.credentials import Credential, digest
from tests.service.client import Client
from tests.service.clock import Clock
from tests.service.server import KEY, RunningService


@pytest.fixture(scope="session")
def contract() -> Contract:
    return load_contract()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SQLiteStore]:
    store = SQLiteStore(tmp_path / "data" / "personalization.db")
    yield store
    store.close()


@pytest.fixture
def make_client(contract: Contract, store: SQLiteStore) -> Callable[[frozenset[str]], Client]:
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
