"""Applies over a bad network: whatever happens on the way, no object is lost and none is made twice.

TAMA_BAD_NETWORKS sets how many random ones are tried; TAMA_SEED repeats a run.
"""

from __future__ import annotations

import itertools
import os
import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e.conftest import HEAD, on_every_terraform
from tests.support.fault_proxy import FaultProxy, RandomFaults
from tests.support.scripted_control_plane import ScriptedControlPlane
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


TWO_SPACES = """
resource "tama_space" "it" {
  count = 2
  name  = "Space ${count.index}"
  type  = "component"
}
"""


def objects(server: Served) -> set[str]:
    """The ids of what the server holds."""
    client = server.connect()
    listed = client.request("GET", "/provision/control-plane/objects")
    client.close()
    return {one["object"]["id"] for one in listed}


def over(network: FaultProxy, server: Served) -> str:
    """How a configuration begins that reaches the server over the network."""
    return HEAD + server.provider().replace(server.url, network.url).replace("}\n", "  timeout = 1\n}\n")


@pytest.mark.parametrize("number", range(NETWORKS))
def test_every_apply_ends_with_each_object_once(
    terraform: Callable[..., Terraform], tmp_path: Path, number: int
) -> None:
    faults = RandomFaults(f"{SEED} {number}", rate=RATE, doomed=DOOMED)
    with served(tmp_path / "tama.db") as server:
        with FaultProxy(server.url, faults) as network:
            work = terraform(over(network, server) + CONFIGURATION)
            first = work.apply(check=False)
            print(f"TAMA_SEED={SEED}: {first.returncode} after {dict(faults.met)}")  # noqa: T201 - repeats a failure
            faults.is_over = True
            if first.returncode:
                work.apply()
            assert work.changes() == {}, first.stderr
        known = {one["id"] for one in work.state().values()}
        assert len(known) == OBJECTS
        assert known == objects(server), first.stderr


@on_every_terraform()
def test_the_next_apply_asks_what_became_of_creates(terraform: Callable[..., Terraform], tmp_path: Path) -> None:
    fates: Iterator[str] = itertools.cycle(["cut after", "passed late"])
    fate: dict[str, str] = {}
    with served(tmp_path / "tama.db") as server:
        with FaultProxy(server.url, lambda _, key: key and fate.setdefault(key, next(fates))) as network:
            work = terraform(over(network, server) + TWO_SPACES)
            lost = work.apply(check=False)
            assert lost.returncode == 1
            assert lost.stderr.count("It is recorded without an id") == 2
            assert [one["id"] for one in work.state().values()] == [None, None]
            fates = itertools.repeat("")
            work.apply()
            assert work.changes() == {}
        known = {one["id"] for one in work.state().values()}
        assert len(known) == 2
        assert known == objects(server)


def test_what_was_made_without_an_answer_is_kept_when_it_is_wanted(
    terraform: Callable[..., Terraform], tmp_path: Path
) -> None:
    with served(tmp_path / "tama.db") as server:
        with FaultProxy(server.url, lambda _, key: key and "cut after") as network:
            work = terraform(over(network, server) + TWO_SPACES)
            work.apply(check=False)
            made = objects(server)
            work.apply("-refresh-only")
            work.run("untaint", "tama_space.it[0]")
            assert work.changes() == {"tama_space.it[1]": ["delete", "create"]}
            assert {one["id"] for one in work.state().values()} == made
            work.destroy()
        assert objects(server) == set()


def test_a_create_that_cannot_be_asked_for_is_sent_once_and_described(
    terraform: Callable[..., Terraform], hosted: ScriptedControlPlane, on_hosted: str
) -> None:
    hosted.scripts["spaces"] = [504]
    work = terraform(on_hosted + TWO_SPACES)
    lost = " ".join(work.apply(check=False).stderr.split())
    assert hosted.requests["POST", "spaces"] == 2
    assert "look for a space with name = Space 0, type = component." in lost
    assert "terraform import tama_space.<name> '<id>'" in lost
    assert work.state() == {}
