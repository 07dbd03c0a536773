from __future__ import annotations

from collections.abc import Iterator

import pytest

from tama.client import Client, connect
from tests.tama.client.hosted import Hosted
from tests.tama.endpoint import Endpoint

SECRET = "the-secret-of-the-tests"
TIMEOUT = 15.0


class Waiting:
    """Waits for nothing, and keeps what it was to wait for."""

    def __init__(self) -> None:
        self.pauses: list[float] = []
        self.reasons: list[str] = []
        self.is_to_end = False

    def __call__(self, seconds: float, why: str) -> bool:
        self.pauses.append(seconds)
        self.reasons.append(why)
        return self.is_to_end


@pytest.fixture
def hosted(endpoint: Endpoint) -> Hosted:
    return Hosted(endpoint)


@pytest.fixture
def waiting() -> Waiting:
    return Waiting()


@pytest.fixture
def client(hosted: Hosted, waiting: Waiting) -> Iterator[Client]:
    client = connect(
        hosted.endpoint.url + "/base/", client_id="the-id", client_secret=SECRET, timeout=TIMEOUT, pause=waiting
    )
    yield client
    client.close()
