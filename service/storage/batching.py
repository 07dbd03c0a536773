"""What comes while something is carried out is carried out next, together."""

import threading
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

_Asked = TypeVar("_Asked")
_Answer = TypeVar("_Answer")


class Batches(Generic[_Asked, _Answer]):
    """Carries out what several threads ask for, one batch after the other.

    There is no timer and no thread of its own: a lone caller waits for nobody, and of those who came while a batch was
    carried out the first carries out the next one, for all of them. So nobody waits longer than the one before takes
    and then as long as a call of its own might.

    Args:
        carry_out: returns the answer to each that it is given, in their order; None for one that it leaves undone.

    """

    def __init__(self, carry_out: Callable[[Sequence[_Asked]], Sequence[_Answer | None]]) -> None:
        self._carry_out = carry_out
        self._guard = threading.Lock()
        self._is_led = False
        self._queue: list[_Call[_Asked, _Answer]] = []

    def answer(self, asked: _Asked) -> _Answer | None:
        """Return the answer, None where it was left undone, as all of a batch is in which another thread failed.

        What `carry_out` raises is raised where it was called.
        """
        call = _Call[_Asked, _Answer](asked)
        with self._guard:
            self._queue.append(call)
            has_to_wait, self._is_led = self._is_led, True
        if has_to_wait:
            call.turn.acquire()
        if not call.is_over:
            self._lead()
        return call.answer

    def _lead(self) -> None:
        with self._guard:
            batch, self._queue = self._queue, []
        try:
            for call, answer in zip(batch, self._carry_out([call.asked for call in batch]), strict=True):
                call.answer = answer
        finally:
            with self._guard:
                self._is_led = bool(self._queue)
                if self._queue:
                    self._queue[0].turn.release()
            for call in batch:
                call.is_over = True
                call.turn.release()


class _Call(Generic[_Asked, _Answer]):
    """What one thread asks for.

    A lock is all that waiting takes; it is released once the call is over, or is the first of the next batch.
    """

    __slots__ = ("answer", "asked", "is_over", "turn")

    def __init__(self, asked: _Asked) -> None:
        self.asked = asked
        self.answer: _Answer | None = None
        self.is_over = False
        self.turn = threading.Lock()
        self.turn.acquire()
