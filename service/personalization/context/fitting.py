"""Which lines of a context fit, when not all of them do.

The lines of the actor are taken in their order, each that still fits, so that one long name displaces no pronoun.
Dates end with the first that does not fit, and so do turns, the newest first: a newer one is never left out for an
older one.
"""

from collections.abc import Callable, Iterable, Sequence

from service.personalization.context import frame
from service.personalization.context.frame import Line


class Page:
    """A text that is filled with whole lines up to a length.

    Attributes:
        stable: what depends on neither history nor day.
        changing: what follows it.
        room: how much longer the text may become.
        turns: how many turns are in it.
        left_out: the kinds of the lines that had no room.

    Args:
        size: what a line's length is.
        room: how long the text may be.

    """

    def __init__(self, size: Callable[[str], int], room: int) -> None:
        self.stable = self.changing = ""
        self.room = room
        self.turns = 0
        self.left_out: set[str] = set()
        self._size = size

    def add_actor(self, note: str, lines: Sequence[Line]) -> None:
        """Add what is known of the actor, as far as it fits."""
        sizes = [self._size(line.text) for line in lines]
        is_whole = self._size(frame.ACTOR) + self._size(note) + sum(sizes) <= self.room
        heading = frame.ACTOR if is_whole else frame.ACTOR_IN_PART
        self.room -= self._size(heading) + self._size(note)
        taken = [heading, note]
        for line, size in zip(lines, sizes, strict=True):
            if size <= self.room:
                self.room -= size
                taken.append(line.text)
            else:
                self.left_out.add(line.kind)
        self.stable = "".join(taken)

    def add_dates(self, day: str, lines: Iterable[Line]) -> None:
        """Add the day and the dates that matter on it, as far as they fit."""
        for line in (Line("dates", day), *lines):
            size = self._size(line.text)
            if size > self.room:
                self.left_out.add(line.kind)
                return
            self.room -= size
            self.changing += line.text

    def add_turns(self, lines: Iterable[tuple[str, int]]) -> None:
        """Add the turns, which come the newest first with their sizes, as far as they fit."""
        taken: list[tuple[str, int]] = []
        heading = frame.HISTORY
        room = self.room - self._size(heading)
        for line, size in lines:
            if size > room:
                self.left_out.add("history")
                room += self._size(heading)
                heading = frame.HISTORY_IN_PART
                room -= self._size(heading)
                break
            room -= size
            taken.append((line, size))
        # The heading that says that turns are missing is the longer one.
        while taken and room < 0:
            room += taken.pop()[1]
        if not taken:
            heading = frame.HISTORY_LEFT_OUT if "history" in self.left_out else ""
            room = self.room - self._size(heading)
        if room >= 0:
            self.room = room
            self.turns = len(taken)
            self.changing += heading + "".join(line for line, _ in reversed(taken))
