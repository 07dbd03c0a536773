import os
import subprocess
import sys

import pytest

from benchmarks.processes import (
    Cores,
    Usage,
    choose_cores,
    cpu_seconds,
    family,
    other_work,
    resident_bytes,
    running_on,
    usage,
)
from benchmarks.service.load import Run


def run(**changes: object) -> Run:
    values: dict[str, object] = {
        "requests": 1_000,
        "failures": {},
        "seconds": 2.0,
        "client_share": 0.5,
        "server_share": 0.99,
    }
    return Run(**(values | changes))  # type: ignore[arg-type]


def test_rates_are_by_second_and_by_second_of_core_time() -> None:
    assert run().rate == 500
    assert run(server_share=0.5).core_rate == 1_000
    assert run(server_share=None).core_rate is None


@pytest.mark.parametrize(
    ("client", "server"), [(0.5, 0.99), (0.94, 0.2), (0.99, 0.99), (0.5, 0.1), (0.5, None), (0.0, 0.0)]
)
def test_a_run_counts_in_which_the_client_waited_for_the_server(client: float, server: float | None) -> None:
    assert run(client_share=client, server_share=server).why_void() is None


@pytest.mark.parametrize(("client", "server"), [(0.95, 0.94), (1.0, 0.2), (0.99, None)])
def test_a_run_is_void_in_which_the_server_waited_for_the_client(client: float, server: float | None) -> None:
    why = run(client_share=client, server_share=server).why_void()
    assert why is not None
    assert why.startswith("the client was the limit")
    assert f"{client:.0%}" in why


@pytest.mark.parametrize("failures", [{"status 500": 1}, {"warm-up: time-out": 3}])
def test_a_run_is_void_in_which_not_everything_was_answered_well(failures: dict[str, int]) -> None:
    why = run(failures=failures).why_void()
    assert why is not None
    assert str(failures) in why


def test_a_run_without_an_answer_is_void() -> None:
    assert run(requests=0).why_void() == "nothing was answered"


def test_what_is_started_on_a_core_stays_there() -> None:
    cores = choose_cores()
    if not hasattr(os, "sched_getaffinity") or len(os.sched_getaffinity(0)) == 1:
        assert cores == Cores()
        return
    before = os.sched_getaffinity(0)
    assert cores.client is not None
    assert {cores.client, cores.server} <= before
    assert cores.client != cores.server
    with running_on(cores.client):
        said = subprocess.run(
            [sys.executable, "-c", "import os; print(os.sched_getaffinity(0))"],
            capture_output=True,
            text=True,
            check=True,
        )
    assert said.stdout.strip() == str({cores.client})
    assert os.sched_getaffinity(0) == before


def test_nothing_is_pinned_where_nothing_can_be() -> None:
    with running_on(None):
        pass


def test_a_family_and_what_it_uses_are_seen() -> None:
    nested = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'print(1, flush=True); input()'])"
    with subprocess.Popen(
        [sys.executable, "-c", nested], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        seen = family(process.pid)
        assert seen[0] == process.pid
        if sys.platform == "linux":
            assert len(seen) == 2
            assert sum(cpu_seconds(seen).values()) > 0
            assert resident_bytes(seen[1]) > 1_000_000
        process.communicate("\n")
    assert cpu_seconds(seen) == {}
    assert resident_bytes(process.pid) == 0


def test_other_work_is_what_is_not_our_own() -> None:
    assert other_work(Usage(0.0, 100.0, 10.0), Usage(10.0, 115.0, 15.0), cores=2) == 0.5
    assert other_work(Usage(0.0, 100.0, 10.0), Usage(10.0, 101.0, 12.0), cores=2) == 0
    assert other_work(Usage(0.0, None, 10.0), Usage(10.0, None, 12.0), cores=2) is None


def test_what_a_child_used_is_our_own() -> None:
    before = usage()
    busy = "import time\nwhile time.process_time() < 0.2: pass"
    subprocess.run([sys.executable, "-c", busy], check=True)
    assert usage().own - before.own >= 0.2
