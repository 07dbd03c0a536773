"""5,000 actors and budgets, counted by another implementation of the tokenizer too."""

import json
import subprocess
from pathlib import Path

from service.personalization.context.context import MAX_BUDGET, Contexts
from service.personalization.context.counting import load_counter
from service.personalization.context.parsing import parse
from tests.service.context.generated import Case, cases
from tools.environment import TOOLCHAIN

NUMBER = 5_000
SCRIPT = Path(__file__).with_name("second_tokenizer.cjs")


def test_budgets_hold_by_another_implementation_of_the_tokenizer() -> None:
    contexts = Contexts(load_counter())
    made = [(case.budget, contexts.assemble(case.known, case.day, case.turns, case.budget)) for case in cases(NUMBER)]
    second = _counted([context.text for _, context in made])
    assert len(second) == NUMBER
    for (budget, context), count in zip(made, second, strict=True):
        assert context.size == count <= budget


def _counted(texts: list[str]) -> list[int]:
    chosen = TOOLCHAIN / "node"
    lines = "".join(f"{json.dumps(text)}\n" for text in texts)
    node = subprocess.run(
        [chosen if chosen.exists() else "node", SCRIPT], input=lines, capture_output=True, text=True, check=True
    )
    return [int(count) for count in node.stdout.split()]


def test_promises_hold_for_generated_actors() -> None:
    contexts = Contexts(load_counter())
    for case in cases(NUMBER):
        _check(contexts, case)


def _check(contexts: Contexts, case: Case) -> None:
    context = contexts.assemble(case.known, case.day, case.turns, case.budget)
    assert contexts.assemble(case.known, case.day, iter(case.turns), case.budget) == context
    stable = context.text.encode()[: context.stable_bytes]
    changed = contexts.assemble(case.known, case.other_day, [case.appended, *case.turns], case.budget)
    assert changed.text.encode()[: changed.stable_bytes] == stable
    whole = parse(contexts.assemble(case.known, case.day, case.turns, MAX_BUDGET).text)
    names = case.known.profile["names"] if case.known.profile else []
    assert whole.names == [(name["group"], name["value"]) for name in names]
    assert whole.preferences == case.known.preferences
    assert whole.turns == case.turns[::-1]
