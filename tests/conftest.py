"""Hypothesis tries the same examples each time, in whatever time: the suite answers alike for the same code.

`pytest --hypothesis-profile=default` tries new ones at random instead.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests.support import dynamodb as _dynamodb
from tests.support.dynamodb import DynamoDB
from tests.support.postgresql import PostgreSQL, running

settings.register_profile("suite", derandomize=True, deadline=None)
settings.load_profile("suite")

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # As shells have it for what runs in the background; the commands that tests interrupt would inherit it.
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQL]:
    """A server of its own for the session; whoever stops it starts it again."""
    with running() as server:
        yield server


@pytest.fixture
def database(postgresql: PostgreSQL) -> Iterator[str]:
    """The address of an empty database."""
    with postgresql.database() as name:
        yield postgresql.address(name)


@pytest.fixture(scope="session")
def dynamodb() -> Iterator[DynamoDB]:
    """A server of its own for the session."""
    with _dynamodb.running() as server:
        yield server
