"""The context of an actor: the frame's lines that fit a budget.

First comes what does not depend on history or day, so that a prompt's cache can keep it; then the day and the dates
that matter on it; then the latest turns. Each takes what it needs of what those before it left.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from service.personalization.context import frame
from service.personalization.context.counting import Counter
from service.personalization.context.days import Day, occasions
from service.personalization.context.fitting import Page
from service.personalization.context.frame import Line, Turn

MIN_BUDGET = 64
MAX_BUDGET = 32_768
NOTE_SHARE = 4
"""The note is part of a context of at least this many times its own length."""
_LIKELY_CHARACTERS = 3
"""Characters of an ordinary text for which a token of the budget suffices: it only decides what is tried first."""
KINDS = ("names", "pronoun", "gender", "preferences", "dates", "history")


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of an actor besides the history.

    Attributes:
        profile: the profile as get-profile answers it, None when nobody knows the actor.
        preferences: the value of each preference by its type.

    """

    profile: Mapping[str, Any] | None
    preferences: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Context:
    """A context.

    Attributes:
        text: the text for the prompt.
        size: how long the whole text is, by the counter.
        stable_bytes: how many bytes of UTF-8 at its beginning depend on neither history nor day.
        turns: how many turns of the conversation are in it.
        left_out: the kinds of which something had no room, of `names`, `pronoun`, `gender`, `preferences`, `dates`
            and `history`, in this order.

    """

    text: str
    size: int
    stable_bytes: int
    turns: int
    left_out: tuple[str, ...]


class Contexts:
    """Contexts by a counter."""

    def __init__(self, counter: Counter) -> None:
        self.counter = counter
        self._note_size = counter.count(frame.NOTE)

    def assemble(self, known: Known, day: Day, history: Iterable[Turn], budget: int) -> Context:
        """Assemble a context.

        Args:
            known: what is known of the actor.
            day: the day that it is for.
            history: the turns of the conversation, the newest first; read only as far as the budget may reach.
            budget: the most that the text may have by the counter, MIN_BUDGET to MAX_BUDGET.

        """
        note = frame.NOTE if self._note_size * NOTE_SHARE <= budget else ""
        actor = list(frame.actor_lines(known.profile, known.preferences))
        heading = frame.day_line(day)
        dates = [frame.occasion_line(found) for found in occasions((known.profile or {}).get("dates", ()), day.date)]
        turns = _Turns(frame.turn_line(turn) for turn in history)

        # Most often all that is known fits, and then it is counted once.
        if turns.end_within(budget * _LIKELY_CHARACTERS):
            stable = frame.ACTOR + note + _joined(actor)
            text = stable + heading + _joined(dates) + turns.whole()
            if (size := self.counter.count(text)) <= budget:
                return Context(text, size, len(stable.encode()), len(turns.read), ())

        room = budget
        while True:
            page = Page(self.counter, room)
            page.add_actor(note, actor)
            page.add_dates(heading, dates)
            page.add_turns(turns)
            text = page.stable + page.changing
            if (size := self.counter.count(text)) <= budget:
                left_out = tuple(kind for kind in KINDS if kind in page.left_out)
                return Context(text, size, len(page.stable.encode()), page.turns, left_out)
            # The lines add up with the counters that there are; the budget holds with any other one too.
            room -= size - budget


class _Turns:
    """The lines of a history, the newest first, read once and no further than they are asked for."""

    def __init__(self, lines: Iterator[str]) -> None:
        self.read: list[str] = []
        self._rest = lines

    def __iter__(self) -> Iterator[str]:
        yield from self.read
        for line in self._rest:
            self.read.append(line)
            yield line

    def end_within(self, length: int) -> bool:
        """Return whether the lines are together no longer than this."""
        for line in self:
            length -= len(line)
            if length < 0:
                return False
        return True

    def whole(self) -> str:
        """Return the lines that were read, the oldest first, below their heading."""
        return frame.HISTORY + "".join(reversed(self.read)) if self.read else ""


def _joined(lines: Iterable[Line]) -> str:
    return "".join(line.text for line in lines)
