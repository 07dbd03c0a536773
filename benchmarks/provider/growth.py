"""How the provider's time and memory grow with the number of resources."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from benchmarks.provider import configurations
from benchmarks.provider.terraform import Workspace, lay
from tools import environment

_WATCHED = Path(__file__).with_name("watched.py")
_KIB = 1024


@dataclass(frozen=True, slots=True)
class Grown:
    """An apply of many new resources.

    Attributes:
        resources: how many.
        seconds: how long the command took.
        terraform_core_seconds: what Terraform itself spent on cores.
        provider_core_seconds: what all launches of the provider spent on cores.
        resident_bytes: how much memory of the largest launch was resident at most.
    """

    resources: int
    seconds: float
    terraform_core_seconds: float
    provider_core_seconds: float
    resident_bytes: int


def measure(folder: Path, executable: Path, sizes: Sequence[int], url: str) -> list[Grown]:
    """Apply so many spaces each, in a state of their own, and watch the provider.

    Args:
        folder: where to work; it is made.
        executable: the provider's.
        sizes: how many spaces.
        url: the control plane's.
    """
    report, launcher, mirror = folder / "report", folder / "launcher", folder / "mirror"
    folder.mkdir()
    command = [environment.base_interpreter(), "-I", "-S", _WATCHED, report, executable]
    launcher.write_text(f"#!/bin/sh\nexec {shlex.join(map(str, command))}\n")
    launcher.chmod(0o755)
    lay(mirror, launcher)
    return [_measure(folder / str(size), mirror, size, url, report) for size in sizes]


def _measure(folder: Path, mirror: Path, size: int, url: str, report: Path) -> Grown:
    workspace = Workspace(folder, mirror, partial(configurations.spaces(size), base_url=url, service=url))
    report.unlink(missing_ok=True)
    timing = workspace.run("apply")
    launches = [line.split() for line in report.read_text().splitlines()]
    provider = sum(float(core_seconds) for _, core_seconds in launches)
    resident = max(int(kib) for kib, _ in launches) * _KIB
    return Grown(size, timing.seconds, timing.core_seconds - provider, provider, resident)
