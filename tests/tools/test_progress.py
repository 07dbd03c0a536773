"""What `make` says, and what it does on Ctrl-C."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from hosting import progress as waiting
from tests.support.terminal import terminal
from tools import processes, progress
from tools.progress import StepError

PATIENT = """
import signal, sys, time
def end(*_):
    time.sleep(1)  # longer than subprocess.run waits for a child on Ctrl-C before it kills it
    print("ended in good order")
    sys.exit(1)
signal.signal(signal.SIGINT, end)
print("ready", flush=True)
open(sys.argv[1], "w").close()
signal.pause()
"""
DRIVER = """
import os, sys
from pathlib import Path
from tools import progress
progress.LOGS = progress.STATE = progress.ROOT = Path(sys.argv[1])
command = [sys.executable, "-c", sys.argv[2], sys.argv[1] + "/ready"]
options = {"expendable": True} if sys.argv[3:] else {}
progress._GRACE_SECONDS = 0.5
sys.exit(progress.main(lambda: progress.run(command, log="x", advice="", environment=os.environ, **options)))
"""
FORKING = """
import os, signal, sys, tempfile
from pathlib import Path
tempfile.mkdtemp()
if os.fork() == 0:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    Path(sys.argv[1] + "-new").write_text(f"{os.getpid()} {tempfile.gettempdir()}")
    os.rename(sys.argv[1] + "-new", sys.argv[1])
signal.pause()
"""


@pytest.fixture(autouse=True)
def logs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("ROOT", "STATE", "LOGS"):
        monkeypatch.setattr(progress, name, tmp_path)
    return tmp_path


def run(code: str) -> None:
    progress.run([sys.executable, "-c", code], log="tool", advice="Do this.", environment=os.environ)


def test_output_goes_to_a_log_of_the_owners(logs: Path, capfd: pytest.CaptureFixture[str]) -> None:
    run("import sys; print('out'); print('err', file=sys.stderr)")
    assert sorted((logs / "tool.log").read_text("utf-8").split()) == ["err", "out"]
    assert (logs / "tool.log").stat().st_mode & 0o777 == 0o600
    assert capfd.readouterr() == ("", "")


def test_a_failure_shows_the_end_of_the_output_without_control_codes(logs: Path) -> None:
    with pytest.raises(StepError) as caught:
        run("[print(f'line-{i}') for i in range(99)]; print('\\x1b[31mred\\x1b[0m\\a'); raise SystemExit(3)")
    assert "ended with code 3" in caught.value.what
    assert caught.value.what.endswith("| line-98\n  | red")
    assert "line-9\n" not in caught.value.what
    assert "tool.log" in caught.value.what


def test_a_program_that_is_not_there_is_a_failed_step() -> None:
    with pytest.raises(StepError, match="could not be started"):
        progress.run(["/nowhere/tool"], log="tool", advice="", environment={})


def test_a_step_says_how_long_it_took_or_that_it_failed(capsys: pytest.CaptureFixture[str]) -> None:
    with progress.step("Working"):
        pass
    with pytest.raises(StepError), progress.step("Failing"):
        raise StepError("What.", "Advice.")
    assert capsys.readouterr().out == "Working ... 0.0 s\nFailing ... failed\n"


def test_a_command_of_make_ends_with_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    def fail() -> None:
        raise StepError("It broke.", "Mend it.")

    assert progress.main(fail) == 1
    assert capsys.readouterr().err == "\nIt broke.\n\nWhat to do: Mend it.\n"
    assert progress.main(lambda: None) == 0


def interrupt(folder: Path, *arguments: str) -> str:
    """Run the driver, press Ctrl-C when its command is ready, and return what the driver says."""
    with subprocess.Popen(
        [sys.executable, "-c", DRIVER, folder, *arguments], stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        while not (folder / "ready").exists():
            assert process.poll() is None
        os.killpg(process.pid, signal.SIGINT)
        _, error = process.communicate(timeout=30)
    assert process.returncode == 130
    return error


def test_ctrl_c_waits_for_the_tool_to_end_in_good_order(tmp_path: Path) -> None:
    assert interrupt(tmp_path, PATIENT) == "\nInterrupted. Run the same command again to go on.\n"
    assert (tmp_path / "x.log").read_text("utf-8") == "ready\nended in good order\n"


def test_ctrl_c_ends_an_expendable_command_with_all_that_it_has_started(tmp_path: Path) -> None:
    assert "Interrupted" in interrupt(tmp_path, FORKING, "expendable")
    pid, temporary = (tmp_path / "ready").read_text("utf-8").split()
    assert not processes.is_alive(int(pid))
    assert Path(temporary).parent == tmp_path / "tmp"
    assert list((tmp_path / "tmp").iterdir()) == []


@pytest.mark.parametrize("command", ["bootstrap", "down", "generate", "install_provider", "lock", "up"])
def test_ctrl_c_in_the_middle_of_the_imports_is_no_traceback(tmp_path: Path, command: str) -> None:
    shutil.copytree(Path(progress.__file__).parent, tmp_path / "tools")
    (tmp_path / "tools" / "environment.py").write_text("import os, signal\nos.kill(os.getpid(), signal.SIGINT)\n")
    result = subprocess.run(
        [sys.executable, "-m", f"tools.{command}"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(Path(progress.__file__).parents[1]), "PYTHONSAFEPATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (result.returncode, result.stderr) == (130, "\nInterrupted. Run the same command again to go on.\n")


def test_a_step_counts_its_seconds_on_a_terminal_and_leaves_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "_PATIENCE_S", 0.05)
    with terminal(80) as (writer, shown), open(os.dup(writer), "w") as output:  # noqa: PTH123 - a descriptor
        monkeypatch.setattr(sys, "stdout", output)
        with progress.step("Deploying"):
            deadline = time.monotonic() + 10
            while b"(0 s)" not in b"".join(shown) and time.monotonic() < deadline:
                time.sleep(0.01)
        monkeypatch.undo()
    *_, last = b"".join(shown).decode().rsplit("\x1b[K")
    assert "Deploying ... (0 s)" in b"".join(shown).decode()
    assert re.fullmatch(r"\rDeploying \.\.\. \d+\.\d s\r\n", last)
