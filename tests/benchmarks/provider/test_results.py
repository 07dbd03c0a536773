from __future__ import annotations

import pytest

from benchmarks.provider.growth import Grown
from benchmarks.provider.main import measure
from benchmarks.provider.results import (
    BARE,
    EMBEDDED,
    GRAPH,
    MANY,
    ONE,
    OURS,
    UNWAITED,
    Measured,
    Subject,
    goals,
    growth_table,
    timings_table,
)
from benchmarks.provider.terraform import COMMANDS, Timing

THEIRS = "theirs"


def timings(*seconds: float) -> list[Timing]:
    return [Timing(each, each / 2) for each in seconds]


def grown(resources: int, core_seconds: float, megabytes: int) -> Grown:
    return Grown(resources, 9.0, 5.0, core_seconds, megabytes * 1_000_000)


def test_a_cell_is_the_median_and_its_ratio_to_no_provider() -> None:
    measured: Measured = {
        Subject("launch", "to handshake", OURS): timings(0.014),
        Subject(BARE, "plan", BARE): timings(0.050, 0.040, 0.900),
        Subject(ONE, "plan", OURS): timings(0.2, 0.1, 0.3),
        Subject(ONE, "plan", THEIRS): timings(1.5, 1.5, 1.5),
    }
    assert list(timings_table(measured, [BARE, OURS, EMBEDDED, THEIRS])) == [
        "| what | command | rounds | no provider | memovee/tama | memovee/tama, embedded | theirs |",
        "|---|---|---|---|---|---|---|",
        "| launch | to handshake | 1 |  | 14 |  |  |",
        "| no provider | plan | 3 | 50 |  |  |  |",
        "| 1 space | plan | 3 |  | 200 (4.0) |  | 1,500 (30.0) |",
    ]


def test_what_grows_is_told_by_space() -> None:
    assert list(growth_table([grown(100, 0.25, 21), grown(5_000, 5.0, 149)]))[2:] == [
        "| 100 | 9.0 | 5.0 | 0.2 | 2.50 | 21 |",
        "| 5,000 | 9.0 | 5.0 | 5.0 | 1.00 | 149 |",
    ]


def verdicts(measured: Measured, sizes: list[Grown], beside: str | None) -> dict[str, str]:
    lines = [line.strip("| ").split(" | ") for line in list(goals(measured, sizes, beside))[2:]]
    return {line[0]: " ".join(line[2:]).strip(" |") for line in lines}


def test_every_command_is_to_be_as_fast_as_that_of_the_other_provider() -> None:
    measured: Measured = {
        Subject(scene, command, contender): timings(*((0.3, 0.1) if contender == OURS else (0.2, 0.1)))
        for scene in (ONE, MANY)
        for command in COMMANDS
        for contender in (OURS, THEIRS)
    }
    found = verdicts(measured, [], THEIRS)
    rows = [f"{command}, {scene}: memovee/tama / theirs" for scene in (ONE, MANY) for command in COMMANDS]
    assert [*found][:8] == rows
    assert {found[row] for row in rows} == {"1.25 1.00-1.50 1.25 missed"}
    measured = {subject: each[1:] for subject, each in measured.items()}
    assert verdicts(measured, [], THEIRS)[rows[0]] == "1.00 1.00-1.00 1.00 met"


@pytest.mark.parametrize(("seconds", "verdict"), [(0.5384, "0.10 0.10-0.10 met"), (0.6, "0.11 0.11-0.11 missed")])
def test_what_is_waited_for_from_the_start_is_not_waited_for(seconds: float, verdict: str) -> None:
    measured: Measured = {
        Subject(GRAPH, "apply", OURS): timings(seconds),
        Subject(UNWAITED, "apply", OURS): timings(seconds / 1.2),
    }
    found = verdicts(measured, [], None)
    assert found["apply, the graph with what it waits for / without waits"] == "1.20 1.20-1.20 1.20 missed"
    row = next(row for row in found if row.endswith("5,384 ms"))
    assert " ".join(found[row].replace("|", "").split()) == verdict


@pytest.mark.parametrize(
    ("core_seconds", "megabytes", "expected"), [(6.0, 150, ["met", "met"]), (6.1, 151, ["missed", "missed"])]
)
def test_time_grows_in_proportion_and_memory_is_bounded(
    core_seconds: float, megabytes: int, expected: list[str]
) -> None:
    found = verdicts({}, [grown(100, 9, 1), grown(1_000, 1.0, 20), grown(5_000, core_seconds, megabytes)], None)
    assert [text.split()[-1] for text in found.values()][-2:] == expected


def test_what_was_not_measured_is_said_so() -> None:
    found = verdicts({}, [grown(100, 0.2, 20)], None)
    assert set(found.values()) == {"not measured"}
    assert len(found) == 13


@pytest.mark.parametrize("warm_up", [True, False])
def test_each_command_is_run_with_one_contender_after_the_other_and_every_other_round_in_reverse(warm_up: bool) -> None:
    run: list[str] = []

    def case(name: str) -> Timing:
        run.append(name)
        return Timing(float(len(run)), 0.0)

    subjects = [Subject("s", command, contender) for contender in ("a", "b") for command in ("plan", "apply")]
    measured = measure({s: lambda s=s: case(s.command[0] + s.contender) for s in subjects}, 2, warm_up=warm_up)  # type: ignore[misc]
    there, back = ["pa", "pb", "aa", "ab"], ["pb", "pa", "ab", "aa"]
    assert run == (there + back + there if warm_up else there + back)
    assert [len(each) for each in measured.values()] == [2] * 4
    first = [each[0].seconds for each in measured.values()]
    assert min(first) == (5.0 if warm_up else 1.0)
