from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.tama import endpoint as endpoints


@pytest.fixture
def endpoint() -> Iterator[endpoints.Endpoint]:
    with endpoints.running() as running:
        yield running
