import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from service.storage.batching import Batches


class Slow:
    """What carries out numbers, whose first batch waits to be let go; it leaves those above 100 undone."""

    def __init__(self) -> None:
        self.batches: list[Sequence[int]] = []
        self.go = threading.Event()
        self.calls = Batches(self.carry_out)

    def carry_out(self, numbers: Sequence[int]) -> Sequence[int | None]:
        self.batches.append(numbers)
        if len(self.batches) == 1:
            assert self.go.wait(10)
        if -1 in numbers:
            raise KeyError("mine")
        return [None if number > 100 else number * 2 for number in numbers]

    def wait_for(self, queued: int) -> None:
        deadline = time.monotonic() + 10
        while len(self.calls._queue) < queued:
            assert time.monotonic() < deadline
            time.sleep(0.001)


@pytest.fixture
def slow() -> Slow:
    return Slow()


def test_a_lone_call_waits_for_nobody(slow: Slow) -> None:
    slow.go.set()
    assert [slow.calls.answer(number) for number in (1, 2, 101)] == [2, 4, None]
    assert slow.batches == [[1], [2], [101]]


def test_what_comes_while_a_batch_is_carried_out_is_the_next_one(slow: Slow) -> None:
    with ThreadPoolExecutor(4) as threads:
        answers = []
        for queued, number in enumerate((1, 2, 101, 3)):
            answers.append(threads.submit(slow.calls.answer, number))
            if queued == 0:
                while not slow.batches:
                    time.sleep(0.001)
            slow.wait_for(queued)
        slow.go.set()
        assert [answer.result(10) for answer in answers] == [2, 4, None, 6]
    assert slow.batches == [[1], [2, 101, 3]]


def test_what_is_raised_is_raised_once_and_the_others_are_left_undone(slow: Slow) -> None:
    with ThreadPoolExecutor(3) as threads:
        first = threads.submit(slow.calls.answer, 1)
        while not slow.batches:
            time.sleep(0.001)
        failing = threads.submit(slow.calls.answer, -1)
        slow.wait_for(1)
        beside = threads.submit(slow.calls.answer, 2)
        slow.wait_for(2)
        slow.go.set()
        assert first.result(10) == 2
        with pytest.raises(KeyError, match="mine"):
            failing.result(10)
        assert beside.result(10) is None
    assert slow.calls.answer(5) == 10


def test_each_of_many_is_answered_once(slow: Slow) -> None:
    slow.go.set()
    with ThreadPoolExecutor(16) as threads:
        answers = list(threads.map(lambda number: slow.calls.answer(number % 100), range(5_000)))
    assert answers == [number % 100 * 2 for number in range(5_000)]
    assert sorted(number for batch in slow.batches for number in batch) == sorted(n % 100 for n in range(5_000))
