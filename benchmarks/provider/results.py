"""What the rounds say: medians of the commands, how they grow, and which goals are met."""

import statistics
from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from benchmarks.goals import Figures, Goal, goal_line, goals_table
from benchmarks.provider.growth import Grown
from benchmarks.provider.terraform import COMMANDS, Timing

BARE: Final = "no provider"
OURS: Final = "memovee/tama"
EMBEDDED: Final = "memovee/tama, embedded"
ONE, MANY = "1 space", "100 spaces"
GRAPH, UNWAITED, TWO = "the graph", "the graph without waits", "the graph with two operations"

WAITED_S: Final = 5.384
"""How long an apply of the graph took with upstream's provider, whose first look at what it waits for is after 5 s."""

MOST_WAITING: Final = 1.1
"""How much longer an apply may take in which everything is waited for that is so from the start."""

SIZES: Final = (100, 1_000, 5_000)
"""How many spaces are applied while the provider is watched."""

MOST_RESIDENT_BYTES: Final = 150_000_000
MOST_GROWTH: Final = 1.2
"""How much more core time by space the provider may need for the most spaces than for less."""


class Subject(NamedTuple):
    """What is measured.

    Attributes:
        scene: the configuration.
        command: what is done with it.
        contender: the provider, or none.
    """

    scene: str
    command: str
    contender: str

    def __str__(self) -> str:
        return ", ".join(self)


Measured = Mapping[Subject, Sequence[Timing]]
"""How long each round took."""


def timings_table(measured: Measured, contenders: Sequence[str]) -> Iterator[str]:
    """Yield the lines of the table of the commands: medians in milliseconds, with their ratio to no provider."""
    yield f"| what | command | rounds | {' | '.join(contenders)} |"
    yield "|---|---|---|" + "---|" * len(contenders)
    bare = {subject.command: _median(timings) for subject, timings in measured.items() if subject.contender == BARE}
    for scene, command in dict.fromkeys((subject.scene, subject.command) for subject in measured):
        runs = [measured.get(Subject(scene, command, contender), ()) for contender in contenders]
        cells = (_cell(timings, bare.get(command) if scene != BARE else None) for timings in runs)
        yield f"| {scene} | {command} | {max(map(len, runs))} | {' | '.join(cells)} |"


def growth_table(grown: Sequence[Grown]) -> Iterator[str]:
    """Yield the lines of the table of what grows."""
    yield "| spaces | apply, s | core time of Terraform, s | of the provider, s | of it by space, ms | its memory, MB |"
    yield "|---|---|---|---|---|---|"
    for each in grown:
        times = f"{each.seconds:.1f} | {each.terraform_core_seconds:.1f} | {each.provider_core_seconds:.1f}"
        by_space = 1_000 * each.provider_core_seconds / each.resources
        yield f"| {each.resources:,} | {times} | {by_space:.2f} | {each.resident_bytes / 1e6:.0f} |"


def goals(measured: Measured, grown: Sequence[Grown], beside: str | None) -> Iterator[str]:
    """Yield the lines of the table of the goals.

    Args:
        measured: what was measured of the commands.
        grown: what was measured of many resources.
        beside: the contender that ours is compared with, None when there is none.
    """
    wanted = []
    for scene in (ONE, MANY):
        for command in COMMANDS:
            ours, theirs = (str(Subject(scene, command, contender)) for contender in (OURS, beside or ""))
            wanted.append(Goal(f"{command}, {scene}: {OURS} / {beside or 'another provider'}", ours, theirs, most=1.0))
    waited, unwaited = (str(Subject(scene, "apply", OURS)) for scene in (GRAPH, UNWAITED))
    wanted.append(Goal(f"apply, {GRAPH} with what it waits for / without waits", waited, unwaited, most=MOST_WAITING))
    figures: Figures = {str(subject): [each.seconds for each in timings] for subject, timings in measured.items()}
    by_core: Figures = {str(subject): [each.core_seconds for each in timings] for subject, timings in measured.items()}
    yield from goals_table(wanted, figures, by_core)
    for scene in (GRAPH, TWO):
        waits = [each.seconds / WAITED_S for each in measured.get(Subject(scene, "apply", OURS), ())]
        what = f"apply, {scene}, with what it waits for / {WAITED_S * 1_000:,.0f} ms"
        yield goal_line(Goal(what, "", "", most=0.10), waits)
    yield from _growth_goals(grown)


def _growth_goals(grown: Sequence[Grown]) -> Iterator[str]:
    *_, less, most = SIZES
    by_space = {each.resources: each.provider_core_seconds / each.resources for each in grown}
    both = [by_space[most] / by_space[less]] if {most, less} <= by_space.keys() else []
    what = f"the provider's core time by space, {most:,} spaces / {less:,}"
    yield goal_line(Goal(what, "", "", most=MOST_GROWTH), both)
    resident = [each.resident_bytes / MOST_RESIDENT_BYTES for each in grown if each.resources == most]
    what = f"the provider's memory with {most:,} spaces / {MOST_RESIDENT_BYTES / 1e6:.0f} MB"
    yield goal_line(Goal(what, "", "", most=1.0), resident)


def _cell(timings: Sequence[Timing], bare: float | None) -> str:
    if not timings:
        return ""
    median = _median(timings)
    return f"{1_000 * median:,.0f}" + (f" ({median / bare:.1f})" if bare else "")


def _median(timings: Sequence[Timing]) -> float:
    return statistics.median(each.seconds for each in timings)
