from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tama.control_plane import ControlPlane
from tests.tama.control_plane.support import Caller


@pytest.fixture
def plane(tmp_path: Path) -> Iterator[ControlPlane]:
    plane = ControlPlane(str(tmp_path / "tama"))
    yield plane
    plane.close()


@pytest.fixture
def api(plane: ControlPlane) -> Caller:
    return Caller(plane)


@pytest.fixture
def space(api: Caller) -> dict[str, Any]:
    return api.space("Movies")
