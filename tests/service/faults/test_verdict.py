"""The verdict on what a service kept names what is wrong, and nothing else."""

from collections.abc import Sequence
from typing import Any

import pytest

from tests.service.faults.calls import APPEND, PREFERENCE, PROFILE, REMOVE, Call
from tests.service.faults.verdict import Kept, faults

NAMES = [{"group": "real", "index": 0, "value": "Ana"}]
NOBODY = {"names": NAMES, "dates": [], "gender": "other", "pronoun": "other"}


def merge(body: Any, version: int, answer: Any, begun: int, *, method: str = "PUT", match: int | None = None) -> Call:
    headers = {} if match is None else {"If-Match": f'"life.{match}"'}
    return Call(0, "a", PROFILE, method, "", body, headers, begun, begun + 1, 200, f'"life.{version}"', answer)


def told(**fields: Any) -> dict[str, Any]:
    return {**NOBODY, **fields}


FIRST = merge({"names": NAMES}, 1, NOBODY, 1)
FEMALE = merge({"gender": "female"}, 2, told(gender="female"), 3)
BOTH = merge({"pronoun": "she/her"}, 3, told(gender="female", pronoun="she/her"), 5)


def verdict(calls: Sequence[Call], version: int, content: Any) -> list[str]:
    return faults(calls, {"a": Kept({"": (version, content)}, [])})


def test_what_was_merged_one_after_the_other_is_in_order() -> None:
    assert verdict([FIRST, FEMALE, BOTH], 3, BOTH.answer) == []


def test_calls_that_change_nothing_make_no_version() -> None:
    again = merge({"gender": "female"}, 3, BOTH.answer, 7)
    assert verdict([FIRST, FEMALE, BOTH, again], 3, BOTH.answer) == []


@pytest.mark.parametrize(
    ("calls", "version", "content"),
    [
        pytest.param([FIRST, FEMALE], 1, NOBODY, id="what was acknowledged is gone"),
        pytest.param([FIRST, FEMALE], 2, told(pronoun="she/her"), id="it was overwritten under the same version"),
        pytest.param([FIRST, FEMALE], 3, told(gender="female"), id="a version that nobody made"),
        pytest.param(
            [FIRST, FEMALE, merge({"pronoun": "she/her"}, 3, told(pronoun="she/her"), 5)],
            3,
            told(pronoun="she/her"),
            id="an update was lost",
        ),
        pytest.param([FIRST, merge({"gender": "female"}, 2, NOBODY, 3)], 2, NOBODY, id="an answer without the change"),
        pytest.param(
            [FIRST, merge({"gender": "female"}, 2, FEMALE.answer, 9), merge(BOTH.body, 3, BOTH.answer, 5)],
            3,
            BOTH.answer,
            id="a later call came before an earlier one",
        ),
        pytest.param(
            [FIRST, FEMALE, merge({"dates": []}, 3, FEMALE.answer, 5, method="PATCH", match=1)],
            3,
            FEMALE.answer,
            id="a precondition was passed over",
        ),
    ],
)
def test_versions_that_do_not_follow_from_the_calls_are_named(calls: list[Call], version: int, content: Any) -> None:
    assert verdict(calls, version, content)


def test_a_call_without_an_answer_was_carried_out_or_was_not_and_at_most_once() -> None:
    unknown = Call(1, "a", PROFILE, "PUT", "", {"gender": "female"}, begun=2)
    after = merge({"pronoun": "she/her"}, 3, BOTH.answer, 7)
    assert verdict([FIRST, unknown], 1, NOBODY) == []
    assert verdict([FIRST, unknown], 2, FEMALE.answer) == []
    assert verdict([FIRST, unknown, after], 3, BOTH.answer) == []
    male = merge({"gender": "male"}, 3, told(gender="male"), 5)
    assert verdict([FIRST, unknown, male], 4, FEMALE.answer) == ["a: profile: no call makes version 4 of version 3"]


def test_a_preference_that_is_not_there_is_named() -> None:
    body = {"type": "theme", "value": "dark"}
    call = Call(0, "a", PREFERENCE, "PUT", "/preferences/theme", body, {}, 1, 2, 201, '"life.1"', body)
    assert faults([call], {"a": Kept({"/preferences/theme": (1, body)}, [])}) == []
    assert faults([call], {"a": Kept({}, [])}) == ["a: /preferences/theme: acknowledged, and not there"]


def append(begun: int, *contents: str, is_known: bool = True) -> Call:
    body = {"events": [{"role": "user", "content": content} for content in contents]}
    call = Call(0, "a", APPEND, "POST", "/history", body, {}, begun)
    if is_known:
        call.ended, call.status = begun + 1, 201
        call.answer = {"events": [{"event_id": f"id-{content}"} for content in contents]}
    return call


def remove(content: str, begun: int, ended: int | None) -> Call:
    status = 204 if ended else 0
    return Call(0, "a", REMOVE, "DELETE", f"/history/id-{content}", None, {}, begun, ended, status)


ONE, TWO = append(1, "1"), append(3, "2", "3")


def history(calls: Sequence[Call], *contents: str) -> list[str]:
    events = [{"content": content, "event_id": f"id-{content}"} for content in contents]
    return faults(calls, {"a": Kept({}, events)})


def test_events_in_their_order_are_as_they_should_be() -> None:
    assert history([ONE, TWO], "1", "2", "3") == []
    assert history([ONE, TWO, remove("2", 5, 6)], "1", "3") == []


@pytest.mark.parametrize("contents", ["12", "13", "23", "1", "123 3", "132", "213", "231", "1234", ""])
def test_events_that_are_missing_surplus_twice_or_elsewhere_are_named(contents: str) -> None:
    assert history([ONE, TWO], *contents.replace(" ", ""))


def test_an_event_that_was_deleted_and_is_there_is_named() -> None:
    assert history([ONE, remove("1", 5, 6)], "1")


def test_events_of_a_call_without_an_answer_are_all_there_or_none() -> None:
    unknown = append(3, "2", "3", is_known=False)
    assert history([ONE, unknown], "1") == []
    assert history([ONE, unknown], "1", "2", "3") == []
    assert history([ONE, unknown], "1", "2")


def test_an_event_whose_deletion_was_not_answered_may_be_there() -> None:
    deletion = remove("1", 5, None)
    assert history([ONE, deletion], "1") == history([ONE, deletion]) == []
