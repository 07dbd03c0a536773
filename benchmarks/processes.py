"""Which core a process runs on, and what it uses, as Linux shows it; elsewhere nothing is known and nothing pinned."""

import os
import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")
_KIB = 1024


@dataclass(frozen=True, slots=True)
class Cores:
    """The cores of the two sides.

    Attributes:
        client: the client's, None when nothing is pinned.
        server: the server's.

    """

    client: int | None = None
    server: int | None = None


def choose_cores() -> Cores:
    """Choose two of the cores that this process may run on; none where there is one only, or nothing can be pinned."""
    if not hasattr(os, "sched_getaffinity"):
        return Cores()
    cores = sorted(os.sched_getaffinity(0))
    return Cores(client=cores[-1], server=cores[0]) if len(cores) > 1 else Cores()


@contextmanager
def running_on(core: int | None) -> Iterator[None]:
    """Have what is started inside run on a core, with all that it starts itself."""
    if core is None:
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def family(*pids: int) -> list[int]:
    """Return processes and those that they have started, with theirs."""
    parents = {int(entry.name): int(fields[1]) for entry in _PROC.glob("[0-9]*") if (fields := _stat(int(entry.name)))}
    found = [*pids]
    for one in found:
        found += [child for child, parent in parents.items() if parent == one]
    return found


def cpu_seconds(pids: list[int]) -> dict[int, float]:
    """Return how much time each process has spent on cores, in seconds, but for those of which it is not known."""
    stats = {pid: fields for pid in pids if (fields := _stat(pid))}
    return {pid: (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK") for pid, fields in stats.items()}


def resident_bytes(pid: int) -> int:
    """Return how much memory of a process is resident, in bytes; 0 where that is not known."""
    try:
        lines = (_PROC / str(pid) / "status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * _KIB for line in lines if line.startswith("VmRSS:")), 0)


@dataclass(frozen=True, slots=True)
class Usage:
    """How much core time was used until a moment.

    Attributes:
        at: the moment, in seconds of a clock that only goes forward.
        busy: the seconds that all cores were busy, None where that is not known.
        own: the seconds of this process, and of what it has started and waited for until it ended.

    """

    at: float
    busy: float | None
    own: float


def usage() -> Usage:
    """Return how much was used until now."""
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return Usage(time.monotonic(), _busy_seconds(), sum(each.ru_utime + each.ru_stime for each in usages))


def other_work(before: Usage, after: Usage, cores: int) -> float | None:
    """Return the share of all cores that others used between two moments, None where that is not known."""
    if before.busy is None or after.busy is None:
        return None
    others = (after.busy - before.busy) - (after.own - before.own)
    return max(0.0, others) / (after.at - before.at) / cores


def _busy_seconds() -> float | None:
    try:
        fields = (_PROC / "stat").read_text().splitlines()[0].split()
    except OSError:
        return None
    user, nice, system, _idle, _wait, interrupts, soft_interrupts = map(int, fields[1:8])
    return (user + nice + system + interrupts + soft_interrupts) / os.sysconf("SC_CLK_TCK")


def _stat(pid: int) -> list[str]:
    """Return the fields behind the name in a process's `stat`, none when it is gone or there is no /proc."""
    try:
        return (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []
