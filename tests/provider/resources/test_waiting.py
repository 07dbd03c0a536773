from __future__ import annotations

from typing import Any

import pytest

from provider.framework.diagnostics import Failure
from provider.framework.resource import Stop
from provider.resources.waiting import Condition, conditions, time_limit, value_at, wait
from tama.catalog.declaration import Settling
from tama.client.errors import Unreachable, response_error

SETTLING = Settling("state", good=("done",), bad=("failed",))
DONE = Condition("state", ["done"])


class Clock(Stop):
    """Time that passes by waiting alone."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.pauses: list[float] = []

    def wait(self, seconds: float) -> bool:
        self.now += seconds
        self.pauses.append(seconds)
        return super().wait(0)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("provider.resources.waiting.monotonic", lambda: clock.now)
    return clock


def run(clock: Clock, answers: list[Any], *wanted: Condition, limit: float = 100) -> str:
    """Wait through these answers, the last for ever, and return the error."""

    def poll(_seconds: float) -> dict[str, Any]:
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(answer, Exception):
            raise answer
        return {"state": answer} if isinstance(answer, str) else dict(answer)

    try:
        wait(list(wanted or (DONE,)), poll, None, settling=SETTLING, limit=limit, stop=clock)
    except Failure as failure:
        return failure.diagnostics[0].detail
    return ""


def test_the_first_poll_is_at_once_and_the_intervals_grow_to_five_seconds(clock: Clock) -> None:
    assert run(clock, ["pending"] * 20 + ["done"]) == ""
    assert clock.pauses[:3] == pytest.approx([0, 0.1, 0.15])
    assert clock.pauses == sorted(clock.pauses)
    assert clock.pauses[-1] == 5


def test_the_time_is_a_bound(clock: Clock) -> None:
    text = run(clock, ["pending"], limit=7)
    assert "timeout waiting for conditions after 7 s. state is pending, accepted: done." in text
    assert clock.now == pytest.approx(7)


def test_trouble_is_tolerated_until_the_time_is_over(clock: Clock) -> None:
    assert run(clock, [Unreachable("gone"), response_error(500), "pending", "done"]) == ""
    assert "The last attempt to read it failed: gone" in run(clock, [Unreachable("gone")], limit=2)


def test_what_is_no_trouble_ends_it(clock: Clock) -> None:
    assert "failed to get resource: API error 404" in run(clock, [response_error(404, {"detail": "x"}), "done"])
    assert "failed to get resource: API error 403" in run(clock, [response_error(403, {"detail": "x"}), "done"])


def test_a_final_state_ends_it_with_its_reason(clock: Clock) -> None:
    text = run(clock, ["pending", {"state": "failed", "reason": "no paths"}])
    assert "state is failed, which is final and not accepted (accepted: done). Reason: no paths" in text


def test_a_good_state_that_is_not_accepted_ends_it_too(clock: Clock) -> None:
    assert "state is done, which is final" in run(clock, ["done"], Condition("state", ["failed"]))


def test_a_final_state_that_is_accepted_does_not_end_the_wait_for_another_field(clock: Clock) -> None:
    answers = [{"state": "done", "other": 1}, {"state": "done", "other": 2}]
    assert run(clock, answers, DONE, Condition("other", ["2"])) == ""


def test_a_field_that_an_object_in_its_final_state_lacks_ends_it(clock: Clock) -> None:
    text = run(clock, ["pending", {"state": "done", "id": "1"}], DONE, Condition("sate.reason", ["done"]))
    assert "the object has no field sate. It has: id, state." in text


def test_a_stop_ends_it(clock: Clock) -> None:
    clock.set()
    assert "interrupted" in run(clock, ["pending"])


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("a.b", "x"),
        ("a.list.1", "2"),
        ("a.yes", "true"),
        ("a.none", None),
        ("a.list.9", None),
        ("nowhere.b", None),
        ("a", None),
    ],
)
def test_a_path_leads_into_the_response(path: str, value: str | None) -> None:
    assert value_at({"a": {"b": "x", "list": [1, 2], "yes": True, "none": None}}, path) == value


def test_all_blocks_and_fields_are_conditions() -> None:
    block = {"field": [{"name": "a", "in": ["1"]}, {"name": "b", "in": ["2"]}]}
    assert [(each.name, each.accepted) for each in conditions([block, block])] == [("a", ["1"]), ("b", ["2"])] * 2


@pytest.mark.parametrize(
    ("timeouts", "expected"),
    [(None, 600), ({"create": None, "update": "1s"}, 600), ({"create": "1m30s", "update": None}, 90)],
)
def test_timeouts_bound_it(timeouts: Any, expected: float) -> None:
    assert time_limit(timeouts, "create") == expected
