"""Elements of SVG."""

from __future__ import annotations

from html import escape

from tama.graph.text import clean, shortened

MONO_12, MONO_14 = 7.3, 8.6
"""Pixels that a column takes in the two sizes of the monospaced font."""


def number(value: float) -> str:
    """A coordinate in pixels, to a tenth."""
    return f"{value:.1f}".removesuffix(".0")


def words(x: float, y: float, class_: str, content: str, whole: str = "") -> str:
    """A text in one line.

    Args:
        x: where it begins; with the classes `end` and `middle`, where it ends and what it stands around.
        y: its baseline.
        class_: its classes of the style.
        content: what it says, clean.
        whole: what its title says, for one that was cut.
    """
    title = f"<title>{escape(whole)}</title>" if whole else ""
    return f'<text class="{class_}" x="{number(x)}" y="{number(y)}">{title}{escape(content)}</text>'


def text(x: float, y: float, class_: str, content: str, most: int) -> str:
    """A text of others, which takes so many columns at most, and is whole in its title."""
    whole = clean(content)
    short = shortened(whole, most)
    return words(x, y, class_, short, whole if short != whole else "")


def link(pages: str, id_: str, *drawn: str) -> str:
    """What leads to the page of an object when it is chosen; only what is drawn where there are no pages.

    Args:
        pages: where their paths begin; empty where there are none.
        id_: the object's.
        drawn: what is chosen.
    """
    content = "".join(drawn)
    if not pages or not id_:
        return content
    return f'<a id="object-{escape(id_)}" href="{escape(pages + id_)}">{content}</a>'


def rectangle(class_: str, x: float, y: float, width: float, height: float, radius: int) -> str:
    """A rectangle with round corners."""
    place = f'x="{number(x)}" y="{number(y)}" width="{number(width)}" height="{number(height)}"'
    return f'<rect class="{class_}" {place} rx="{radius}"/>'
