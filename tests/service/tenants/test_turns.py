"""Who may have an export sent, and what becomes of one that nobody reads."""

import pytest

from service.personalization.tenants.turns import MAX_TURNS, STALL_S, LostTurnError, Turns
from service.refusal import Refused
from tests.service.clock import Clock


@pytest.fixture
def turns(clock: Clock) -> Turns:
    return Turns(clock)


def is_refused(turns: Turns, tenant: str) -> bool:
    try:
        turns.take(tenant)
    except Refused as refused:
        return refused.code == "rate_limited" and refused.retry_after is not None
    return False


def test_a_few_tenants_have_one_turn_each(turns: Turns) -> None:
    taken = [turns.take(f"t{number}") for number in range(MAX_TURNS)]
    assert is_refused(turns, "t0")
    assert is_refused(turns, "other")
    turns.give_back("t0", taken[0])
    assert not is_refused(turns, "other")
    assert is_refused(turns, "t0")


def test_a_turn_lasts_as_long_as_it_makes_progress(turns: Turns, clock: Clock) -> None:
    pieces = turns.kept("t", turns.take("t"), iter([b"1", b"2", b"3"]))
    for piece in (b"1", b"2", b"3"):
        clock.now += STALL_S - 1
        assert is_refused(turns, "t")
        assert next(pieces) == piece


def test_a_turn_without_progress_is_taken_over_and_its_export_ends(turns: Turns, clock: Clock) -> None:
    first = turns.take("t")
    pieces = turns.kept("t", first, iter([b"1", b"2"]))
    assert next(pieces) == b"1"
    clock.now += STALL_S
    second = turns.take("t")
    with pytest.raises(LostTurnError):
        next(pieces)
    turns.give_back("t", first)
    assert is_refused(turns, "t"), "the second turn is not the first one's to give back"
    turns.give_back("t", second)
    assert not is_refused(turns, "t")


def test_a_turn_without_progress_that_nobody_wants_goes_on(turns: Turns, clock: Clock) -> None:
    pieces = turns.kept("t", turns.take("t"), iter([b"1", b"2"]))
    clock.now += 100 * STALL_S
    assert list(pieces) == [b"1", b"2"]


def test_stalled_turns_of_others_make_room(turns: Turns, clock: Clock) -> None:
    for number in range(MAX_TURNS):
        turns.take(f"t{number}")
    clock.now += STALL_S
    assert not is_refused(turns, "other")
