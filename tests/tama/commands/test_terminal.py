"""What commands print on a terminal."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from hosting import progress
from tama.control_plane import ControlPlane
from tama.control_plane.store.sqlite import SQLiteStore
from tests.support.terminal import terminal
from tests.tama.commands.support import ROOT, environment
from tests.tama.control_plane.support import Caller

BOLD = "\x1b[1m"


def lines(columns: int, *arguments: str, variables: Mapping[str, str]) -> list[str]:
    with terminal(columns) as (writer, shown):
        command = [sys.executable, "-m", "tama", *arguments]
        subprocess.run(
            command, cwd=ROOT, env=environment({"TERM": "xterm", **variables}), stdout=writer, check=True, timeout=60
        )
    return b"".join(shown).decode().splitlines()


@pytest.mark.parametrize("columns", [80, 110])
def test_tables_fit_the_terminal_and_keep_their_ids(folder: Path, declared: dict[str, Any], columns: int) -> None:
    shown = lines(columns, "list", "--all", "--base-url", f"embedded:{folder}", variables={"NO_COLOR": "1"})

    assert max(map(len, shown)) <= columns
    assert any(len(line) > columns - 10 for line in shown)
    (action,) = [line for line in shown if line.startswith(f"  {declared['action']['id']}")]
    assert "…" in action
    assert action.endswith("get-profile") or columns < 110, "an id gives way before a word does"


def test_where_no_table_fits_each_field_has_its_line(folder: Path, declared: dict[str, Any]) -> None:
    shown = lines(60, "list", "--base-url", f"embedded:{folder}", variables={"NO_COLOR": "1"})

    assert max(map(len, shown)) <= 60
    at = shown.index(f"  ID             {declared['action']['id']}")
    assert shown[at + 1] == f"  SPECIFICATION  {declared['action']['specification_id']}"
    assert shown[at + 4] == "  IDENTIFIER     get-profile"


def test_an_id_is_never_cut(folder: Path, declared: dict[str, Any]) -> None:
    shown = lines(40, "list", "--base-url", f"embedded:{folder}", variables={"NO_COLOR": "1"})

    assert f"  ID             {declared['action']['id']}" in shown
    assert max(len(line) for line in shown if not line.startswith("  ID ")) <= 40


def test_letters_that_take_two_columns_are_counted_as_two(folder: Path) -> None:
    plane = ControlPlane(SQLiteStore(str(folder)))
    Caller(plane).space("映画" * 40)
    plane.close()

    shown = lines(80, "list", "space", "--base-url", f"embedded:{folder}", variables={"NO_COLOR": "1"})

    (row,) = [line for line in shown if "映" in line]
    assert 79 <= len(row) + sum(character > "\u2e80" for character in row) <= 80


@pytest.mark.parametrize(("variables", "bold"), [({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)])
def test_titles_are_bold_where_they_may_be(folder: Path, variables: dict[str, str], bold: bool) -> None:
    ControlPlane(SQLiteStore(str(folder))).close()

    shown = lines(80, "list", "--base-url", f"embedded:{folder}", variables=variables)

    assert (BOLD in shown[0], "\x1b" in "".join(shown)) == (bold, bold)


def test_who_waits_at_a_terminal_is_told_and_the_line_is_cleared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "_PATIENCE_S", 0.05)
    with terminal(80) as (writer, shown), open(os.dup(writer), "w") as errors:  # noqa: PTH123 - a descriptor
        monkeypatch.setattr(sys, "stderr", errors)
        with progress.waiting("waiting for embedded:tama"):
            deadline = time.monotonic() + 10
            while b"waiting" not in b"".join(shown) and time.monotonic() < deadline:
                time.sleep(0.01)
    said = b"".join(shown)
    assert b"waiting for embedded:tama (0 s)" in said
    assert said.endswith(b"\r\x1b[K")


def test_a_passing_line_stays_in_its_line() -> None:
    with terminal(20) as (writer, shown), open(os.dup(writer), "w") as errors:  # noqa: PTH123 - as above
        progress.show("w" * 50, errors)
    assert b"".join(shown) == b"\r\x1b[K" + b"w" * 19


def test_who_does_not_wait_is_told_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    with terminal(80) as (writer, shown), open(os.dup(writer), "w") as errors, pytest.MonkeyPatch.context() as patch:  # noqa: PTH123 - as above
        patch.setattr(sys, "stderr", errors)
        with progress.waiting("waiting"):
            pass
    assert shown == []
    with progress.waiting("waiting"):
        pass
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("arguments", [("--help",), ("call", "--help")])
def test_help_fits_the_terminal_but_for_examples(arguments: tuple[str, ...]) -> None:
    shown = lines(50, *arguments, variables={})

    assert all(len(line) <= 50 for line in shown if not line.startswith(" "))
    assert any(len(line) > 40 for line in shown if not line.startswith(" "))
