"""Graphs as flowcharts of Mermaid."""

from __future__ import annotations

import re
from html import unescape

from tama.graph.mermaid import mermaid
from tama.graph.model import Change
from tests.tama.graph.graphs import hostile, large, planned

NODE = re.compile(r'  s(\d+)\["(.*)"\]')


def labels(text: str) -> list[list[str]]:
    """The lines of each box, as they are read."""
    nodes = [found[2] for line in text.splitlines() if (found := NODE.fullmatch(line))]
    return [[unescape(re.sub(r"#(\d+);", r"&#\1;", one)) for one in node.split("<br/>")] for node in nodes]


def test_everything_that_is_there_is_drawn() -> None:
    text = mermaid(large())

    lines = {line for label in labels(text) for line in label}
    assert len([line for line in lines if line.startswith("GET operation-")]) == 500
    assert {"<b>space-0</b> (component)", "https://1.example", "<b>Specification 1.0.0</b>, completed"} <= lines
    assert len(re.findall(r"^  s\d+ --> s\d+$", text, re.MULTILINE)) == 60
    assert text == mermaid(large())


def test_hostile_names_are_text_for_mermaid_markdown_and_html() -> None:
    text = mermaid(hostile())

    lines = text.splitlines()
    boxes = [line for line in lines if NODE.fullmatch(line)]
    assert len(boxes) == len(hostile().spaces)
    for box in boxes:
        inside = re.sub(r"</?b>|<br/>|#\d+;", "", box.partition('["')[2].removesuffix('"]'))
        assert not re.search(r"[^\w \-/,()\x80-\U0010ffff]|_|[\x00-\x1f\u202a-\u202e]", inside), box
    assert "W" * 20 in text
    assert "W" * 41 not in text
    assert "<b><script>alert(1)</script></b> (<script>alert(1)</script>)" in {
        line for label in labels(text) for line in label
    }
    assert "canary" not in text


def test_what_a_plan_does_is_told_by_sign_and_line() -> None:
    text = mermaid(planned())

    assert '==>|"#43; add"| s' in text
    assert '-.->|"#8722; remove"| s' in text
    assert {
        "<b>+ add</b> (component)",
        "+ thing",
        "<b>± Specification 1</b>, failed",
        f"{Change.REMOVED.sign} POST do",
    } <= {line for label in labels(text) for line in label}
    styles = dict(re.findall(r"classDef (\w+) (stroke.*)", text))
    assert len(set(styles.values())) == len(styles) == 4
    assert all(f"linkStyle {at} " in text for at in (0, 1, 3, 4))
