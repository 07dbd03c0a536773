"""What is kept between launches is what the code of today makes."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from provider.kept import keep


class Made:
    def __init__(self) -> None:
        self.times = 0

    def __call__(self) -> bytes:
        self.times += 1
        return b"answer %d" % self.times


@pytest.fixture
def code(tmp_path: Path) -> Path:
    folder = tmp_path / "code"
    folder.mkdir()
    (folder / "a.py").write_text("1")
    return folder


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "kept"


def test_it_is_made_once(code: Path, file: Path) -> None:
    made = Made()
    assert [keep(str(file), (str(code),), made) for _ in range(3)] == [b"answer 1"] * 3
    assert (file.stat().st_mode & 0o777, os.listdir(file.parent)) == (0o600, ["code", "kept"])  # noqa: PTH208 - names


@pytest.mark.parametrize("change", ["content", "time", "new", "gone"])
def test_code_that_changed_makes_it_anew(code: Path, file: Path, change: str) -> None:
    made = Made()
    keep(str(file), (str(code),), made)
    module = code / "a.py"
    status = module.stat()
    if change == "content":
        module.write_text("12")
        os.utime(module, ns=(status.st_atime_ns, status.st_mtime_ns))
    elif change == "time":
        os.utime(module, ns=(status.st_atime_ns, status.st_mtime_ns + 1))
    elif change == "new":
        (code / "b.py").touch()
    else:
        module.unlink()
    assert keep(str(file), (str(code),), made) == b"answer 2"
    assert keep(str(file), (str(code),), made) == b"answer 2"


def test_a_damaged_file_is_made_anew(code: Path, file: Path) -> None:
    made = Made()
    keep(str(file), (str(code),), made)
    whole = file.read_bytes()
    for damaged in (b"", whole[:-1], whole + b"x", whole.replace(b"answer", b"anwser"), b"x" + whole, whole[:40]):
        file.write_bytes(damaged)
        times = made.times
        assert keep(str(file), (str(code),), made) == b"answer %d" % (times + 1)


def test_a_folder_that_cannot_be_written_to_costs_a_launch_nothing_else(code: Path, tmp_path: Path) -> None:
    made = Made()
    missing = tmp_path / "missing" / "kept"
    assert [keep(str(missing), (str(code),), made) for _ in range(2)] == [b"answer 1", b"answer 2"]


def test_other_folders_of_code_are_other_code(code: Path, file: Path, tmp_path: Path) -> None:
    made = Made()
    other = tmp_path / "other"
    code.rename(other)
    keep(str(file), (str(other),), made)
    other.rename(code)
    assert keep(str(file), (str(code),), made) == b"answer 2"
