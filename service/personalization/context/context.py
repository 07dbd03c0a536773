"""The context of an actor: the frame's lines that fit a budget.

First comes what does not depend on history or day, so that a prompt's cache can keep it; then the day and the dates
that matter on it; then the latest turns. Each takes what it needs of what those before it left.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from service.personalization.context import frame
from service.personalization.context.counting import Counter
from service.personalization.context.days import Day, occasions
from service.personalization.context.fitting import Page
from service.personalization.context.frame import Turn
from service.personalization.context.sizes import Sizes

MIN_BUDGET = 64
MAX_BUDGET = 32_768
NOTE_SHARE = 4
"""The note is part of a context of at least this many times its own length."""
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
        self._size = Sizes(counter.count).of

    def assemble(self, known: Known, day: Day, history: Iterable[Turn], budget: int) -> Context:
        """Assemble a context.

        Args:
            known: what is known of the actor.
            day: the day that it is for.
            history: the turns of the conversation, the newest first; read only as far as the budget may reach.
            budget: the most that the text may have by the counter, MIN_BUDGET to MAX_BUDGET.

        """
        note = frame.NOTE if self._size(frame.NOTE) * NOTE_SHARE <= budget else ""
        dates = known.profile["dates"] if known.profile else ()
        page = Page(self._size, budget)
        page.add_actor(note, list(frame.actor_lines(known.profile, known.preferences)))
        page.add_dates(frame.day_line(day), map(frame.occasion_line, occasions(dates, day.date)))
        page.add_turns(map(self._turn, history))
        return Context(
            page.stable + page.changing,
            budget - page.room,
            len(page.stable.encode()),
            page.turns,
            tuple(kind for kind in KINDS if kind in page.left_out),
        )

    def _turn(self, turn: Turn) -> tuple[str, int]:
        line = frame.turn_line(turn)
        return line, self._size(line)
