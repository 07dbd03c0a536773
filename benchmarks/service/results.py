"""What the rounds say of each contender: medians and spreads of its rates."""

from collections.abc import Iterator, Mapping, Sequence

from benchmarks.goals import Figures, median, spread
from benchmarks.service.load import Run

Rounds = Mapping[str, Sequence[Run | None]]
"""The run of each contender in each round; None stands for one that was void each time it was tried."""


def rates(rounds: Rounds) -> Figures:
    """Return the rate of each run."""
    return {contender: [run.rate if run else None for run in runs] for contender, runs in rounds.items()}


def core_rates(rounds: Rounds) -> Figures:
    """Return the rate by core time of each run of which it is known."""
    return {contender: [run.core_rate if run else None for run in runs] for contender, runs in rounds.items()}


def rates_table(rounds: Rounds) -> Iterator[str]:
    """Yield the lines of the table of the contenders."""
    yield "| contender | requests/s: median | slowest-fastest round | by second of core time |"
    yield "|---|---|---|---|"
    for contender, by_core in core_rates(rounds).items():
        measured = [rate for rate in rates(rounds)[contender] if rate]
        if not measured:
            yield f"| {contender} | void | | |"
            continue
        known = [rate for rate in by_core if rate]
        yield f"| {contender} | {median(measured, ',.0f')} | {spread(measured, ',.0f')} | {median(known, ',.0f')} |"
