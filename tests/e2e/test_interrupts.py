"""Ctrl-C, as a terminal sends it to the whole process group: once loses no object, twice few, and a command lists them.

TAMA_INTERRUPTS sets how many random moments are tried, of each; TAMA_SEED repeats a run.
"""

from __future__ import annotations

import itertools
import json
import os
import random
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.conftest import EMBEDDED, HEAD, SPACE, SPECIFICATION, on_every_terraform
from tests.support.fault_proxy import FaultProxy
from tests.support.scripted_control_plane import ScriptedControlPlane
from tests.support.served_control_plane import Served, served, tama
from tests.support.terraform import Terraform, interrupt

MOMENTS = int(os.environ.get("TAMA_INTERRUPTS", "1"))
SEED = int(os.environ.get("TAMA_SEED", "0")) or random.SystemRandom().randrange(1, 1 << 32)
SPACES = 100
PARALLELISM = 10
CREATE_SECONDS = 0.5
CONFIGURATION = f"""
resource "tama_space" "it" {{
  count = {SPACES}
  name  = "Space ${{count.index}}"
  type  = "root"
}}
"""


FOUR_SPACES = """
resource "tama_space" "it" {
  count = 4
  name  = "Space ${count.index}"
  type  = "root"
}
"""
IDENTITY = """
resource "tama_source_identity" "it" {
  specification_id = tama_specification.it.id
  identifier       = "ApiKey"
  api_key          = "a-key-of-the-tests"
  validation {
    path   = "/things"
    method = "GET"
    codes  = [200]
  }
  wait_for {
    field {
      name = "current_state"
      in   = ["active"]
    }
  }
}
"""
ENDS = 100
"""Seconds in which Terraform must have ended; a request would be waited for longer."""
PATIENT = "  timeout = 300\n}\n"


def interrupted(
    work: Terraform, hosted: ScriptedControlPlane, *moments: float, seconds: float = CREATE_SECONDS, creates: int = 1
) -> str:
    """Interrupt an apply a while after some of its creates have begun, and again after each further while.

    Returns:
        What it printed, when nothing that it has started is under way any more.
    """
    hosted.requests.clear()
    hosted.delays["spaces"] = seconds
    process = work.start("apply", "-auto-approve", "-input=false")
    while hosted.requests["POST", "spaces"] < creates:
        assert process.poll() is None
        time.sleep(0.01)
    for moment in moments:
        time.sleep(moment)
        interrupt(process)
    output, _ = process.communicate(timeout=120)
    until(lambda: not alive(process))
    # Who made a request and left has made an object all the same.
    until(lambda: len(made(hosted)) == hosted.requests["POST", "spaces"])
    hosted.delays["spaces"] = 0
    return output


def ended(process: subprocess.Popen[str]) -> str:
    """Return what it printed, when it has ended by itself."""
    try:
        output, _ = process.communicate(timeout=ENDS)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        raise
    return output


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def alive(group: subprocess.Popen[str]) -> bool:
    """Tell whether a process of the group is left, such as a provider that Terraform did not wait for."""
    try:
        os.killpg(group.pid, 0)
    except ProcessLookupError:
        return False
    return True


def made(hosted: ScriptedControlPlane) -> set[str]:
    return {space["id"] for space in hosted.plane.objects("space")}


def known(work: Terraform) -> set[str]:
    return {space["id"] for space in work.state().values()}


@on_every_terraform()
def test_no_object_is_lost_by_an_interrupt(
    terraform: Callable[..., Terraform], hosted: ScriptedControlPlane, on_hosted: str
) -> None:
    print(f"TAMA_SEED={SEED}")  # noqa: T201 - repeats a failure
    moments = random.Random(SEED)
    for attempt in range(MOMENTS):
        work = terraform(on_hosted + CONFIGURATION, name=f"work-{attempt}")
        output = interrupted(work, hosted, moments.uniform(0, CREATE_SECONDS * SPACES / PARALLELISM))
        before = known(work)
        assert before == made(hosted), output
        assert "Interrupt" in output or len(before) == SPACES
        work.apply()
        assert known(work) == made(hosted) >= before
        assert len(made(hosted)) == SPACES
        print(f"{len(before)} of {SPACES} at the interrupt")  # noqa: T201 - for who runs the long form
        work.destroy()


def listed(hosted: ScriptedControlPlane) -> set[str]:
    answer = json.loads(tama("list", "--json", "--base-url", f"embedded:{hosted.folder}"))
    return {space["id"] for space in answer["spaces"]}


