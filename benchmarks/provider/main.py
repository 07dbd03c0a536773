"""How long Terraform's commands take with the provider, beside what they take without one and with another.

Everything is measured side by side: each command is run with every contender in turn, every other round in reverse, so
that whatever else the machine does falls on all of them alike. Only ratios taken within one run mean anything.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from benchmarks import servers
from benchmarks.processes import other_work, usage
from benchmarks.provider import configurations, growth, handshake
from benchmarks.provider.configurations import Configure
from benchmarks.provider.results import (
    BARE,
    EMBEDDED,
    GRAPH,
    MANY,
    ONE,
    OURS,
    SIZES,
    TWO,
    UNWAITED,
    Subject,
    goals,
    growth_table,
    timings_table,
)
from benchmarks.provider.terraform import COMMANDS, CommandError, Timing, Workspace, lay, timed
from tools import install_provider
from tools.environment import STATE

Cases = dict[Subject, Callable[[], Timing]]
"""What is run to measure it."""

FOLDER: Final = STATE / "benchmarks"
INTERPRETER: Final = "bare interpreter"
LAUNCH: Final = "launch"
SHORT: Final[Mapping[str, Configure]] = {
    ONE: configurations.spaces(1),
    MANY: configurations.spaces(100),
    GRAPH: configurations.graph,
}
GRAPHS: Final[Mapping[str, Configure]] = {
    UNWAITED: configurations.graph_without_waits,
    TWO: configurations.graph_of_two_operations,
}
LONG: Final[Mapping[str, Configure]] = {"1,000 spaces": configurations.spaces(1_000)}
_ROUNDS_FOR_A_LONG_ONE: Final = 20


@dataclass(frozen=True, slots=True)
class Options:
    """What is measured, and how often.

    Attributes:
        rounds: how many rounds; a twentieth of them, at least one, of what takes long.
        beside: the executables of other providers, to be measured too.
        is_short: whether what takes long is left out.
    """

    rounds: int = 21
    beside: Sequence[Path] = ()
    is_short: bool = False


@dataclass(frozen=True, slots=True)
class Contender:
    """A provider, and the control plane that it reaches.

    Attributes:
        name: as the tables name it.
        mirror: where Terraform finds the provider; None for Terraform without one.
        executable: the provider's, where its launch is measured too.
        base_url: the control plane's.
    """

    name: str
    mirror: Path | None = None
    executable: Path | None = None
    base_url: str = ""


def main(options: Options) -> None:
    """Measure and print the tables.

    Raises:
        CommandError: a command failed; that of another provider is said, and what it cannot do left out.
        ServerError: the control plane does not start.
    """
    before = usage()
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="run-", dir=FOLDER) as name, _control_plane(Path(name)) as url:
        folder = Path(name)
        contenders = _contenders(folder, options.beside, url)
        short = _launches(contenders) | _commands(folder, {BARE: configurations.nothing}, [Contender(BARE)], url)
        short |= _commands(folder, SHORT, contenders, url)
        short |= _commands(folder, GRAPHS, [each for each in contenders if each.base_url == url], url)
        measured = measure(short, options.rounds)
        long = {} if options.is_short else _commands(folder, LONG, contenders, url)
        measured |= measure(long, max(1, options.rounds // _ROUNDS_FOR_A_LONG_ONE), warm_up=False)
        assert contenders[0].executable
        sizes = SIZES[:1] if options.is_short else SIZES
        grown = growth.measure(folder / "growth", contenders[0].executable, sizes, url)
    others = other_work(before, usage(), os.cpu_count() or 1)
    print(f"Other work took {others:.0%} of the machine's cores.\n" if others is not None else "")
    print(*timings_table(measured, [BARE, *(each.name for each in contenders)]), "", sep="\n")
    print(*growth_table(grown), "", sep="\n")
    print(*goals(measured, grown, options.beside[0].name if options.beside else None), sep="\n")


def measure(cases: Cases, rounds: int, *, warm_up: bool = True) -> dict[Subject, list[Timing]]:
    """Run every case once a round, each command with one contender after the other.

    Args:
        cases: what to run.
        rounds: how many are measured.
        warm_up: whether one more goes before them.
    """
    measured: dict[Subject, list[Timing]] = {subject: [] for subject in cases}
    for round_ in range(rounds + warm_up):
        _say(f"round {round_ + 1} of {rounds + warm_up}")
        for scene, command in dict.fromkeys((subject.scene, subject.command) for subject in cases):
            rivals = [subject for subject in cases if (subject.scene, subject.command) == (scene, command)]
            for subject in rivals[:: 1 if round_ % 2 == 0 else -1]:
                timing = cases[subject]()
                if round_ >= warm_up:
                    measured[subject].append(timing)
    _say("")
    return measured


def _contenders(folder: Path, beside: Sequence[Path], url: str) -> list[Contender]:
    mirror = folder / "mirror"
    install_provider.install(mirror, install_provider.of_checkout())
    ours = next((mirror / install_provider.REGISTRIES[0]).rglob("terraform-provider-tama_v*"))
    contenders = [Contender(OURS, mirror, ours, url), Contender(EMBEDDED, mirror, None, "embedded:./tama")]
    for executable in beside:
        own = folder / f"mirror-{len(contenders)}"
        lay(own, executable.resolve())
        contenders.append(Contender(executable.name, own, executable.resolve(), url))
    return contenders


def _launches(contenders: Sequence[Contender]) -> Cases:
    certificate = handshake.client_certificate()
    cases: Cases = {Subject(INTERPRETER, "start", OURS): partial(timed, handshake.bare_interpreter)}
    for each in contenders:
        if each.executable:
            launch = partial(handshake.shake_hands, each.executable, certificate)
            cases[Subject(LAUNCH, "to handshake", each.name)] = partial(timed, launch)
    return cases


def _commands(folder: Path, scenes: Mapping[str, Configure], contenders: Sequence[Contender], url: str) -> Cases:
    """Return the commands of each scene with each contender that has what the scene declares."""
    cases: Cases = {}
    for scene, configure in scenes.items():
        for each in contenders:
            place = folder / f"{scene}, {each.name}".replace("/", "-")
            try:
                workspace = Workspace(place, each.mirror, partial(configure, base_url=each.base_url, service=url))
                workspace.run("validate")
            except CommandError as error:
                if each.name in (BARE, OURS, EMBEDDED):
                    raise
                print(f"{each.name} is left out of {scene}: {error}", file=sys.stderr)
                continue
            for command in COMMANDS:
                cases[Subject(scene, command, each.name)] = partial(workspace.run, command)
    return cases


@contextmanager
def _control_plane(folder: Path) -> Iterator[str]:
    log = folder / "control-plane.log"
    with servers.running([sys.executable, "-m", "benchmarks.provider.control_plane"], log) as process:
        yield servers.address(process, log)


def _say(what: str) -> None:
    if sys.stderr.isatty():
        print(f"\r\x1b[K{what}", end="", file=sys.stderr, flush=True)
