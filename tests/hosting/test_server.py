"""How granian's workers are stopped."""

import os
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from hosting import server
from hosting.server import Server


class Worker:
    """A worker process whose end is seen at its sentinel, and nowhere else yet."""

    def __init__(self, sentinel: int) -> None:
        self.inner = SimpleNamespace(sentinel=sentinel)
        self.calls: list[str] = []

    def is_alive(self) -> bool:
        """Say that it is there."""
        return True

    def terminate(self) -> None:
        """Take the signal."""
        self.calls.append("terminate")

    def kill(self) -> None:
        """Take the other signal."""
        self.calls.append("kill")

    def join(self, timeout: float | None = None) -> None:
        """Wait."""
        self.calls.append(f"join {timeout}")


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    """The two ends of a pipe."""
    reader, writer = os.pipe()
    yield reader, writer
    os.close(reader)
    os.close(writer)


def stop(worker: Worker) -> None:
    with server.listen("127.0.0.1", 0) as listener:
        serving = Server("test", listener)
        workers: list[Any] = serving.wrks
        workers.append(worker)
        serving._stop_workers()
        assert serving.wrks == []


def test_a_worker_that_ended_is_not_killed_when_nobody_has_waited_for_it_yet(pipe: tuple[int, int]) -> None:
    reader, writer = pipe
    os.write(writer, b"x")
    worker = Worker(reader)
    stop(worker)
    assert worker.calls == ["terminate", "join None"]


def test_a_worker_that_does_not_stop_in_time_is_killed(pipe: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "STOP_TIMEOUT_S", 0.01)
    worker = Worker(pipe[0])
    stop(worker)
    assert worker.calls == ["terminate", "kill", "join None"]
