"""How commands end, run as processes."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from hosting import outcome

ROOT = Path(__file__).parents[2]
STATUSES = (outcome.SUCCESS, outcome.FAILED, outcome.UNUSABLE, outcome.INTERRUPTED, outcome.UNREAD)
FOREVER = """
import sys, time
from hosting.outcome import carried_out
def wait():
    sys.stdout.write("waiting\\n")
    sys.stdout.flush()
    time.sleep(60)
sys.exit(carried_out("it", wait))
"""


def ends(command: object, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    def run() -> int | None:
        if isinstance(command, Exception):
            raise command
        return command if isinstance(command, int) else None

    return outcome.carried_out("it", run), capsys.readouterr().err


def test_what_a_command_raises_becomes_its_status_and_its_sentences(capsys: pytest.CaptureFixture[str]) -> None:
    assert ends(None, capsys) == (0, "")
    assert ends(1, capsys) == (1, "")
    assert ends(outcome.FailedError("It is gone."), capsys) == (1, "it: It is gone.\n")
    assert ends(outcome.UnusableError("No a.", "No b."), capsys) == (2, "it: No a.\nit: No b.\n")


def test_an_interrupt_is_quiet() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", FOREVER], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == b"waiting\n"
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=30)
    assert (process.returncode, said) == (130, b"")


def test_an_output_that_nobody_reads_is_quiet() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    program = """
import sys
from hosting.outcome import carried_out
sys.exit(carried_out("it", lambda: sys.stdout.write("said") and None))
"""
    ran = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, stdout=writing, stderr=subprocess.PIPE, check=False, timeout=60
    )
    os.close(writing)
    assert (ran.returncode, ran.stderr) == (141, b"")


def test_without_an_output_nothing_is_tried() -> None:
    program = """
import os, sys
if len(sys.argv) == 1:
    os.close(1)
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:], "closed"])
from hosting.outcome import carried_out
sys.exit(carried_out("it", lambda: sys.stderr.write("tried")))
"""
    ran = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, stderr=subprocess.PIPE, check=False, timeout=60, text=True
    )
    assert ran.returncode == outcome.UNUSABLE
    assert ran.stderr == "it: The standard output is closed. Let it go to a file, or to /dev/null.\n"


def test_the_statuses_are_documented_once() -> None:
    page = (ROOT / "docs" / "deployment.md").read_text()
    assert [int(status) for status in re.findall(r"^\| (\d+) \|", page, re.MULTILINE)] == sorted(STATUSES)
