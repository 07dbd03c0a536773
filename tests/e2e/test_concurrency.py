"""Many applies at once on one fresh embedded folder lose nothing.

TAMA_CONCURRENT_APPLIES and TAMA_CONCURRENT_OBJECTS set how many, and of how many objects each.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tama.client import connect
from tests.e2e.conftest import HEAD
from tests.support.terraform import Terraform

APPLIES = int(os.environ.get("TAMA_CONCURRENT_APPLIES", "4"))
OBJECTS = int(os.environ.get("TAMA_CONCURRENT_OBJECTS", "20"))


def configuration(folder: Path, number: int) -> str:
    """Half of the objects are made through a second, aliased provider on the same folder."""
    half = OBJECTS // 2
    return (
        HEAD
        + f"""
provider "tama" {{ base_url = "embedded:{folder}" }}
provider "tama" {{
  alias    = "second"
  base_url = "embedded:{folder}"
}}
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


def test_concurrent_applies_on_one_fresh_folder(terraform: Callable[..., Terraform], tmp_path: Path) -> None:
    folder = tmp_path / "tama"
    works = [terraform(configuration(folder, number), name=f"work-{number}") for number in range(APPLIES)]
    with ThreadPoolExecutor(APPLIES) as pool:
        results = list(pool.map(lambda work: work.apply(check=False), works))
    assert [result.stderr for result in results] == [""] * APPLIES
    plane = connect(f"embedded:{folder}")
    for work in works:
        state = work.state()
        assert len(state) == OBJECTS
        for space in state.values():
            assert plane.request("GET", f"/provision/neural/spaces/{space['id']}")["name"] == space["name"]
    plane.close()
