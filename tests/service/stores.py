"""The stores that the service is tested on."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import psycopg
import pytest

from service.storage.dynamodb import DynamoDBStore
from service.storage.postgresql import PostgreSQLStore
from service.storage.sqlite import SQLiteStore
from tests.support.dynamodb import DynamoDB
from tests.support.postgresql import PostgreSQL

AnyStore = SQLiteStore | PostgreSQLStore | DynamoDBStore
KINDS = ("sqlite", "postgresql", "dynamodb")

_EMPTY = "TRUNCATE personalization.actor, personalization.item, personalization.work, personalization.erasure"


class SharedStore:
    """A store on PostgreSQL that tests take one after the other, empty: to make one for each takes far longer."""

    def __init__(self, server: PostgreSQL) -> None:
        self._server = server
        self._database = server.database()
        self._address = server.address(self._database.__enter__())
        self._store = PostgreSQLStore(self._address, sweep_period=3_600)

    def emptied(self) -> PostgreSQLStore:
        with psycopg.connect(self._address) as connection:
            connection.execute(_EMPTY)
        return self._store

    def close(self) -> None:
        self._store.close()
        self._database.__exit__(None, None, None)


def database_of(kind: str, request: pytest.FixtureRequest) -> Any:
    """Return a context with the address of an empty database for a service, with None for one on SQLite."""
    if kind == "sqlite":
        return nullcontext()
    server: PostgreSQL | DynamoDB = request.getfixturevalue(kind)
    return _address(server)


@contextmanager
def _address(server: PostgreSQL | DynamoDB) -> Iterator[str]:
    with server.database() as name:
        yield server.address(name)
