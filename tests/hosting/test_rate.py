"""How often somebody may do something."""

import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from hosting.rate import MAX_KNOWN, RateLimit
from tests.service.clock import Clock


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_so_many_calls_at_once_are_let_through_and_then_so_many_a_second(clock: Clock) -> None:
    limit = RateLimit(2, 5, clock)
    assert [limit.take("t") for _ in range(7)] == [0] * 5 + [1] * 2
    clock.now += 0.4
    assert limit.take("t") == 1
    clock.now += 0.1
    assert [limit.take("t") for _ in range(2)] == [0, 1]
    clock.now += 1
    assert [limit.take("t") for _ in range(3)] == [0, 0, 1]
    clock.now += 1_000_000
    assert [limit.take("t") for _ in range(6)] == [0] * 5 + [1]


def test_in_the_long_run_no_more_calls_pass_than_the_rate_allows(clock: Clock) -> None:
    limit = RateLimit(3, 4, clock)
    passed = 0
    for _ in range(10_000):
        passed += not limit.take("t")
        clock.now += 1 / 64
    assert abs(passed - (4 + 3 * 10_000 / 64)) <= 1


def test_a_call_that_comes_after_the_seconds_that_were_said_is_let_through(clock: Clock) -> None:
    limit = RateLimit(1, 3, clock)
    for step in range(200):
        if seconds := limit.take("t"):
            clock.now += seconds
            assert limit.take("t") == 0
        clock.now += (step % 7) / 8


def test_a_refused_call_takes_nothing(clock: Clock) -> None:
    limit = RateLimit(1, 1, clock)
    assert limit.take("t") == 0
    for _ in range(100):
        assert limit.take("t") == 1
    clock.now += 1
    assert limit.take("t") == 0


def test_one_takes_nothing_from_another(clock: Clock) -> None:
    limit = RateLimit(1, 1, clock)
    assert [limit.take(tenant) for tenant in ("a", "b", "a", "c")] == [0, 0, 1, 0]


def test_what_is_kept_is_bounded_and_who_calls_is_not_forgotten(clock: Clock) -> None:
    limit = RateLimit(1, 1, clock)
    for number in range(MAX_KNOWN * 3):
        limit.take(f"tenant-{number}")
        assert limit.take("busy") == (1 if number else 0)
    assert len(limit._full_again) == MAX_KNOWN


def test_no_call_is_counted_twice_or_lost_between_threads(clock: Clock) -> None:
    limit = RateLimit(1, 500, clock)
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(8) as pool:
            outcomes = list(pool.map(lambda _: limit.take("t"), range(2_000)))
    finally:
        sys.setswitchinterval(interval)
    assert outcomes.count(0) == 500
