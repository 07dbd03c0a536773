"""Finding and stopping what works on a folder."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tools import processes

WAIT = "import sys; print('ready', flush=True); sys.stdin.read()"
STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); " + WAIT


@contextmanager
def started(code: str, *arguments: str, **variables: str) -> "Iterator[subprocess.Popen[bytes]]":
    with subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        env=os.environ | variables,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == b"ready\n"
        try:
            yield process
        finally:
            process.kill()


def test_a_process_is_found_by_its_arguments_or_its_environment(tmp_path: Path) -> None:
    with started(WAIT, f"sqlite:{tmp_path}/data.db") as one, started(WAIT, STORE=str(tmp_path)) as two:
        assert sorted(processes.working_on(tmp_path)) == sorted([one.pid, two.pid])


def test_a_folder_that_only_begins_alike_is_another(tmp_path: Path) -> None:
    with started(WAIT, f"{tmp_path}-old/data.db"):
        assert processes.working_on(tmp_path) == []


def test_a_pager_on_a_log_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "log").touch()
    with subprocess.Popen(["tail", "-f", tmp_path / "log"]) as process:
        try:
            assert processes.working_on(tmp_path) == []
        finally:
            process.kill()


@pytest.mark.parametrize(("code", "number"), [(WAIT, signal.SIGTERM), (STUBBORN, signal.SIGKILL)])
def test_processes_end_and_the_stubborn_ones_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str, number: int
) -> None:
    monkeypatch.setattr(processes, "_GRACE_SECONDS", 0.2)
    with started(code, str(tmp_path)) as process:
        processes.stop(processes.working_on(tmp_path))
        assert process.wait() == -number
