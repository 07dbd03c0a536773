import pytest

from benchmarks.goals import Goal, goal_line, goals_table
from benchmarks.service.load import Run
from benchmarks.service.main import GOALS, memory_line
from benchmarks.service.results import Rounds, core_rates, rates, rates_table

FAST_ENOUGH = Goal("ours / theirs", "ours", "theirs", least=0.5)


def run(rate: int, share: float | None = 0.5) -> Run:
    return Run(rate, {}, 1.0, 0.1, share)


def test_rates_are_medians_with_their_spread() -> None:
    rounds = {"ours": [run(1_000), run(3_000), run(1_200)]}
    assert list(rates_table(rounds))[2:] == ["| ours | 1,200 | 1,000-3,000 | 2,400 |"]


def test_a_void_round_is_left_out_and_a_contender_without_any_is_void() -> None:
    rounds: Rounds = {"ours": [None, run(10)], "theirs": [None, None]}
    assert list(rates_table(rounds))[2:] == ["| ours | 10 | 10-10 | 20 |", "| theirs | void | | |"]
    assert list(goals_table([FAST_ENOUGH], rates(rounds), core_rates(rounds)))[2:] == [
        "| ours / theirs | at least 0.50 | not measured | | | |"
    ]


def test_core_time_that_is_not_known_is_not_shown() -> None:
    rounds = {"ours": [run(10, None)], "theirs": [run(10, None)]}
    assert list(rates_table(rounds))[2] == "| ours | 10 | 10-10 |  |"
    assert (
        list(goals_table([FAST_ENOUGH], rates(rounds), core_rates(rounds)))[2]
        == "| ours / theirs | at least 0.50 | 1.00 | 1.00-1.00 |  | met |"
    )


def test_a_ratio_is_taken_within_each_round() -> None:
    """Medians of each would be 2 and 3; the median of the ratios is 0.5."""
    rounds = {"ours": [run(1), run(2), run(30)], "theirs": [run(2), run(3), run(60)]}
    assert FAST_ENOUGH.ratios(rates(rounds)) == [0.5, 2 / 3, 0.5]
    line = goal_line(FAST_ENOUGH, FAST_ENOUGH.ratios(rates(rounds)), FAST_ENOUGH.ratios(core_rates(rounds)))
    assert line == "| ours / theirs | at least 0.50 | 0.50 | 0.50-0.67 | 0.50 | met |"


def test_a_round_counts_only_when_both_were_measured() -> None:
    rounds = {"ours": [run(1), None, run(3)], "theirs": [None, run(1), run(6)]}
    assert FAST_ENOUGH.ratios(rates(rounds)) == [0.5]


@pytest.mark.parametrize(
    ("goal", "ratio", "verdict"),
    [
        (FAST_ENOUGH, 0.5, "met"),
        (FAST_ENOUGH, 0.49, "missed"),
        (Goal("", "", "", most=1.3), 1.3, "met"),
        (Goal("", "", "", most=1.3), 1.31, "missed"),
    ],
)
def test_a_goal_is_met_or_missed(goal: Goal, ratio: float, verdict: str) -> None:
    assert goal_line(goal, [ratio]).endswith(f"| {verdict} |")


def test_the_goals_name_what_is_measured() -> None:
    wanted = {goal.what: goal.wanted for goal in GOALS}
    assert wanted == {
        "GET profile / bare view": "at least 0.85",
        "durable PUT profile / bare view": "at least 0.30",
        "GET context with 20 events, again / bare view": "at least 0.60",
        "GET context with 20 events, anew / bare view": "at least 0.60",
        "time of a GET profile / time of one in the small store": "at most 1.30",
        "GET profile / GET record of Kinto": "at least 6.00",
        "durable PUT profile / PUT record of Kinto, which keeps it in memory": "at least 5.00",
    }


@pytest.mark.parametrize(("size", "ratio", "verdict"), [(220, "1.10", "met"), (222, "1.11", "missed")])
def test_memory_may_grow_by_a_tenth(size: int, ratio: str, verdict: str) -> None:
    line = memory_line({10_000: 200_000_000, 1_000_000: size * 1_000_000})
    what = f"memory after 1,000,000 requests ({size} MB) / after 10,000 requests (200 MB)"
    assert line == f"| {what} | at most 1.10 | {ratio} | {ratio}-{ratio} |  | {verdict} |"


def test_memory_that_is_not_known_is_not_measured() -> None:
    assert memory_line({}) == "| memory | at most 1.10 | not measured | | | |"
