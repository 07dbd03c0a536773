"""Several calls at once."""

from __future__ import annotations

from threading import Barrier, Event

import pytest

from provider.resources.at_once import at_once

THREADS = 10  # as many as Terraform asks for at once


def test_calls_run_at_once_and_results_keep_their_order() -> None:
    all_run = Barrier(THREADS)

    def work(item: int) -> int:
        all_run.wait(timeout=30)
        return item * 2

    assert at_once(work, range(3 * THREADS)) == [item * 2 for item in range(3 * THREADS)]
    assert at_once(work, []) == []


def test_what_fails_is_raised_and_nothing_is_begun_after_it() -> None:
    all_run, is_raised, is_late = Barrier(THREADS), Event(), Event()

    def work(item: int) -> None:
        if item >= THREADS:
            is_late.set()
            return
        all_run.wait(timeout=30)
        if item == 0:
            raise LookupError("gone")
        is_raised.wait(timeout=30)

    with pytest.raises(LookupError, match="gone"):
        at_once(work, range(3 * THREADS))
    is_raised.set()
    assert not is_late.wait(timeout=0.2)
