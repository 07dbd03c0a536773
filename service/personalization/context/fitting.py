"""Which lines of a context fit, when not all of them do.

The lines of the actor are taken in their order, each that still fits, so that one long name displaces no pronoun.
Dates end with the first that does not fit, and so do turns, the newest first: a newer one is never left out for an
older one.
"""

from collections.abc import Iterable, Sequence

from service.personalization.context import frame
from service.personalization.context.counting import Counter
from service.personalization.context.frame import Line


class Page:
    """A text that is filled up to a length; it relies on the lines adding up, as the counters say.

    Attributes:
        stable: what depends on neither history nor day.
        changing: what follows it.
        turns: how many turns are in it.
        left_out: the kinds of the lines that had no room.

    Args:
        counter: what lengths are counted by.
        room: how long the text may be.

    """

    def __init__(self, counter: Counter, room: int) -> None:
        self.stable = self.changing = ""
        self.turns = 0
        self.left_out: set[str] = set()
        self._count = counter.count
        self._room = room

    def add_actor(self, note: str, lines: Sequence[Line]) -> None:
        """Add what is known of the actor, as far as it fits."""
        whole = f"{frame.ACTOR}{note}{''.join(line.text for line in lines)}"
        if self._take(whole):
            self.stable = whole
            return
        self.stable = frame.ACTOR_IN_PART + note
        self._take(self.stable)
        for line in lines:
            if self._take(line.text):
                self.stable += line.text
            else:
                self.left_out.add(line.kind)

    def add_dates(self, day: str, lines: Iterable[Line]) -> None:
        """Add the day and the dates that matter on it, as far as they fit."""
        for line in (Line("dates", day), *lines):
            if not self._take(line.text):
                self.left_out.add(line.kind)
                return
            self.changing += line.text

    def add_turns(self, lines: Iterable[str]) -> None:
        """Add the turns, which come the newest first, as far as they fit."""
        taken: list[str] = []
        room = self._room - self._count(frame.HISTORY)
        heading = frame.HISTORY
        for line in lines:
            size = self._count(line)
            if size > room:
                self.left_out.add("history")
                heading = frame.HISTORY_IN_PART
                room -= self._count(frame.HISTORY_IN_PART) - self._count(frame.HISTORY)
                break
            taken.append(line)
            room -= size
        while taken and room < 0:
            room += self._count(taken.pop())
        self.turns = len(taken)
        if taken:
            self.changing += heading + "".join(reversed(taken))
        elif "history" in self.left_out and self._take(frame.HISTORY_LEFT_OUT):
            self.changing += frame.HISTORY_LEFT_OUT

    def _take(self, text: str) -> bool:
        size = self._count(text)
        if size > self._room:
            return False
        self._room -= size
        return True
