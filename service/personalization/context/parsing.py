"""The way back: what a context says, read from its text.

It reads exactly what the frame writes. That a text with any strings of an actor in it is read back to these strings is
the proof that none of them can leave its place.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date

from service.personalization.context import frame
from service.personalization.context.days import Day, Occasion
from service.personalization.context.frame import Turn

_DATE = r"\d{4}-\d\d-\d\d"
_QUOTED = r'"(?:[^"\\]|\\.)*"'
_NAME = re.compile(rf"- ({frame.CALLABLE}|{frame.CALLED_BY_REAL_NAME}|{frame.REAL_NAME}): ({_QUOTED})", re.ASCII)
_STATED = re.compile(r"- (pronoun|gender): ([a-z/]+)")
_PREFERENCE = re.compile(r"- preference ([A-Za-z0-9._:-]+): (.+)")
_DAY = re.compile(rf"# Date: ({_DATE})(?: in (UTC|{_QUOTED}))?", re.ASCII)
_WHEN = r"today|tomorrow|yesterday|in \d+ days|\d+ days ago"
_OCCASION = re.compile(rf"- ({_WHEN}): ([a-z ]+)(?:, (\d+) years? since)? ({_DATE})", re.ASCII)
_TURN = re.compile(rf"- (user|assistant|tool)(?: at ([0-9TtZz:.+-]+))?: ({_QUOTED})", re.ASCII)
_SIGNIFICANCES = {words: key for table in (frame.EVENTS, frame.ANNIVERSARIES) for key, words in table.items()}
_DAYS = {"today": 0, "tomorrow": 1, "yesterday": -1}


class NotAContextError(ValueError):
    """A text is not a context; the message names the line."""


@dataclass(slots=True)
class Parsed:
    """What a context says.

    Attributes:
        known: whether there is a profile of the actor.
        actor_in_part: whether something of the actor had no room.
        names: group and value of each name, in order.
        pronoun: the pronoun, None when it was not stated.
        gender: the gender, None when it was not stated.
        preferences: the value of each preference by its type.
        day: the day that the context is for, None when it had no room.
        occasions: the dates that matter on it.
        turns: the turns of the conversation, the oldest first.
        turns_in_part: whether turns had no room.

    """

    known: bool = True
    actor_in_part: bool = False
    names: list[tuple[str, str]] = field(default_factory=list)
    pronoun: str | None = None
    gender: str | None = None
    preferences: dict[str, object] = field(default_factory=dict)
    day: Day | None = None
    occasions: list[Occasion] = field(default_factory=list)
    turns: list[Turn] = field(default_factory=list)
    turns_in_part: bool = False


_Reader = Callable[[Parsed, str], bool]


def parse(text: str) -> Parsed:
    """Read a context.

    Raises:
        NotAContextError: the text has a line that the frame does not have at its place.

    """
    # Not `splitlines`, which also splits at what only looks like the end of a line.
    first, *lines, rest = text.split("\n") if "\n" in text else ("", text)
    if f"{first}\n" not in {frame.ACTOR, frame.ACTOR_IN_PART} or rest:
        raise NotAContextError("this is not a whole context")
    parsed = Parsed(actor_in_part=f"{first}\n" == frame.ACTOR_IN_PART)
    sections = iter(_SECTIONS)
    read: _Reader = _read_actor
    for number, line in enumerate(lines, 2):
        if line.startswith("#"):
            read = next((entry for heading, entry in sections if heading(parsed, line)), _read_nothing)
        elif not read(parsed, line):
            raise NotAContextError(f"line {number} is not known at its place")
        if read is _read_nothing:
            raise NotAContextError(f"the heading in line {number} is not known at its place")
    return parsed


def _read_actor(parsed: Parsed, line: str) -> bool:
    if f"{line}\n" in {frame.UNKNOWN, frame.UNNAMED}:
        parsed.known = False
    elif name := _NAME.fullmatch(line):
        group = "callable" if name[1] == frame.CALLABLE else "real"
        parsed.names.append((group, json.loads(name[2])))
    elif stated := _STATED.fullmatch(line):
        setattr(parsed, stated[1], stated[2])
    elif preference := _PREFERENCE.fullmatch(line):
        parsed.preferences[preference[1]] = json.loads(preference[2])
    else:
        return f"{line}\n" == frame.NOTE
    return True


def _read_day(parsed: Parsed, line: str) -> bool:
    found = _DAY.fullmatch(line)
    if not found:
        return False
    day = date.fromisoformat(found[1])
    match found[2]:
        case None:
            parsed.day = Day(day, "request")
        case "UTC":
            parsed.day = Day(day, "utc")
        case timezone:
            parsed.day = Day(day, "timezone", json.loads(timezone))
    return True


def _read_occasion(parsed: Parsed, line: str) -> bool:
    found = _OCCASION.fullmatch(line)
    if not found or found[2] not in _SIGNIFICANCES:
        return False
    when, words, years, value = found.groups()
    days = _DAYS.get(when)
    if days is None:
        number = int(re.sub(r"\D", "", when))
        days = number if when.startswith("in") else -number
    parsed.occasions.append(Occasion(_SIGNIFICANCES[words], date.fromisoformat(value), days, int(years or 0)))
    return True


def _read_history(parsed: Parsed, line: str) -> bool:
    parsed.turns_in_part = f"{line}\n" != frame.HISTORY
    return f"{line}\n" in {frame.HISTORY, frame.HISTORY_IN_PART, frame.HISTORY_LEFT_OUT}


def _read_turn(parsed: Parsed, line: str) -> bool:
    found = _TURN.fullmatch(line)
    if found:
        parsed.turns.append(Turn(found[1], json.loads(found[3]), found[2]))
    return found is not None


def _read_nothing(_parsed: Parsed, _line: str) -> bool:
    return False


_SECTIONS: tuple[tuple[_Reader, _Reader], ...] = ((_read_day, _read_occasion), (_read_history, _read_turn))
