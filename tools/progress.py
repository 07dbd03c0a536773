"""How `make` talks: one line a step, the tools' output in a log, and what to do next when a step fails."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from hosting.progress import waiting
from tools.environment import LOGS, ROOT, STATE

_TAIL = 30
_GRACE_SECONDS = 5.0
_LOOK_SECONDS = 0.05
_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|[\x00-\x08\x0b-\x1f\x7f]")


class StepError(Exception):
    """A step could not be done.

    Args:
        what: What failed, a sentence.
        advice: What to do next, a sentence.
        code: The exit code: 1, or 2 for a command that was refused before it did anything.
    """

    def __init__(self, what: str, advice: str, *, code: int = 1) -> None:
        super().__init__(what)
        self.what = what
        self.advice = advice
        self.code = code


@contextmanager
def step(what: str) -> Iterator[None]:
    """Say what is being done, on a terminal for how many seconds, and at its end how many it took."""
    said = f"{what} ..."
    print(said, end="", flush=True)
    # The line that tells of the seconds is gone afterwards.
    again = f"\r{said}" if sys.stdout.isatty() else ""
    started = time.monotonic()
    try:
        with waiting(said, sys.stdout):
            yield
    except BaseException as error:
        print(f"{again} {'interrupted' if isinstance(error, KeyboardInterrupt) else 'failed'}", flush=True)
        raise
    print(f"{again} {time.monotonic() - started:.1f} s", flush=True)


def run(
    command: Sequence[str | Path],
    *,
    log: str,
    advice: str,
    environment: Mapping[str, str],
    expendable: bool = False,
    errors: str | None = None,
) -> None:
    """Run a command in the top folder, with its output in a log and nothing on its standard input.

    Args:
        command: The program and its arguments.
        log: The log's name, without folder and ending.
        advice: What to do when it fails.
        environment: Its environment, whole.
        expendable: Whether what it has done so far is worth nothing: Ctrl-C then ends it and all that it has started.
            Any other command ends on its own at Ctrl-C: Terraform writes its state then.
        errors: The name of a log to which the command adds its errors, which are shown instead of its output.

    Raises:
        StepError: It ended with another code than 0, or could not be started.
        KeyboardInterrupt: Ctrl-C was pressed, after the command has ended.
    """
    path = LOGS / f"{log}.log"
    private_folder(LOGS)
    if errors:
        with _private_file(LOGS / f"{errors}.log"):
            pass
    with _private_file(path) as output, _noted_interrupts() as interrupts:
        try:
            if expendable:
                code = _run_expendable(command, output, environment, interrupts)
            else:
                code = _start(command, output, environment).wait()
        except OSError as error:
            raise StepError(f"{command[0]} could not be started: {error.strerror}.", advice) from error
    if interrupts:
        raise KeyboardInterrupt
    if code:
        shown = _end_of(LOGS / f"{errors}.log") if errors else ""
        raise StepError(
            f"{Path(command[0]).name} ended with code {code}. {shown or _end_of(path) or 'It said nothing.'}", advice
        )


@contextmanager
def _noted_interrupts() -> Iterator[list[int]]:
    interrupts: list[int] = []
    previous = signal.signal(signal.SIGINT, lambda number, _: interrupts.append(number))
    try:
        yield interrupts
    finally:
        signal.signal(signal.SIGINT, previous)


def _start(
    command: Sequence[str | Path], output: int, environment: Mapping[str, str], group: int | None = None
) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        list(command),
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        env=dict(environment),
        cwd=ROOT,
        process_group=group,
    )


def _run_expendable(
    command: Sequence[str | Path], output: int, environment: Mapping[str, str], interrupts: list[int]
) -> int:
    """Run a command in a process group and with a temporary folder of its own; leave neither behind."""
    folder = STATE / "tmp"
    private_folder(folder)
    with tempfile.TemporaryDirectory(dir=folder, ignore_cleanup_errors=True) as temporary:
        process = _start(command, output, {**environment, "TMPDIR": temporary}, group=0)
        while not interrupts:
            with suppress(subprocess.TimeoutExpired):
                return process.wait(timeout=_LOOK_SECONDS)
        _end_group(process)
        return process.wait()


def _end_group(process: subprocess.Popen[bytes]) -> None:
    """Ask a process group to end, and after a while end what has not; its leader is reaped."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        deadline = time.monotonic() + _GRACE_SECONDS
        with suppress(ProcessLookupError):
            os.killpg(process.pid, number)
            while time.monotonic() < deadline:
                process.poll()
                os.killpg(process.pid, 0)
                time.sleep(_LOOK_SECONDS)


def output(command: Sequence[str | Path], environment: Mapping[str, str]) -> str:
    """Return what a command prints, or nothing when it fails or is not there."""
    try:
        result = subprocess.run(
            list(command), env=dict(environment), stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError, UnicodeDecodeError):
        return ""
    return result.stdout


def _end_of(log: Path) -> str:
    lines = [_CONTROL.sub("", line).rstrip() for line in log.read_text("utf-8", "replace").splitlines()]
    tail = [line for line in lines if line][-_TAIL:]
    shown = "".join(f"\n  | {line}" for line in tail)
    return f"The end of its output, all of which is in {log.relative_to(ROOT)}:{shown}" if tail else ""


@contextmanager
def _private_file(path: Path) -> Iterator[int]:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def private_folder(path: Path) -> None:
    """Make a folder below `.state`, which only its owner may read."""
    for folder in (STATE, path):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def main(task: Callable[[], int | None]) -> int:
    """Do what a command of `make` does, and return its exit code; a failure is said on standard error.

    Args:
        task: What to do; may return an exit code. The text of a KeyboardInterrupt that it raises says how to go on.
    """
    try:
        if signal.getsignal(signal.SIGINT) != signal.SIG_IGN:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        code = task()
    except StepError as failure:
        print(f"\n{failure.what}\n\nWhat to do: {failure.advice}", file=sys.stderr)
        return failure.code
    except KeyboardInterrupt as interrupt:
        print(f"\nInterrupted. {str(interrupt) or 'Run the same command again to go on.'}", file=sys.stderr)
        return 130
    return code or 0
