from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from service.contract import Contract
from tests.service.actors.house import House


@pytest.fixture
def make_house(contract: Contract, tmp_path: Path) -> Iterator[Callable[..., House]]:
    made: list[House] = []

    def make(**options: Any) -> House:
        made.append(House(contract, tmp_path / str(len(made)), **options))
        return made[-1]

    yield make
    for house in made:
        house.kept.close()