def test_two_interrupts_lose_no_more_than_was_under_way(
    terraform: Callable[..., Terraform], hosted: ScriptedControlPlane, on_hosted: str
) -> None:
    print(f"TAMA_SEED={SEED}")  # noqa: T201 - repeats a failure
    moments = random.Random(SEED)
    for attempt in range(MOMENTS):
        work = terraform(on_hosted + CONFIGURATION, name=f"work-{attempt}")
        moment = moments.uniform(0, CREATE_SECONDS * (SPACES / PARALLELISM - 1))
        output = interrupted(work, hosted, moment, moments.uniform(0.02, 0.3))
        orphans = made(hosted) - known(work)
        assert len(orphans) <= PARALLELISM, output
        assert "Two interrupts" in output or not orphans
        assert listed(hosted) - known(work) == orphans
        print(f"{len(orphans)} orphans beside {len(known(work))}")  # noqa: T201 - for who runs the long form
        work.apply()
        assert made(hosted) - known(work) == orphans
        assert len(known(work)) == SPACES
        work.destroy()
        remove(hosted, orphans)


def test_two_interrupts_during_long_creates_leave_them_to_be_listed(
    terraform: Callable[..., Terraform], hosted: ScriptedControlPlane, on_hosted: str
) -> None:
    """Terraform waits two seconds for a provider, and so does the provider for what is under way."""
    work = terraform(on_hosted + CONFIGURATION)
    output = interrupted(work, hosted, 0, 0.2, seconds=6, creates=PARALLELISM)
    assert "Two interrupts" in output
    assert known(work) == set()
    assert len(listed(hosted)) == PARALLELISM


def remove(hosted: ScriptedControlPlane, spaces: set[str]) -> None:
    for space in spaces:
        assert hosted.plane.handle("DELETE", f"/provision/neural/spaces/{space}", None)[0] == 204


@pytest.mark.parametrize("times", [1, 2])
def test_creates_that_are_never_answered_are_cut_off_and_none_is_lost(
    terraform: Callable[..., Terraform], tmp_path: Path, times: int
) -> None:
    """Of half of them the control plane never hears."""
    fates = itertools.cycle(["hangs", "unheard"])
    creates: list[str] = []

    def fate(_path: str, key: str) -> str:
        if not key or len(creates) == 4:
            return ""
        creates.append(key)
        return next(fates)

    with served(tmp_path / "tama.db") as server:
        with FaultProxy(server.url, fate) as network:
            provider = server.provider().replace(server.url, network.url).replace("}\n", PATIENT)
            work = terraform(HEAD + provider + FOUR_SPACES)
            process = work.start("apply", "-auto-approve", "-input=false")
            until(lambda: len(creates) == 4)
            for _ in range(times):
                interrupt(process)
                time.sleep(0.2)
            output = ended(process)
            assert [one["id"] for one in work.state().values()] == [None] * 4, output
            assert ("Two interrupts" in output) is (times == 2)
            work.apply()
            assert work.changes() == {}
        assert len(known(work)) == 4
        assert known(work) == held(server)


def held(server: Served) -> set[str]:
    client = server.connect()
    listed = client.request("GET", "/provision/control-plane/objects")
    client.close()
    return {one["object"]["id"] for one in listed}


def interrupted_when_asked(work: Terraform, silent: socket.socket) -> str:
    """What an apply says that is interrupted once it waits for the answer of somebody who gives none."""
    process = work.start("apply", "-auto-approve", "-input=false")
    accepted, _ = silent.accept()
    with accepted:
        assert accepted.recv(1)
        interrupt(process)
        return ended(process)


def test_a_control_plane_that_never_answers_anything_holds_up_no_interrupt(
    terraform: Callable[..., Terraform], on_hosted: str, hosted: ScriptedControlPlane
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        provider = on_hosted.replace(hosted.url, url).removesuffix("}\n") + PATIENT
        work = terraform(provider + FOUR_SPACES)
        output = interrupted_when_asked(work, silent)
    assert "interrupted before" in " ".join(output.split())
    assert work.state() == {}


def test_an_endpoint_that_never_answers_holds_up_no_interrupt(terraform: Callable[..., Terraform]) -> None:
    """An embedded control plane asks it in the provider's process. Waited for, it would have failed the identity."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        endpoint = f"127.0.0.1:{silent.getsockname()[1]}"
        specification = SPECIFICATION.replace("BLOCKS", "").replace("127.0.0.1:9", endpoint)
        work = terraform(EMBEDDED + SPACE + specification + IDENTITY)
        output = interrupted_when_asked(work, silent)
    assert "The object is recorded" in " ".join(output.split()), output
    assert work.state()["tama_source_identity.it"]["current_state"] == "pending"
