"""Ctrl-C, as a terminal sends it to the whole process group, leaves no object that Terraform does not know.

TAMA_INTERRUPTS sets how many random moments are tried; TAMA_SEED repeats a run.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable

from tests.support.scripted_control_plane import ScriptedControlPlane
from tests.support.terraform import Terraform, interrupt

MOMENTS = int(os.environ.get("TAMA_INTERRUPTS", "2"))
SEED = int(os.environ.get("TAMA_SEED", "0")) or random.SystemRandom().randrange(1, 1 << 32)
SPACES = 30
CREATE_SECONDS = 0.5


def test_no_object_is_lost_by_an_interrupt(
    terraform: Callable[..., Terraform], hosted: ScriptedControlPlane, on_hosted: str
) -> None:
    print(f"TAMA_SEED={SEED}")  # noqa: T201 - repeats a failure
    moments = random.Random(SEED)
    for attempt in range(MOMENTS):
        work = terraform(
            on_hosted
            + f'resource "tama_space" "it" {{\n count = {SPACES}\n name = "Space ${{count.index}}"\n type = "root"\n}}',
            name=f"work-{attempt}",
        )
        hosted.requests.clear()
        hosted.delays["spaces"] = CREATE_SECONDS
        process = work.start("apply", "-auto-approve", "-input=false")
        # The spaces are made in three rounds of ten, Terraform's parallelism.
        while hosted.requests["POST", "spaces"] == 0:
            assert process.poll() is None
            time.sleep(0.01)
        time.sleep(moments.uniform(0, 3 * CREATE_SECONDS))
        interrupt(process)
        output, _ = process.communicate(timeout=60)
        made = hosted.requests["POST", "spaces"]
        assert len(work.state()) == made, output
        assert "Interrupt" in output or made == SPACES
        hosted.delays["spaces"] = 0
        work.apply()
        assert len(work.state()) == SPACES
        assert hosted.requests["POST", "spaces"] == SPACES
        work.destroy()
