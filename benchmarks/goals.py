"""Ratios that are wanted, and whether they were reached."""

import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

Figures = Mapping[str, Sequence[float | None]]
"""What was measured of each contender in each round; None stands for a round in which nothing could be."""

NONE: Final = "nothing"
"""What is said to be wanted of a ratio that is only to be known."""


@dataclass(frozen=True, slots=True)
class Goal:
    """A ratio of the figures of two contenders that is wanted.

    Attributes:
        what: what is compared, as the table names it.
        over: the contender whose figure is divided.
        under: the contender by whose figure it is divided.
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
        if self.least is None and self.most is None:
            return NONE
        return f"at least {self.least:.2f}" if self.least is not None else f"at most {self.most:.2f}"

    def ratios(self, figures: Figures) -> list[float]:
        """Return the ratio of each round in which both were measured; none when one of the two never was."""
        both = zip(figures.get(self.over, ()), figures.get(self.under, ()), strict=False)
        return [over / under for over, under in both if over and under]

    def is_met(self, ratio: float) -> bool:
        """Tell whether a ratio is as good as wanted."""
        return (self.least is None or ratio >= self.least) and (self.most is None or ratio <= self.most)


def goals_table(goals: Sequence[Goal], figures: Figures, by_core_time: Figures) -> Iterator[str]:
    """Yield the lines of the table of the goals.

    Args:
        goals: what is wanted.
        figures: what was measured.
        by_core_time: the same by core time, which other work on the cores disturbs less.

    """
    yield "| goal | wanted | median of the rounds | spread | by core time | |"
    yield "|---|---|---|---|---|---|"
    for goal in goals:
        yield goal_line(goal, goal.ratios(figures), goal.ratios(by_core_time))


def goal_line(goal: Goal, ratios: Sequence[float], core_ratios: Sequence[float] = ()) -> str:
    """Return the line of a goal whose ratio in each round is known."""
    if not ratios:
        return f"| {goal.what} | {goal.wanted} | not measured | | | |"
    verdict = "" if goal.wanted == NONE else "met" if goal.is_met(statistics.median(ratios)) else "missed"
    figures = f"{median(ratios, '.2f')} | {spread(ratios, '.2f')} | {median(core_ratios, '.2f')}"
    return f"| {goal.what} | {goal.wanted} | {figures} | {verdict} |"


def median(values: Sequence[float], form: str) -> str:
    """Return the median of some values in a form, nothing where there are none."""
    return format(statistics.median(values), form) if values else ""


def spread(values: Sequence[float], form: str) -> str:
    """Return the least and the greatest of some values, each in a form."""
    return f"{min(values):{form}}-{max(values):{form}}"
