from pathlib import Path
from typing import Any

import pytest

from benchmarks.service import kinto
from benchmarks.service.main import KINTO_GET, KINTO_PUT, NAMES
from tools import packages
from tools.lock import PROJECT, TOOLS


def test_kinto_is_installed_once_from_its_lock_into_an_environment_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[tuple[str, ...]] = []

    def install(*arguments: str, **_: Any) -> None:
        calls.append(arguments)

    monkeypatch.setattr(kinto, "FOLDER", tmp_path)
    monkeypatch.setattr(packages, "uv", install)
    command = kinto.install()
    assert kinto.install() == command
    (arguments,) = calls
    python = command.parent / "python"
    assert python.exists()
    assert arguments == (
        *("install", "--python", str(python)),
        *("--require-hashes", "--requirement", str(packages.LOCKS / "kinto.lock")),
    )


def test_an_installation_that_failed_is_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tries: list[str] = []

    def fail_once(*arguments: str, **_: Any) -> None:
        tries.append(arguments[0])
        if len(tries) == 1:
            raise OSError("no network")

    monkeypatch.setattr(kinto, "FOLDER", tmp_path)
    monkeypatch.setattr(packages, "uv", fail_once)
    with pytest.raises(OSError, match="no network"):
        kinto.install()
    kinto.install()
    assert len(tries) == 2


def test_the_locks_of_the_product_know_nothing_of_kinto() -> None:
    assert TOOLS["kinto"].replace("[postgresql]", "") in (packages.LOCKS / "kinto.lock").read_text("utf-8")
    for lock in PROJECT:
        assert "kinto" not in (packages.LOCKS / f"{lock}.lock").read_text("utf-8")
    assert {KINTO_GET, KINTO_PUT} < set(NAMES)
