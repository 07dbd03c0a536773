"""A graph as SVG: one file that needs no other, no font and no script, in the reader's light or dark colours.

Within a page of HTML, what is drawn of an object leads to a page about it.
"""

from __future__ import annotations

from collections import Counter
from html import escape

from tama.graph.box import box
from tama.graph.elements import link, number, rectangle, words
from tama.graph.layout import layout
from tama.graph.model import Change
from tama.graph.summary import summary
from tama.graph.text import clean, isolated

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tama.graph.layout import Point
    from tama.graph.model import Bridge, Graph

COLOURS = {
    "background": ("#ffffff", "#0d1117"),
    "box": ("#f6f8fa", "#161b22"),
    "edge": ("#57606a", "#8b949e"),
    "text": ("#1f2328", "#e6edf3"),
    "muted": ("#57606a", "#9da7b3"),
    "add": ("#116329", "#3fb950"),
    "change": ("#7d4e00", "#d29922"),
    "replace": ("#6639ba", "#bc8cff"),
    "remove": ("#a40e26", "#ff7b72"),
}
"""What is drawn on a light background, and on a dark one."""

_DASHES = {Change.CHANGED: "7 3", Change.REPLACED: "9 3 2 3", Change.REMOVED: "2 4"}
_MARGIN, _WIDTH, _LEGEND, _LEGEND_WIDTH = 16.0, 860.0, 34.0, 110.0
_HEAD, _LOOP = 8, 28


def svg(graph: Graph, pages: str = "") -> str:
    """Draw a graph.

    Args:
        graph: what is drawn.
        pages: for a picture within a page, where the paths of objects' pages begin, such as `/objects/`.
    """
    touching = Counter(bridge.source for bridge in graph.bridges), Counter(bridge.target for bridge in graph.bridges)
    boxes = [
        box(space, planned=graph.planned, arrows=max(count[at] for count in touching), pages=pages)
        for at, space in enumerate(graph.spaces)
    ]
    edges = [(bridge.source, bridge.target) for bridge in graph.bridges]
    placed = layout([(one.width, one.height) for one in boxes], edges, _WIDTH)
    width = max(placed.width, _WIDTH / 2) + 2 * _MARGIN
    height = placed.height + 2 * _MARGIN + _LEGEND * (graph.planned and bool(graph.spaces))
    title, description = summary(graph)
    size = f'width="{number(width)}" height="{number(height)}" viewBox="0 0 {number(width)} {number(height)}"'
    return "\n".join(
        [
            # What is in an image is no link to a screen reader.
            f'<svg xmlns="http://www.w3.org/2000/svg" class="tama" {size} role="{"group" if pages else "img"}" '
            'aria-labelledby="tama-title tama-description">',
            f'<title id="tama-title">{escape(title)}</title>',
            f'<desc id="tama-description">{escape(description)}</desc>',
            f"<style>{LINKED_STYLE if pages else STYLE}</style>",
            rectangle("background", 0, 0, width, height, 0),
            f'<g transform="translate({number(_MARGIN)} {number(_MARGIN)})">',
            *(_arrow(graph, bridge, path, pages) for bridge, path in zip(graph.bridges, placed.paths, strict=True)),
            *(
                # What is inside a nested one is cut off at its sides, whatever a font makes of it.
                f'<svg x="{number(x)}" y="{number(y)}" width="{number(one.width)}" height="{number(one.height)}">'
                f"{one.drawn}</svg>"
                for one, (x, y) in zip(boxes, placed.places, strict=True)
            ),
            *([] if graph.spaces else [words(0, 14, "muted", description)]),
            *([_legend(placed.height + _LEGEND)] if graph.planned and graph.spaces else []),
            "</g>",
            "</svg>\n",
        ]
    )


