"""How a page is looked at: in every width and colour scheme, by axe, by the keyboard alone, and in pictures."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

from playwright.sync_api import Locator, Page

from tools.environment import ROOT

PICTURES = os.environ.get("TAMA_SCREENSHOTS")
"""The folder in which the pictures that tests take are kept, so that a person can look at them."""

_TALLEST = 6_000
"""How many pixels of a page are in its picture at most: a browser draws only so many at once."""

Known = Mapping[tuple[str, str], str]
"""Violations that a page is known to have and cannot mend: an axe rule, a CSS selector, and the reason."""

_AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
_RUN_AXE = """async known => {
  const found = await axe.run(document, {elementRef: true, preload: false, resultTypes: ["violations"]});
  return found.violations.flatMap(rule => rule.nodes.map(node => ({
    rule: rule.id,
    impact: rule.impact,
    help: rule.help,
    target: node.target.join(" "),
    html: node.html,
    summary: node.failureSummary,
    known: known.findIndex(([id, selector]) => id === rule.id && node.element.matches(selector)),
  })));
}"""


@dataclass(frozen=True)
class Look:
    """How wide a window is, in CSS pixels, and which colours its user likes."""

    width: int
    scheme: Literal["light", "dark"]

    def __str__(self) -> str:
        return f"{self.width}-{self.scheme}"


LOOKS: Sequence[Look] = (Look(360, "dark"), Look(360, "light"), Look(1440, "dark"), Look(1440, "light"))


def check(page: Page, name: str, known: Known | None = None) -> None:
    """Look at a page as it now is: its picture, its width, and what axe says of it.

    Args:
        page: the page.
        name: of the picture, which has the window's width and colours behind it.
        known: what axe may find.
    """
    take_picture(page, name)
    check_width(page)
    axe(page, known)


def take_picture(page: Page, name: str) -> None:
    """Take a picture of the page, from its top, if there is a folder for pictures."""
    if PICTURES:
        dark = page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
        look = Look((page.viewport_size or {"width": 0})["width"], "dark" if dark else "light")
        height = min(page.evaluate("document.documentElement.scrollHeight"), _TALLEST)
        page.screenshot(
            path=Path(PICTURES) / f"{name}-{look}.png",
            full_page=True,
            clip={"x": 0, "y": 0, "width": look.width, "height": height},
        )


def check_width(page: Page) -> None:
    """Fail when the page as a whole has to be scrolled sideways."""
    wide, window = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
    assert wide <= window, f"the page is {wide} pixels wide in a window of {window}"


def axe(page: Page, known: Known | None = None) -> None:
    """Fail with what axe finds wrong, in words; also with what is known and no longer found.

    axe is a script: in a window that runs none it never comes to an end.
    """
    known = known or {}
    page.evaluate(_axe())
    found: list[dict[str, Any]] = page.evaluate(_RUN_AXE, list(known))
    unknown = [
        f"{each['impact']}: {each['help']} ({each['rule']})\n  at {each['target']}\n  {each['html'][:300]}\n  "
        + each["summary"].replace("\n", "\n  ")
        for each in found
        if each["known"] < 0
    ]
    assert not unknown, "\n\n".join(["axe finds:", *unknown])
    mended = [each for at, each in enumerate(known) if at not in {each["known"] for each in found}]
    assert not mended, f"axe no longer finds {mended}: take it off the list"


@cache
def _axe() -> str:
    return _AXE.read_text("utf-8")


def tab_to(page: Page, wanted: Locator, most: int = 200) -> None:
    """Press Tab until something has the focus, as who has no mouse does; fail when it never gets it."""
    for _ in range(most):
        if wanted.evaluate("element => element === element.getRootNode().activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"the focus does not come to {wanted}")
