"""Many applies at once on one fresh control plane lose nothing.

TAMA_CONCURRENT_APPLIES and TAMA_CONCURRENT_OBJECTS set how many, and of how many objects each.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

from tests.e2e.conftest import Plane
from tests.support.terraform import Terraform

APPLIES = int(os.environ.get("TAMA_CONCURRENT_APPLIES", "4"))
OBJECTS = int(os.environ.get("TAMA_CONCURRENT_OBJECTS", "20"))


def configuration(plane: Plane, number: int) -> str:
    """Half of the objects are made through a second, aliased provider of the same control plane."""
    half = OBJECTS // 2
    return (
        plane.head
        + plane.provider.replace("{", '{\n  alias = "second"\n', 1)
        + f"""
resource "tama_space" "first" {{
  count = {half}
  name  = "First {number} ${{count.index}}"
  type  = "root"
}}
resource "tama_space" "second" {{
  provider = tama.second
  count    = {OBJECTS - half}
  name     = "Second {number} ${{count.index}}"
  type     = "component"
}}
"""
    )


def test_concurrent_applies_on_one_fresh_control_plane(terraform: Callable[..., Terraform], plane: Plane) -> None:
    works = [terraform(configuration(plane, number), name=f"work-{number}") for number in range(APPLIES)]
    with ThreadPoolExecutor(APPLIES) as pool:
        results = list(pool.map(lambda work: work.apply(check=False), works))
    assert [result.stderr for result in results] == [""] * APPLIES
    known = set()
    with closing(plane.connect()) as client:
        for work in works:
            state = work.state()
            assert len(state) == OBJECTS
            known |= {space["id"] for space in state.values()}
            for space in state.values():
                assert client.request("GET", f"/provision/neural/spaces/{space['id']}")["name"] == space["name"]
    assert {one["id"] for one in plane.held()} == known