def _arrow(graph: Graph, bridge: Bridge, path: list[Point], pages: str) -> str:
    ends = " → ".join(isolated(clean(graph.spaces[end].name)) for end in (bridge.source, bridge.target))
    (x, y), (x0, y0) = path[-1], path[-2]
    back = -_HEAD if x0 < x else _HEAD
    curve = [f"M{number(path[0][0])} {number(path[0][1])}"]
    for (x1, y1), (x2, y2) in zip(path, [*path[1:-1], (x + back, y)], strict=False):
        middle = number(x1 + _LOOP if path[0][0] == x else (x1 + x2) / 2)
        curve.append(f"C{middle} {number(y1)} {middle} {number(y2)} {number(x2)} {number(y2)}")
    sign = words((x0 + x + back) / 2, (y0 + y) / 2 + 4, "sign middle", bridge.change.sign) if bridge.change.sign else ""
    drawn = (
        f'<title>{escape(ends)}</title><path class="line" d="{"".join(curve)}"/>'
        f'<path class="head" d="M{number(x)} {number(y)}l{back} -4v8z"/>{sign}'
    )
    return f'<g class="{bridge.change.word}">{link(pages, bridge.id, drawn)}</g>'


def _legend(y: float) -> str:
    """What the signs, colours and lines of a plan mean."""
    drawn = []
    for at, change in enumerate(change for change in Change if change.sign):
        x = at * _LEGEND_WIDTH
        line = f'<path class="line" d="M{number(x + 14)} {number(y - 4)}h26"/>'
        said = words(x, y, "sign", change.sign), line, words(x + 46, y, "muted", change.word)
        drawn.append(f'<g class="{change.word}">{"".join(said)}</g>')
    return "".join(drawn)


def _style() -> str:
    """The style sheet: what a plan does is told by signs, dashes and colours, and each of them is enough."""
    dashes = "".join(
        f"{_outlines(change.word)}{{stroke-dasharray:{_DASHES[change]}}}" for change in Change if change in _DASHES
    )
    light, dark = ("".join(_colours(theme)) for theme in (0, 1))
    return (
        ".tama text{font:12px ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;direction:ltr;unicode-bidi:isolate}"
        ".tama .space,.tama .heading,.tama .sign{font-weight:700}.tama .space,.tama .middle{font-size:14px}"
        ".tama .end{text-anchor:end}.tama .middle{text-anchor:middle;paint-order:stroke;stroke-width:6}"
        ".tama .line{fill:none}.tama .line,.tama .box{stroke-width:1.5}.tama .add>.box,.tama .add>.line{stroke-width:3}"
        ".tama .remove .space,.tama .remove .name,.tama .remove .heading{text-decoration:line-through}"
        f"{dashes}{light}@media(prefers-color-scheme:dark){{{dark}}}"
    )


def _colours(theme: int) -> list[str]:
    colour = {name: those[theme] for name, those in COLOURS.items()}
    words = [change.word for change in Change if change.sign]
    return [
        f".tama .background,.tama .panel{{fill:{colour['background']}}}",
        f".tama .box{{fill:{colour['box']}}}",
        f".tama .box,.tama .panel,.tama .line{{stroke:{colour['edge']}}}",
        f".tama .middle{{stroke:{colour['background']}}}",
        f".tama .head{{fill:{colour['edge']}}}",
        f".tama text{{fill:{colour['text']}}}",
        f".tama .muted{{fill:{colour['muted']}}}",
        *(f"{_outlines(word)}{{stroke:{colour[word]}}}" for word in words),
        *(f"{_fillings(word)}{{fill:{colour[word]}}}" for word in words),
    ]


def _outlines(word: str) -> str:
    return _within(word, "box", "panel", "line")


def _fillings(word: str) -> str:
    return f"{_within(word, 'sign', 'head', 'space', 'heading', 'name')},.tama .state-{word}"


def _within(word: str, *classes: str) -> str:
    return ",".join(f".tama .{word}>.{class_}" for class_ in classes)


STYLE = _style()
"""What the element `style` of a picture holds."""

LINKED_STYLE = (
    f"{STYLE}.tama a:hover text,.tama a:focus-visible text{{text-decoration:underline}}"
    ".tama a:focus-visible:has(rect,.line){outline:none}.tama a:hover .line{stroke-width:3}"
    ".tama a:focus-visible>rect,.tama a:focus-visible>.line,.tama a:target>rect{stroke:var(--accent);stroke-width:3}"
)
"""The same of a picture within a page, whose style sheet says `--accent`."""
