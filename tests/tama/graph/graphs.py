"""Graphs to draw."""

from __future__ import annotations

from itertools import pairwise
from random import Random

from tama.graph.model import Action, Change, Class, Graph, Space, Specification, graph

HOSTILE = (
    "<script>alert(1)</script>",
    '" onload="alert(1)',
    "&amp;]]>-->",
    "a\u202egnp.exe\u202c",
    "\u05e9\u05dc\u05d5\u05dd \u05e2\u05d5\u05dc\u05dd",
    "W" * 16_384,
    "\u6f22" * 200,
    "\x00\x07\x1b[31mred\r\n\u2028next\ufffe",
    "Z" + "\u0301" * 500,
    "\ud800half",
    "`**bold**` _it_ 1. - #35; %%{init}%% www.example.com end",
    "",
)
"""Names that others could give: markup, overrides of the direction, long words, control characters, and none."""


def large() -> Graph:
    """40 spaces, 60 bridges, 500 actions; some bridges close circles, some spaces have none."""
    random = Random(7)
    spaces = {}
    for at in range(40):
        space = Space(f"space-{at}", "component", classes=[Class(f"class-{number}") for number in range(at % 4)])
        if at % 2:
            actions = [Action(f"operation-{at}-{number}", "get", f"/{number}") for number in range(25)]
            space.specifications.append(Specification("1.0.0", f"https://{at}.example", "completed", actions, 30))
        spaces[str(at)] = space
    ends: set[tuple[str, str]] = set()
    while len(ends) < 60:
        source, target = random.sample(range(36), 2)
        ends.add((str(source), str(target)))
    return graph(spaces, [(*pair, Change.KEPT, "") for pair in sorted(ends)])


def hostile() -> Graph:
    """Every name of `HOSTILE`, wherever others give one."""
    spaces = {
        name: Space(
            name,
            name,
            [
                Specification(
                    name, f"https://user:canary@host/{name}?token=canary", name, [Action(name, "get", name)], 1
                )
            ],
            [Class(name)],
        )
        for name in HOSTILE
    }
    bridges = [(one, another, Change.KEPT, "") for one, another in pairwise(HOSTILE)]
    return graph(spaces, bridges)


def planned() -> Graph:
    """Everything that a plan may do, to each kind of object."""
    spaces = {
        change.word: Space(
            change.word,
            "component",
            [Specification("1", "https://api.example", "failed", [Action("do", "post", "/", change)], change=change)],
            [Class("thing", change)],
            change,
        )
        for change in Change
    }
    return graph(spaces, [(change.word, "keep", change, "") for change in Change], planned=True)
