from functools import partial

import pytest

from benchmarks.launch import OURS, measure, report


def test_every_contender_runs_once_a_round_and_once_before() -> None:
    calls: list[str] = []
    seconds = measure({name: partial(calls.append, name) for name in ("a", "b")}, 2)
    assert calls == ["a", "b"] * 3
    assert {name: len(values) for name, values in seconds.items()} == {"a": 2, "b": 2}


@pytest.mark.parametrize("rounds", [1, 3])
def test_ratios_are_those_of_the_medians(rounds: int, capsys: pytest.CaptureFixture[str]) -> None:
    report({f"start|{OURS}": [0.010] * rounds, "start|another": [0.025] * rounds})
    assert capsys.readouterr().out.splitlines()[2:] == [
        f"| start | {OURS} | 10.0 | 10.0 | 10.0-10.0 | 1.00 |",
        "| start | another | 25.0 | 25.0 | 25.0-25.0 | 2.50 |",
    ]
