"""The page on what upstream does badly names tests that exist."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_page_on_weaknesses_has_every_one_with_tests_that_exist() -> None:
    page = (ROOT / "docs" / "weaknesses.md").read_text("utf-8")
    rows = re.findall(r"^\| (\d+) \|.*\|.*\|(.*)\|$", page, re.MULTILINE)
    assert [number for number, _ in rows] == [str(number) for number in range(1, 35)]
    tests = {
        name
        for path in (ROOT / "tests").rglob("test_*.py")
        for name in re.findall(r"^def (test_\w+)\(", path.read_text("utf-8"), re.MULTILINE)
    }
    for number, guards in rows:
        named = re.findall(r"`(\w+)`", guards)
        assert named, number
        assert [name for name in named if name not in tests] == []
