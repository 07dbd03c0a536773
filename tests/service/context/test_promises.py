"""What holds for every actor, every budget and everything that people write."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.personalization.context.context import MAX_BUDGET, Contexts, Known
from service.personalization.context.counting import Bytes, Counter, load_counter
from service.personalization.context.days import Day
from service.personalization.context.frame import Turn
from service.personalization.context.parsing import Parsed, parse
from service.personalization.context.quoting import quote
from tests.service.context.actors import BUDGETS, DAYS, HOSTILE, KNOWN, STRINGS, TURNS, VALUES

CONTEXTS = [Contexts(load_counter()), Contexts(Bytes())]
COUNTERS = st.sampled_from(CONTEXTS)


@given(COUNTERS, KNOWN, DAYS, TURNS, BUDGETS)
def test_the_budget_holds_and_the_form_is_kept(
    contexts: Contexts, known: Known, day: Day, turns: list[Turn], budget: int
) -> None:
    context = contexts.assemble(known, day, turns, budget)
    assert context.size == contexts.counter.count(context.text) <= budget
    parsed = parse(context.text)
    assert parsed.turns == turns[: context.turns][::-1]
    assert ("history" in context.left_out) == (context.turns < len(turns)) >= parsed.turns_in_part
    assert parsed.known == (known.profile is not None)
    assert _names_left_out(known, parsed) == ("names" in context.left_out)


def _names_left_out(known: Known, parsed: Parsed) -> bool:
    return known.profile is not None and len(parsed.names) < len(known.profile["names"])


@given(COUNTERS, KNOWN, DAYS, TURNS, BUDGETS)
def test_the_same_input_gives_the_same_bytes(
    contexts: Contexts, known: Known, day: Day, turns: list[Turn], budget: int
) -> None:
    reordered = Known(known.profile, dict(reversed(list(known.preferences.items()))))
    assert contexts.assemble(known, day, turns, budget) == contexts.assemble(reordered, day, turns, budget)


@given(COUNTERS, KNOWN, DAYS, DAYS, TURNS, TURNS, BUDGETS)
def test_neither_history_nor_day_changes_a_byte_of_the_stable_part(
    contexts: Contexts, known: Known, day: Day, other: Day, turns: list[Turn], appended: list[Turn], budget: int
) -> None:
    before = contexts.assemble(known, day, turns, budget)
    after = contexts.assemble(known, other, [*appended, *turns], budget)
    stable = before.text.encode()[: before.stable_bytes]
    assert after.text.encode()[: after.stable_bytes] == stable
    assert stable.startswith(b"# Actor")
    assert all(line[:1] in {b"-", b">"} for line in stable.split(b"\n")[1:-1])


@given(COUNTERS, KNOWN, DAYS, TURNS)
def test_every_string_comes_back_exactly(contexts: Contexts, known: Known, day: Day, turns: list[Turn]) -> None:
    parsed = parse(contexts.assemble(known, day, turns, MAX_BUDGET).text)
    profile = known.profile or {"names": [], "pronoun": "other", "gender": "other"}
    assert parsed.names == [(name["group"], name["value"]) for name in profile["names"]]
    assert (parsed.pronoun or "other", parsed.gender or "other") == (profile["pronoun"], profile["gender"])
    assert parsed.preferences == known.preferences
    assert parsed.turns == turns[::-1]
    assert parsed.day == day
    assert (parsed.actor_in_part, parsed.turns_in_part) == (False, False)


@given(COUNTERS, KNOWN, DAYS, TURNS, st.sampled_from(HOSTILE), BUDGETS)
def test_a_hostile_turn_stays_on_its_line(
    contexts: Contexts, known: Known, day: Day, turns: list[Turn], hostile: str, budget: int
) -> None:
    text = contexts.assemble(known, day, [Turn("user", hostile), *turns], budget).text
    headings = [line for line in text.split("\n") if line.startswith("#")]
    assert len(headings) == text.count("#")
    assert len(text.splitlines()) == text.count("\n")


@pytest.mark.parametrize("counter", [load_counter(), Bytes()], ids=lambda counter: str(counter.name))
@given(KNOWN, DAYS, TURNS)
def test_lines_add_up(counter: Counter, known: Known, day: Day, turns: list[Turn]) -> None:
    text = Contexts(counter).assemble(known, day, turns, MAX_BUDGET).text
    assert counter.count(text) == sum(counter.count(f"{line}\n") for line in text.split("\n")[:-1])


@given(STRINGS | VALUES)
def test_a_quoted_value_is_one_printable_line_and_comes_back(value: object) -> None:
    quoted = quote(value)
    assert json.loads(quoted) == value
    assert len(quoted.splitlines()) == 1
    assert not set(quoted) & set("#<>`\u202a\u202e\u2066\u2069\u200e\u200f\ufeff\x00\x7f\x85")


def test_the_joiners_of_words_and_emoji_stay_readable() -> None:
    assert quote("👩‍👩‍👧 می‌خواهم é ü 漢字") == '"👩‍👩‍👧 می‌خواهم é ü 漢字"'
