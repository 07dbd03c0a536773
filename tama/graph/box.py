"""The box of a space: its name and type, its specifications with their actions, and its classes."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from math import ceil, sqrt

from tama.graph.elements import MONO_12, MONO_14, link, rectangle, text, words
from tama.graph.model import Action, Change
from tama.graph.text import clean, columns, isolated, shortened, without_login

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from tama.graph.model import Class, Space, Specification

_NAME, _ITEM, _ENDPOINT, _VERSION, _STATE, _VERB = 36, 32, 52, 20, 20, 9
"""How many columns each may take."""

_PAD, _ROW, _SIGN, _METHOD, _BETWEEN, _ARROW = 12.0, 18.0, 14.0, 58.0, 20.0, 10.0
_HEADINGS = 48.0
_NARROWEST = 150.0
_MOST_COLUMNS = 8
_WIDTH_TO_HEIGHT = 0.12
"""How fast the columns of a list become more, so that one of any length is about as wide as it is high."""

_MARKS = {"completed": ("✓", "state-add"), "failed": ("✗", "state-remove")}
_ON_ITS_WAY = "…", "state-change"


@dataclass(frozen=True)
class Box:
    """What is drawn of a space, from its own upper left corner on, in pixels."""

    width: float
    height: float
    drawn: str


@dataclass(frozen=True)
class _Grid:
    """Actions or classes in columns, filled from above to below."""

    items: Sequence[Action | Class]
    planned: bool
    pages: str

    @property
    def _columns(self) -> int:
        return min(max(1, round(sqrt(_WIDTH_TO_HEIGHT * len(self.items)))), _MOST_COLUMNS)

    @property
    def _rows(self) -> int:
        return ceil(len(self.items) / self._columns)

    @property
    def _step(self) -> float:
        names = [one.identifier if isinstance(one, Action) else one.name for one in self.items]
        method = _METHOD if any(isinstance(one, Action) and one.method for one in self.items) else 0.0
        return _room(self.planned) + method + max(map(_width, names), default=0.0) + _BETWEEN

    @property
    def width(self) -> float:
        return self._columns * self._step - _BETWEEN

    @property
    def height(self) -> float:
        return self._rows * _ROW

    def drawn(self, x: float, y: float) -> list[str]:
        step, rows = self._step, self._rows
        return [
            self._item(item, x + at // rows * step, y + at % rows * _ROW + 13) for at, item in enumerate(self.items)
        ]

    def _item(self, item: Action | Class, x: float, y: float) -> str:
        sign = _sign(item.change, x, y)
        x += _room(self.planned)
        if not isinstance(item, Action):
            return _group(item.change, sign, link(self.pages, item.id, text(x, y, "name", item.name, _ITEM)))
        where = " ".join(isolated(clean(one)) for one in (item.method.upper(), item.path) if one)
        title = f"<title>{escape(where)}</title>" if where else ""
        method = text(x, y, "muted", item.method.upper(), _VERB) if item.method else ""
        name = text(x + _METHOD * bool(item.method), y, "name", item.identifier, _ITEM)
        return _group(item.change, title, sign, link(self.pages, item.id, method, name))


@dataclass(frozen=True)
class _Panel:
    """A specification."""

    specification: Specification
    planned: bool
    pages: str

    @property
    def _grid(self) -> _Grid:
        return _Grid(self.specification.actions, self.planned, self.pages)

    @property
    def _heading(self) -> str:
        return f"Specification {isolated(shortened(clean(self.specification.version), _VERSION))}"

    @property
    def _derived(self) -> str:
        number = self.specification.derived
        return f"and {number} derived {'class' if number == 1 else 'classes'}" if number else ""

    @property
    def _state(self) -> str:
        state = self.specification.state
        return f"{_MARKS.get(state, _ON_ITS_WAY)[0]} {isolated(shortened(clean(state), _STATE))}" if state else ""

    @property
    def width(self) -> float:
        room = _room(self.planned)
        heading = room + (columns(self._heading) + columns(self._state)) * MONO_12 + _BETWEEN
        return max(heading, room + _width(self.specification.endpoint, _ENDPOINT), self._grid.width) + 2 * _PAD

    @property
    def height(self) -> float:
        return _HEADINGS + self._grid.height + _ROW * bool(self._derived) + 6

    def drawn(self, x: float, y: float, width: float) -> str:
        one = self.specification
        left = x + _PAD
        inner = left + _room(self.planned)
        mark = _MARKS.get(one.state, _ON_ITS_WAY)[1]
        own = (
            rectangle("panel", x, y, width, self.height, 4),
            _sign(one.change, left, y + 20),
            words(inner, y + 20, "heading", self._heading),
            words(x + width - _PAD, y + 20, f"end {mark}", self._state) if one.state else "",
            text(inner, y + 38, "muted", without_login(one.endpoint), _ENDPOINT),
        )
        return _group(
            one.change,
            link(self.pages, one.id, *own),
            *self._grid.drawn(left, y + _HEADINGS),
            words(inner, y + self.height - 11, "muted", self._derived) if self._derived else "",
        )


def box(space: Space, *, planned: bool, arrows: int, pages: str) -> Box:
    """Draw a space.

    Args:
        space: what is drawn.
        planned: whether room is left for signs.
        arrows: how many touch one side of it at most.
        pages: where the paths of objects' pages begin; empty for no links.
    """
    panels = [_Panel(one, planned, pages) for one in space.specifications]
    classes = _Grid(space.classes, planned, pages)
    left = _PAD + _room(planned)
    name = columns(shortened(clean(space.name), _NAME)) * MONO_14
    width = max(_NARROWEST, left + name + _PAD, classes.width + 2 * _PAD, *(panel.width + 2 * _PAD for panel in panels))
    own = [_sign(space.change, _PAD, 25), text(left, 25, "space", space.name, _NAME)]
    drawn = []
    y = 34.0
    if space.type:
        own.append(text(left, 43, "muted", space.type, _NAME))
        y = 54.0
    for panel in panels:
        drawn.append(panel.drawn(_PAD, y, width - 2 * _PAD))
        y += panel.height + 8
    if space.classes:
        drawn += [words(left, y + 13, "muted", "Classes"), *classes.drawn(_PAD, y + _ROW)]
        y += _ROW + classes.height + 2
    height = max(y + 4, (arrows + 1) * _ARROW)
    own.insert(0, rectangle("box", 1.5, 1.5, width - 3, height - 3, 6))
    return Box(width, height, _group(space.change, link(pages, space.id, *own), *drawn))


def _room(planned: bool) -> float:
    """How much room a sign takes."""
    return _SIGN if planned else 0.0


def _width(name: str, most: int = _ITEM) -> float:
    return columns(shortened(clean(name), most)) * MONO_12


def _sign(change: Change, x: float, y: float) -> str:
    return words(x, y, "sign", change.sign) if change.sign else ""


def _group(change: Change, *drawn: str) -> str:
    """What belongs together, in the colour of what is done to it."""
    class_ = f' class="{change.word}"' if change.sign else ""
    return f"<g{class_}>{''.join(drawn)}</g>"
