"""The Makefile and what finds Python for it."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tools import environment
from tools.environment import ROOT

INTERNAL = {"packages", "tools"}
FIND = ROOT / "tools" / "find_python.sh"


def make(*arguments: str) -> str:
    variables = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MAKELEVEL")}
    return subprocess.run(
        ["make", *arguments], cwd=ROOT, env=variables, capture_output=True, text=True, check=True
    ).stdout


def test_make_alone_is_make_help_with_one_line_a_target() -> None:
    text = make()
    assert text == make("help")
    (declared,) = re.findall(r"^\.PHONY: (.*)", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    assert set(re.findall(r"^make ([\w-]+)", text, re.MULTILINE)) == set(declared.split()) - INTERNAL
    assert max(map(len, text.splitlines())) <= 120


def test_continuous_integration_runs_make_test_and_nothing_else() -> None:
    lines = (ROOT / ".ci" / "run").read_text("utf-8").splitlines()
    assert lines[0] == "#!/usr/bin/env bash"
    assert len(lines) == 2
    assert lines[1].endswith("&& exec make test")
    assert os.access(ROOT / ".ci" / "run", os.X_OK)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    folder = tmp_path / "path"
    folder.mkdir()
    return folder


def fake(path: Path, name: str, *, version: tuple[int, int] = (3, 11), has_ensurepip: bool = True) -> None:
    """Put a Python on PATH that believes to have a version, and names itself when asked where it is."""
    hide = "" if has_ensurepip else "sys.modules['ensurepip'] = None; "
    program = path / name
    program.write_text(
        f'#!/bin/sh\ncase "$3" in *realpath*) echo {name}; exit;; esac\n'
        f'exec {sys.executable} -I -c "import sys; sys.version_info = {version}; {hide}$3"\n'
    )
    program.chmod(0o755)


def find(path: Path, **variables: str) -> "subprocess.CompletedProcess[str]":
    shell = shutil.which("sh")
    assert shell
    return subprocess.run(
        [shell, FIND], cwd=path.parent, env={"PATH": str(path)} | variables, capture_output=True, text=True, check=False
    )


def test_the_first_python_that_is_new_enough_and_whole_is_taken(path: Path) -> None:
    fake(path, "python3", version=(3, 9))
    fake(path, "python3.13", has_ensurepip=False)
    fake(path, "python3.12")
    fake(path, "python3.11")
    assert find(path).stdout == "python3.12\n"


def test_one_that_cannot_make_environments_is_better_than_none(path: Path) -> None:
    fake(path, "python3.11", has_ensurepip=False)
    assert find(path).stdout == "python3.11\n"


@pytest.mark.parametrize("others", [(), ("python3", "python3.10")])
def test_without_a_python_it_says_so_in_a_sentence(path: Path, others: tuple[str, ...]) -> None:
    for name in others:
        fake(path, name, version=(3, 10))
    result = find(path)
    assert (result.returncode, result.stdout) == (1, "")
    assert "no Python 3.11 or newer" in result.stderr
    assert result.stderr.count("\n") == 1


def test_a_named_python_wins_and_must_be_one(path: Path) -> None:
    fake(path, "python3")
    fake(path, "other")
    assert find(path, PYTHON=str(path / "other")).stdout == "other\n"
    wrong = find(path, PYTHON="/nowhere")
    assert (wrong.returncode, wrong.stdout) == (1, "")
    assert "PYTHON=/nowhere" in wrong.stderr


def test_the_python_that_has_made_the_environment_is_kept(path: Path) -> None:
    fake(path, "python3")
    fake(path, "python3.12")
    stamp = path.parent / ".venv" / "stamps" / "environment"
    stamp.parent.mkdir(parents=True)
    stamp.write_text(f"{path}/python3.12\n3.12.1\n/somewhere\n")
    assert find(path).stdout == "python3.12\n"
    stamp.write_text("/gone/python3.13\n")
    assert find(path).stdout == "python3\n"


def test_the_path_that_is_printed_is_the_interpreters_own(path: Path) -> None:
    (path / "python3").symlink_to(sys.executable)
    assert find(path).stdout == f"{environment.base_interpreter()}\n"


def test_make_hands_purge_to_down_as_it_is(tmp_path: Path) -> None:
    shutil.copy(ROOT / "Makefile", tmp_path)
    for name in ("hosting", "tools"):
        shutil.copytree(ROOT / name, tmp_path / name)
    variables = {name: value for name, value in os.environ.items() if name not in ("MAKEFLAGS", "MAKELEVEL")}
    result = subprocess.run(
        ["make", "down", "PURGE=0"],
        cwd=tmp_path,
        env=variables | {"HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 2
    assert "PURGE=0 is not known, so nothing was done." in result.stderr
