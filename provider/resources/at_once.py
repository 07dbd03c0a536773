"""Several calls at once, each of which waits for the network."""

from __future__ import annotations

from _queue import SimpleQueue
from _thread import start_new_thread

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any, TypeVar

    Item = TypeVar("Item")
    Result = TypeVar("Result")

_THREADS = 10
"""As many as Terraform itself asks for at once, and as a client has connections, when nothing else is said."""


def at_once(work: Callable[[Item], Result], items: Sequence[Item]) -> list[Result]:
    """Return what a function makes of each item, in their order. `concurrent.futures` would cost 7 ms.

    Raises:
        BaseException: what a call raised first; those that had not begun by then never do.
    """
    waiting = list(enumerate(items))[::-1]
    done: SimpleQueue[tuple[int, Result | None, BaseException | None]] = SimpleQueue()

    def run() -> None:
        while waiting:
            try:
                index, item = waiting.pop()
            except IndexError:  # another thread took the last one
                return
            try:
                done.put((index, work(item), None))
            except BaseException as failure:  # noqa: BLE001 - the caller waits for it, whatever it is
                waiting.clear()
                done.put((index, None, failure))

    for _ in range(min(_THREADS, len(items))):
        start_new_thread(run, ())
    results: dict[int, Any] = {}
    for _ in items:
        index, result, failure = done.get()
        if failure is not None:
            raise failure
        results[index] = result
    return [results[index] for index in range(len(items))]
