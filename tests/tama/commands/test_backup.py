"""`tama backup`."""

from __future__ import annotations

import os
import stat
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.served_control_plane import served
from tests.tama.commands.support import tama

SPACES = "/provision/neural/spaces"


def test_a_backup_of_a_served_control_plane_is_one_private_file_that_can_be_served(tmp_path: Path) -> None:
    store, copy = tmp_path / "plane.db", tmp_path / "backup.db"
    before = os.umask(0)
    try:
        with served(store) as plane, closing(plane.connect()) as client:
            made = client.request("POST", SPACES, {"space": {"name": "Movies", "type": "root"}})
            ran = tama("backup", str(copy), f"--store=sqlite:{store}")
            assert (ran.returncode, ran.stdout) == (0, f"backed up to {copy}\n".encode()), ran.stderr
            client.request("DELETE", f"{SPACES}/{made['id']}")
    finally:
        os.umask(before)
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert [file.name for file in tmp_path.glob("*backup*")] == [copy.name]
    with served(copy) as plane, closing(plane.connect()) as client:
        assert client.request("GET", f"{SPACES}/movies") == made


def test_a_file_that_is_there_is_replaced_only_when_that_is_said(tmp_path: Path) -> None:
    store, copy = tmp_path / "plane.db", tmp_path / "backup.db"
    tama("clients", "add", f"--store=sqlite:{store}")
    copy.write_text("mine")
    ran = tama("backup", str(copy), f"--store=sqlite:{store}")
    assert (ran.returncode, copy.read_text()) == (1, "mine")
    assert b"is there already. Name another file, or say --force to replace it." in ran.stderr
    ran = tama("backup", "--force", str(store), f"--store=sqlite:{store}")
    assert (ran.returncode, b"is the file that is to be copied" in ran.stderr) == (1, True)
    assert tama("backup", "--force", str(copy), f"--store=sqlite:{store}").returncode == 0
    assert tama("clients", "list", f"--store=sqlite:{copy}").stdout == (
        tama("clients", "list", f"--store=sqlite:{store}").stdout
    )


@pytest.mark.parametrize(
    ("target", "store", "said"),
    [
        ("c.db", "sqlite:{}/none.db", "none.db does not exist."),
        ("none/c.db", "sqlite:{}/plane.db", "c.db cannot be used: No such file or directory."),
        ("c.db", "sqlite:{}/other", "cannot be used"),
    ],
)
def test_what_cannot_be_copied_is_a_sentence(tmp_path: Path, target: str, store: str, said: str) -> None:
    tama("clients", "add", f"--store=sqlite:{tmp_path}/plane.db")
    (tmp_path / "other").write_text("not a database, and long enough to be one" * 100)
    ran = tama("backup", str(tmp_path / target), "--store", store.format(tmp_path))
    assert (ran.returncode, ran.stdout) == (1, b"")
    assert said in ran.stderr.decode()
    assert not (tmp_path / target).exists()
