"""Many actors, the same in every run."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Any

from service.personalization.context.context import MAX_BUDGET, MIN_BUDGET, Known
from service.personalization.context.days import Day
from service.personalization.context.frame import Turn
from tests.service.context.actors import HOSTILE

SEED = 20_261_125
_WORDS = (
    *("film", "scary", "the", "I'd", "we'll", "watch", "tonight!", "maybe...", "Alien", "1979", "2001:", "don't"),
    *("odyssée", "Señor", "Straße", "漢字", "映画", "фильм", "نص", "فيلم", "नमस्ते", "👩‍👩‍👧", "🇵🇹"),
    *("(x+y)/2", "https://example.com/?q=1&r=2", "CamelCase", "snake_case", "???!!!", "---", "__init__"),
    *("\t", "\n", "\r\n", ""),
)


@dataclass(frozen=True)
class Case:
    """One input of a context, and what may come to it."""

    known: Known
    day: Day
    turns: list[Turn]
    budget: int
    other_day: Day
    appended: Turn


def cases(number: int) -> Iterator[Case]:
    """Return so many cases."""
    random = Random(SEED)
    for _ in range(number):
        budget = random.choice([MIN_BUDGET, *(random.randint(MIN_BUDGET, most) for most in (200, 1_000, MAX_BUDGET))])
        turns = [_turn(random) for _ in range(random.choice([0, 1, 3, 10, 40]))]
        profile = _profile(random) if random.random() < 0.9 else None
        yield Case(Known(profile, _preferences(random)), _day(random), turns, budget, _day(random), _turn(random))


def _text(random: Random, most: int) -> str:
    words = random.choices(_WORDS, k=random.randint(1, most))
    if random.random() < 0.3:
        words.insert(random.randrange(len(words)), random.choice(HOSTILE))
    return random.choice([" ", "", "  "]).join(words)


def _turn(random: Random) -> Turn:
    time = f"2026-{random.randint(1, 12):02d}-25T10:00:{random.randint(0, 59):02d}Z"
    role = random.choice(["user", "assistant", "tool"])
    return Turn(role, _text(random, random.choice([5, 30, 200])), random.choice([time, None]))


def _profile(random: Random) -> dict[str, Any]:
    groups = sorted(random.choice(["callable", "real"]) for _ in range(random.randint(1, 5)))
    days = [date(1990, 1, 1) + timedelta(days=random.randint(0, 15_000)) for _ in range(random.randint(0, 5))]
    return {
        "names": [{"index": index, "group": group, "value": _text(random, 3)} for index, group in enumerate(groups)],
        "gender": random.choice(["male", "female", "other"]),
        "pronoun": random.choice(["he/him", "she/her", "they/them", "other"]),
        "dates": [
            {"index": index, "significance": random.choice(["birth", "wedding"]), "value": day.isoformat()}
            for index, day in enumerate(days)
        ],
    }


def _preferences(random: Random) -> dict[str, object]:
    known: dict[str, object] = {
        "language": "pt-PT",
        "region": {"code": "PT", "name": "Portugal"},
        "theme": "dark",
        "timezone": "Europe/Lisbon",
        "x.note": {_text(random, 2): [_text(random, 20), random.randint(-9, 9), True, None]},
    }
    return {kind: value for kind, value in known.items() if random.random() < 0.5}


def _day(random: Random) -> Day:
    day = date(2026, 1, 1) + timedelta(days=random.randint(0, 365))
    return random.choice([Day(day, "request"), Day(day, "utc"), Day(day, "timezone", "Europe/Lisbon")])
