"""A graph as a flowchart of Mermaid, which Markdown on many sites shows.

Source: mermaid.js.org, "Flowcharts - Basic Syntax", "Entity codes to escape characters".
"""

from __future__ import annotations

import re

from tama.graph.model import Change
from tama.graph.summary import summary
from tama.graph.text import clean, isolated, shortened, without_login

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from tama.graph.model import Action, Class, Graph, Space, Specification

_MOST = 40
"""How many columns a text of others may take."""

_LOOKS = {
    Change.ADDED: ("==>", "stroke:#1a7f37,stroke-width:4px"),
    Change.CHANGED: ("-.->", "stroke:#bf8700,stroke-width:2px,stroke-dasharray:7 3"),
    Change.REPLACED: ("-.->", "stroke:#8250df,stroke-width:2px,stroke-dasharray:9 3 2 3"),
    Change.REMOVED: ("-.->", "stroke:#cf222e,stroke-width:2px,stroke-dasharray:2 4"),
}
"""The arrow, and a style that is seen on a light background and on a dark one."""

# Mermaid takes labels for Markdown and HTML, so nothing is left that has a meaning in one of them.
_SPECIAL = re.compile(r"[^\w \-/,()]|_|(?<![^ ])-|[-)](?= |$)", re.ASCII)


def mermaid(graph: Graph) -> str:
    """Draw a graph."""
    lines = ["flowchart LR", f"  accTitle: {summary(graph)[0]}"]
    for at, space in enumerate(graph.spaces):
        lines.append(f'  s{at}["{"<br/>".join(_lines(space))}"]')
    for bridge in graph.bridges:
        arrow, label = (
            ("-->", "") if bridge.change is Change.KEPT else (_LOOKS[bridge.change][0], _label(bridge.change))
        )
        lines.append(f"  s{bridge.source} {arrow}{label} s{bridge.target}")
    lines.append("  classDef default text-align:left")
    for change, (_, style) in _LOOKS.items():
        if those := [f"s{at}" for at, space in enumerate(graph.spaces) if space.change is change]:
            lines += [f"  classDef {change.word} {style}", f"  class {','.join(those)} {change.word}"]
        if those := [str(at) for at, bridge in enumerate(graph.bridges) if bridge.change is change]:
            lines.append(f"  linkStyle {','.join(those)} {style}")
    return "\n".join([*lines, ""])


def _lines(space: Space) -> Iterator[str]:
    """What stands in the box of a space."""
    yield f"<b>{_signed(space, space.name)}</b>{f' ({_escaped(space.type)})' if space.type else ''}"
    for one in space.specifications:
        state = f", {_escaped(one.state)}" if one.state else ""
        yield f"<b>{_signed(one, f'Specification {one.version}')}</b>{state}"
        yield _escaped(without_login(one.endpoint))
        yield from (_signed(action, f"{action.method.upper()} {action.identifier}".strip()) for action in one.actions)
        if one.derived:
            yield f"and {one.derived} derived {'class' if one.derived == 1 else 'classes'}"
    if space.classes:
        yield "<b>Classes</b>"
        yield from (_signed(class_, class_.name) for class_ in space.classes)


def _signed(one: Space | Specification | Action | Class, text: str) -> str:
    return f"{_entity(one.change.sign)} {_escaped(text)}" if one.change.sign else _escaped(text)


def _label(change: Change) -> str:
    return f'|"{_entity(change.sign)} {change.word}"|'


def _escaped(text: str) -> str:
    short = shortened(clean(text), _MOST)
    return _SPECIAL.sub(lambda found: found[0] if not found[0].isascii() else _entity(found[0]), isolated(short))


def _entity(character: str) -> str:
    return f"#{ord(character)};"
