"""What the rounds say: medians, spreads, and which goals are met."""

import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from benchmarks.service.load import Run

Rounds = Mapping[str, Sequence[Run | None]]
"""The run of each contender in each round; None stands for one that was void each time it was tried."""


@dataclass(frozen=True, slots=True)
class Goal:
    """A ratio of the rates of two contenders that is wanted.

    Attributes:
        what: what is compared, as the table names it.
        over: the contender whose rate is divided.
        under: the contender by whose rate it is divided.
        least: how large the ratio should be at least, None when small is good.
        most: how large it should be at most.

    """

    what: str
    over: str
    under: str
    least: float | None = None
    most: float | None = None

    @property
    def wanted(self) -> str:
        """Return the goal in words."""
        return f"at least {self.least:.2f}" if self.least is not None else f"at most {self.most:.2f}"

    def ratios(self, rounds: Rounds) -> list[float]:
        """Return the ratio of each round in which both were measured."""
        return [over.rate / under.rate for over, under in self._pairs(rounds)]

    def core_ratios(self, rounds: Rounds) -> list[float]:
        """Return the same of the rates by core time, which other work on the cores disturbs less, where it is known."""
        pairs = ((over.core_rate, under.core_rate) for over, under in self._pairs(rounds))
        return [over / under for over, under in pairs if over and under]

    def _pairs(self, rounds: Rounds) -> list[tuple[Run, Run]]:
        both = zip(rounds[self.over], rounds[self.under], strict=True)
        return [(over, under) for over, under in both if over and under]

    def is_met(self, ratio: float) -> bool:
        """Tell whether a ratio is as good as wanted."""
        return (self.least is None or ratio >= self.least) and (self.most is None or ratio <= self.most)


def rates_table(rounds: Rounds) -> Iterator[str]:
    """Yield the lines of the table of the contenders."""
    yield "| contender | requests/s: median | slowest-fastest round | by second of core time |"
    yield "|---|---|---|---|"
    for contender, runs in rounds.items():
        measured = [run for run in runs if run]
        if not measured:
            yield f"| {contender} | void | | |"
            continue
        rates = [run.rate for run in measured]
        core_rates = [run.core_rate for run in measured if run.core_rate]
        yield f"| {contender} | {median(rates, ',.0f')} | {spread(rates, ',.0f')} | {median(core_rates, ',.0f')} |"


def goals_table(goals: Sequence[Goal], rounds: Rounds) -> Iterator[str]:
    """Yield the lines of the table of the goals."""
    yield "| goal | wanted | median of the rounds | spread | by core time | |"
    yield "|---|---|---|---|---|---|"
    for goal in goals:
        yield goal_line(goal, goal.ratios(rounds), goal.core_ratios(rounds))


def goal_line(goal: Goal, ratios: Sequence[float], core_ratios: Sequence[float] = ()) -> str:
    """Return the line of a goal whose ratio in each round is known."""
    if not ratios:
        return f"| {goal.what} | {goal.wanted} | not measured | | | |"
    verdict = "met" if goal.is_met(statistics.median(ratios)) else "missed"
    figures = f"{median(ratios, '.2f')} | {spread(ratios, '.2f')} | {median(core_ratios, '.2f')}"
    return f"| {goal.what} | {goal.wanted} | {figures} | {verdict} |"


def median(values: Sequence[float], form: str) -> str:
    """Return the median of some values in a form, nothing where there are none."""
    return format(statistics.median(values), form) if values else ""


def spread(values: Sequence[float], form: str) -> str:
    """Return the least and the greatest of some values, each in a form."""
    return f"{min(values):{form}}-{max(values):{form}}"
