"""Which process is which: a pid alone is given to another process one day."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

_PROC = Path("/proc")
_POLL_SECONDS = 0.02
_KILL_SECONDS = 5.0

# Those that this process started itself: they stay zombies until they are polled.
_children: dict[int, subprocess.Popen[bytes]] = {}


def started(pid: int) -> str | None:
    """Return when a process started, in the system's own writing; None when it is dead, a zombie included."""
    child = _children.get(pid)
    if child is not None and child.poll() is not None:
        _children.pop(pid, None)
    if not _PROC.joinpath("self", "stat").exists():
        return _started_by_ps(pid)
    try:
        stat = _PROC.joinpath(str(pid), "stat").read_text()
    except OSError:
        return None
    # The name, in parentheses, may hold anything; behind it come the state and, 19 fields later, the start time.
    fields = stat.rpartition(")")[2].split()
    return None if fields[0] in "ZX" else fields[19]


def boot() -> str:
    """Return the id of this start of the system; start times count from it. Empty where they are dates."""
    try:
        return _PROC.joinpath("sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""


def spawn(command: tuple[str, ...], *, folder: Path, variables: dict[str, str], log: int) -> int:
    """Start a process that outlives this one: in a session of its own, with nothing of ours but its log.

    Raises:
        OSError: there is no such program, or it cannot be run.
    """
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=variables,
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        start_new_session=True,
    )
    _children[process.pid] = process
    return process.pid


def end(pid: int, start: str, seconds: float) -> None:
    """Ask a process to end, and kill its group when it has not ended within so many seconds."""
    _signal(os.kill, pid, signal.SIGTERM)
    if not _has_ended(pid, start, seconds):
        _signal(os.killpg, pid, signal.SIGKILL)
        _has_ended(pid, start, _KILL_SECONDS)


def _has_ended(pid: int, start: str, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while started(pid) == start:
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL_SECONDS)
    return True


def _signal(send: object, pid: int, number: signal.Signals) -> None:
    try:
        send(pid, number)  # type: ignore[operator]
    except ProcessLookupError:
        return


def _started_by_ps(pid: int) -> str | None:
    result = subprocess.run(
        ["ps", "-o", "stat=", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    state, _, start = result.stdout.strip().partition(" ")
    return start.strip() if start and not state.startswith("Z") else None
