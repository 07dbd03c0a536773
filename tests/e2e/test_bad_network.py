"""Applies over a bad network: whatever happens on the way, no object is lost and none is made twice.

TAMA_BAD_NETWORKS sets how many random ones are tried; TAMA_SEED repeats a run.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from pathlib import Path

from tests.e2e.conftest import HEAD
from tests.support.fault_proxy import FaultProxy
from tests.support.served_control_plane import Served, served
from tests.support.terraform import Terraform

NETWORKS = int(os.environ.get("TAMA_BAD_NETWORKS", "3"))
SEED = int(os.environ.get("TAMA_SEED", "0")) or random.SystemRandom().randrange(1, 1 << 32)
RATE, DOOMED = 0.25, 0.1
OBJECTS = 50
CONFIGURATION = """
resource "tama_space" "base" {
  name = "Base"
  type = "component"
}
resource "tama_space" "it" {
  count = 25
  name  = "Space ${count.index}"
  type  = "component"
}
resource "tama_prompt" "it" {
  count    = 12
  space_id = tama_space.base.id
  name     = "Prompt ${count.index}"
  content  = "Say it."
  role     = "system"
}
resource "tama_chain" "it" {
  count    = 12
  space_id = tama_space.base.id
  name     = "Chain ${count.index}"
}
"""


def objects(server: Served) -> set[str]:
    """The ids of what the server holds."""
    client = server.connect()
    listed = client.request("GET", "/provision/control-plane/objects")
    client.close()
    return {one["object"]["id"] for one in listed}


def test_every_apply_ends_with_each_object_once(terraform: Callable[..., Terraform], tmp_path: Path) -> None:
    seeds = random.Random(SEED)
    store = tmp_path / "tama.db"
    with served(store) as server:
        for number in range(NETWORKS):
            seed = seeds.randrange(1 << 32)
            before = objects(server)
            with FaultProxy(server.url, seed, rate=RATE, doomed=DOOMED) as network:
                provider = server.provider().replace(server.url, network.url).replace("}\n", "  timeout = 1\n}\n")
                work = terraform(HEAD + provider + CONFIGURATION, name=f"work-{number}")
                first = work.apply(check=False)
                left = len(objects(server) - before)
                network.is_bad = False
                output = f"TAMA_SEED={SEED}, network {number}, seed {seed}\n{dict(network.met)}\n{first.stderr}"
                print(f"{output}{left} objects after {first.returncode}")  # noqa: T201 - repeats a failure
                if first.returncode:
                    work.apply()
                assert work.changes() == {}, output
                state = work.state()
                made = objects(server) - before
                assert len(state) == OBJECTS, output
                assert {one["id"] for one in state.values()} == made, output
