"""`wait_for` through the real Terraform, on a control plane whose states follow a script.

It is served over HTTP: an embedded one has done its work before it answers, so that nothing is left to wait for.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable

import pytest

from tests.e2e.conftest import SPACE, SPECIFICATION, on_every_terraform
from tests.support.scripted_control_plane import ScriptedControlPlane
from tests.support.terraform import Terraform

Make = Callable[..., Terraform]
WAIT = 'wait_for {\n field {\n name = "current_state"\n in = ["completed"]\n }\n }'
ADDRESS = "tama_specification.it"


def configuration(head: str, blocks: str = WAIT, endpoint: str = "http://127.0.0.1:9/it") -> str:
    return head + SPACE + SPECIFICATION.replace("BLOCKS", blocks).replace("http://127.0.0.1:9/it", endpoint)


@on_every_terraform()
def test_a_wait_ends_when_the_state_is_reached_and_the_state_holds_what_was_reached(
    terraform: Make, hosted: ScriptedControlPlane, on_hosted: str
) -> None:
    hosted.scripts["specifications"] = ["pending", "pending", 500, "pending", "completed"]
    work = terraform(configuration(on_hosted))
    work.apply()
    assert hosted.requests["GET", "specifications"] == 4
    assert work.state()[ADDRESS]["current_state"] == "completed"
    assert work.changes() == {}


def test_a_final_state_that_is_not_accepted_ends_a_create_and_taints_the_object(
    terraform: Make, hosted: ScriptedControlPlane, on_hosted: str
) -> None:
    hosted.scripts["specifications"] = ["pending", "pending", "failed"]
    hosted.reason = "no paths"
    work = terraform(configuration(on_hosted))
    result = work.apply(check=False)
    assert result.returncode == 1
    assert "Wait Condition Failed" in result.stderr
    assert "Reason: no paths" in result.stderr.replace("\n", " ")
    assert work.state()[ADDRESS]["current_state"] == "failed"
    assert work.changes() == {ADDRESS: ["delete", "create"]}
    hosted.scripts["specifications"] = ["completed"]
    work.apply()
    assert work.changes() == {}
    assert hosted.requests["POST", "specifications"] == 2


def test_a_failed_wait_after_an_update_leaves_a_plan_that_tries_again(
    terraform: Make, hosted: ScriptedControlPlane, on_hosted: str
) -> None:
    work = terraform(configuration(on_hosted))
    work.apply()
    work.write(configuration(on_hosted, endpoint="http://127.0.0.1:9/other"))
    hosted.scripts["specifications"] = ["completed", "pending", "failed"]
    assert work.apply(check=False).returncode == 1
    assert work.state()[ADDRESS]["endpoint"] == "http://127.0.0.1:9/other"
    assert work.changes() == {ADDRESS: ["update"]}
    hosted.scripts["specifications"] = ["failed", "pending", "completed"]
    patches = hosted.requests["PATCH", "specifications"]
    work.apply()
    assert hosted.requests["PATCH", "specifications"] == patches + 1
    assert work.state()[ADDRESS]["current_state"] == "completed"
    assert work.changes() == {}


def test_a_wait_is_bounded_by_timeouts_and_the_object_is_kept(
    terraform: Make, hosted: ScriptedControlPlane, on_hosted: str
) -> None:
    hosted.scripts["specifications"] = ["pending"]
    work = terraform(configuration(on_hosted, WAIT + '\ntimeouts { create = "1s" }'))
    begin = time.monotonic()
    result = work.apply(check=False)
    assert time.monotonic() - begin < 10
    assert "timeout waiting for conditions after 1 s" in result.stderr.replace("\n", " ")
    assert work.state()[ADDRESS]["current_state"] == "pending"


def test_an_object_that_disappears_ends_the_wait(terraform: Make, hosted: ScriptedControlPlane, on_hosted: str) -> None:
    hosted.scripts["specifications"] = ["pending", "pending", 404]
    result = terraform(configuration(on_hosted)).apply(check=False)
    assert "failed to get resource: API error 404" in result.stderr.replace("\n", " ")


def test_without_wait_for_nothing_waits(terraform: Make, hosted: ScriptedControlPlane, on_hosted: str) -> None:
    hosted.scripts["specifications"] = ["pending"]
    work = terraform(configuration(on_hosted, ""))
    work.apply()
    assert hosted.requests["GET", "specifications"] == 0
    assert work.changes() == {}


def test_changing_only_the_wait_sends_nothing_but_waits(
    terraform: Make, hosted: ScriptedControlPlane, on_hosted: str
) -> None:
    work = terraform(configuration(on_hosted, ""))
    work.apply()
    work.write(configuration(on_hosted))
    assert work.changes() == {ADDRESS: ["update"]}
    reads = hosted.requests["GET", "specifications"]
    work.apply()
    assert hosted.requests["PATCH", "specifications"] == 0
    # One read to refresh, one to see whether what is waited for is there.
    assert hosted.requests["GET", "specifications"] == reads + 2
    assert work.changes() == {}


@on_every_terraform()
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_wait_ends_at_once_and_the_object_is_recorded(
    terraform: Make, hosted: ScriptedControlPlane, on_hosted: str, number: signal.Signals
) -> None:
    hosted.scripts["specifications"] = ["pending"]
    work = terraform(configuration(on_hosted))
    process = work.start("apply", "-auto-approve", "-input=false")
    while hosted.requests["GET", "specifications"] < 3:
        assert process.poll() is None
        time.sleep(0.02)
    begin = time.monotonic()
    os.killpg(process.pid, number)
    output, _ = process.communicate(timeout=60)
    assert time.monotonic() - begin < 5
    assert "interrupted" in output
    assert ADDRESS in work.state()
